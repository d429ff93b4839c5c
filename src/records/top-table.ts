import type { DeviceDescription } from '../ir/limits.ts';
import type { Workload } from '../operators/workload.ts';
import type { LogFault } from './log-fault.ts';
import type { TuningRecord } from './record.ts';
import { scheduleKey } from './schedule-key.ts';
import { type Skim, wholeRecord } from './skim.ts';

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
}

/** The `keep` fastest verified records of every workload on every device, each of another schedule. */
export interface TopTable<Held> {
  /** Takes a record in; what would enter is read whole before it does, and a fault says that it was not a record after all. */
  add(skim: Skim, file: string, line: number): LogFault | null;
  /** Workloads and devices in the order of their first records, fastest first within. */
  entries(): readonly (readonly TopEntry<Held>[])[];
}

export function createTopTable<Held>(
  keep: number,
  hold: (record: TuningRecord) => Held,
  counts: (skim: Skim) => boolean = (skim) => skim.verified,
): TopTable<Held> {
  const cells = new Map<string, TopEntry<Held>[]>();
  return {
    add: (skim, file, line) => {
      if (!counts(skim) || skim.medianNs === null) return null;
      const cell = `${skim.workloadKey} ${skim.deviceKey}`;
      const held = cells.get(cell) ?? [];
      const last = held[keep - 1];
      if (last !== undefined && !beats(skim as { readonly medianNs: number } & Skim, last)) return null;
      const record = wholeRecord(skim);
      if ('severity' in record) return record;
      const { workload, workloadKey, device, deviceKey, medianNs, id, startedAt } = skim;
      const schedule = scheduleKey(record.trace);
      const entry: TopEntry<Held> = {
        ...{ workload, workloadKey, device, deviceKey, medianNs, id, startedAt },
        ...{ schedule, held: hold(record), file, line },
      };
      const same = held.findIndex((other) => other.schedule === schedule);
      if (same !== -1) {
        if (!beats(entry, held[same] as TopEntry<Held>)) return null;
        held.splice(same, 1);
      }
      const place = held.findIndex((other) => beats(entry, other));
      held.splice(place === -1 ? held.length : place, 0, entry);
      held.length = Math.min(held.length, keep);
      cells.set(cell, held);
      return null;
    },
    entries: () => [...cells.values()],
  };
}

type Timed = Pick<TopEntry<unknown>, 'medianNs' | 'startedAt' | 'id'>;

/** Faster; of equal times the earlier trial, so that the answer does not depend on the order of reading. */
export function beats(a: Timed, b: Timed): boolean {
  if (a.medianNs !== b.medianNs) return a.medianNs < b.medianNs;
  return a.startedAt !== b.startedAt ? a.startedAt < b.startedAt : a.id < b.id;
}
