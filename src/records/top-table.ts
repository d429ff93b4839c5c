import type { DeviceDescription } from '../ir/limits.ts';
import type { Workload } from '../operators/workload.ts';
import type { LogFault } from './log-fault.ts';
import type { TuningRecord } from './record.ts';
import { scheduleKey } from './schedule-key.ts';
import { type Skim, wholeRecord } from './skim.ts';
import { createStanding, type Standing } from './standing.ts';

/** A record among the fastest of its workload and device, and where it stands. */
export interface TopEntry<Held> {
  readonly workload: Workload;
  readonly workloadKey: string;
  readonly device: DeviceDescription;
  readonly deviceKey: string;
  readonly medianNs: number;
  readonly id: string;
  readonly startedAt: string;
  readonly schedule: string;
  /** What the table was asked to hold of the record. */
  readonly held: Held;
  readonly file: string;
  readonly line: number;
  /** Why its time cannot be, where it stands here for want of any other; else null. */
  readonly doubt: string | null;
}

/** A verified record that stands behind slower ones because something speaks against it. */
export interface PassedOver extends Pick<TopEntry<unknown>, 'id' | 'medianNs' | 'file' | 'line'> {
  readonly why: string;
}

/**
 * The `keep` fastest verified records of every workload on every device, each of another schedule. What another record refutes is not among them;
 * what is doubted comes after everything that is not.
 */
export interface TopTable<Held> {
  /** Takes a record in; what would enter is read whole before it does, and a fault says that it was not a record after all. */
  add(skim: Skim, file: string, line: number): LogFault | null;
  /** Workloads and devices in the order of their first records, fastest first within. */
  entries(): readonly (readonly TopEntry<Held>[])[];
  /** Records that would be the first of their workload and device if nothing spoke against them; the first hundred that were met. */
  passedOver(): readonly PassedOver[];
}

/** A stranger's log may be full of them. */
const mostPassedOver = 100;

export function createTopTable<Held>(
  keep: number,
  hold: (record: TuningRecord) => Held,
  standing: Standing = createStanding(),
  counts: (skim: Skim) => boolean = (skim) => skim.verified,
): TopTable<Held> {
  const cells = new Map<string, TopEntry<Held>[]>();
  const suspect: { readonly cell: string; readonly record: PassedOver }[] = [];
  return {
    add: (skim, file, line) => {
      if (!counts(skim) || skim.medianNs === null) return null;
      const cell = `${skim.workloadKey} ${skim.deviceKey}`;
      const held = cells.get(cell) ?? [];
      const last = held[keep - 1];
      const { workload, workloadKey, device, deviceKey, medianNs, id, startedAt } = skim;
      const met = { medianNs, id, startedAt };
      if (last !== undefined && !comesBefore({ ...met, doubt: null }, last)) return null;
      const record = wholeRecord(skim);
      if ('severity' in record) return record;
      const against = standing.against(record);
      if (against !== null && suspect.length < mostPassedOver)
        suspect.push({ cell, record: { id, medianNs, file, line, why: `${against.kind}: ${against.why}` } });
      if (against?.kind === 'refuted') return null;
      const entry: TopEntry<Held> = {
        ...{ workload, workloadKey, device, deviceKey, medianNs, id, startedAt },
        ...{ schedule: scheduleKey(record.trace), held: hold(record), file, line, doubt: against?.why ?? null },
      };
      const same = held.findIndex((other) => other.schedule === entry.schedule);
      if (same !== -1) {
        if (!comesBefore(entry, held[same] as TopEntry<Held>)) return null;
        held.splice(same, 1);
      }
      const place = held.findIndex((other) => comesBefore(entry, other));
      held.splice(place === -1 ? held.length : place, 0, entry);
      held.length = Math.min(held.length, keep);
      cells.set(cell, held);
      return null;
    },
    entries: () => [...cells.values()],
    passedOver: () =>
      suspect
        .filter(({ cell, record }) => {
          const first = cells.get(cell)?.[0];
          return first === undefined || (record.id !== first.id && record.medianNs <= first.medianNs);
        })
        .map(({ record }) => record),
  };
}

function comesBefore(
  a: Timed & { readonly doubt: string | null },
  b: Timed & { readonly doubt: string | null },
): boolean {
  return (a.doubt === null) === (b.doubt === null) ? beats(a, b) : a.doubt === null;
}

type Timed = Pick<TopEntry<unknown>, 'medianNs' | 'startedAt' | 'id'>;

/** Faster; of equal times the earlier trial, so that the answer does not depend on the order of reading. */
export function beats(a: Timed, b: Timed): boolean {
  if (a.medianNs !== b.medianNs) return a.medianNs < b.medianNs;
  return a.startedAt !== b.startedAt ? a.startedAt < b.startedAt : a.id < b.id;
}
