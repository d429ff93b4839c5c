import type { DeviceDescription } from '../ir/limits.ts';
import type { Workload } from '../operators/workload.ts';
import { type BestKeeper, beats, createBestKeeper, type Timed } from './faster.ts';
import type { LogFault } from './log-fault.ts';
import type { TuningRecord } from './record.ts';
import { scheduleKey } from './schedule-key.ts';
import { cellOf, type Skim, wholeRecord } from './skim.ts';
import { createStanding, type Standing } from './standing.ts';

/** A record among the fastest of its workload and device, and where it stands. */
export interface TopEntry<Held> {
  readonly workload: Workload;
  readonly workloadKey: string;
  readonly device: DeviceDescription;
  readonly deviceKey: string;
  readonly medianNs: number;
  readonly relative: TuningRecord['relative'];
  readonly race: TuningRecord['race'];
  readonly id: string;
  readonly startedAt: string;
  readonly schedule: string;
  /** What the table was asked to hold of the record. */
  readonly held: Held;
  readonly file: string;
  readonly line: number;
  /** Why its time is doubted, where it stands here for want of any other; else null. */
  readonly doubt: string | null;
}

/** A verified record that stands behind slower ones because something speaks against it. */
export interface PassedOverEntry extends Pick<TopEntry<unknown>, 'id' | 'medianNs' | 'file' | 'line'> {
  readonly why: string;
}

/**
 * The `keep` best verified records of every workload on every device, each of another schedule. Refuted records are not among them; doubted
 * ones come after all others.
 */
export interface TopTable<Held> {
  /** Takes a record in; one that would enter is read whole before, and a fault says that it was no record after all. */
  add(skim: Skim, file: string, line: number): LogFault | null;
  /** Workloads and devices in the order of their first records; within each, the best first (see createBestKeeper), then the fastest. */
  entries(): readonly (readonly TopEntry<Held>[])[];
  /** Records that would be the first of their workload and device if nothing spoke against them; the first hundred that were met. */
  passedOver(): readonly PassedOverEntry[];
}

/** A stranger's log may be full of records to pass over. */
const mostPassedOver = 100;

export function createTopTable<Held>(
  keep: number,
  hold: (record: TuningRecord) => Held,
  standing: Standing = createStanding(),
  counts: (skim: Skim) => boolean = (skim) => skim.verified,
): TopTable<Held> {
  const cells = new Map<string, Cell<Held>>();
  const suspect: { readonly cell: string; readonly record: PassedOverEntry }[] = [];
  return {
    add: (skim, file, line) => {
      if (!counts(skim) || skim.medianNs === null) return null;
      const cell = cellOf(skim);
      const { entries: held, best } = cells.get(cell) ?? { entries: [], best: createBestKeeper<TopEntry<Held>>() };
      const last = held[keep - 1];
      const { workload, workloadKey, device, deviceKey, medianNs, relative, race, id, startedAt } = skim;
      const met = { medianNs, relative, race, id, startedAt };
      const isFast = last === undefined || comesBefore({ ...met, doubt: null }, last);
      if (!isFast && !(standing.mayLead(met, cell) && best.wants(met))) return null;
      const record = wholeRecord(skim);
      if ('severity' in record) return record;
      const against = standing.against(record);
      if (against !== null && suspect.length < mostPassedOver)
        suspect.push({ cell, record: { id, medianNs, file, line, why: `${against.kind}: ${against.why}` } });
      if (against?.kind === 'refuted') return null;
      const entry: TopEntry<Held> = {
        ...{ workload, workloadKey, device, deviceKey, medianNs, relative, race, id, startedAt },
        ...{ schedule: scheduleKey(record.trace), held: hold(record), file, line, doubt: against?.why ?? null },
      };
      if (against === null) best.add(entry);
      cells.set(cell, { entries: entered(held, entry, keep), best });
      return null;
    },
    entries: () => [...cells.values()].map((cell) => bestFirst(cell, keep)),
    passedOver: () =>
      suspect
        .filter(({ cell, record }) => {
          const found = cells.get(cell);
          const first = found === undefined ? undefined : bestFirst(found, keep)[0];
          return first === undefined || (record.id !== first.id && record.medianNs <= first.medianNs);
        })
        .map(({ record }) => record),
  };
}

interface Cell<Held> {
  /** Fastest first. */
  readonly entries: readonly TopEntry<Held>[];
  readonly best: BestKeeper<TopEntry<Held>>;
}

function bestFirst<Held>({ entries, best: keeper }: Cell<Held>, keep: number): readonly TopEntry<Held>[] {
  const best = keeper.best();
  if (best === null) return entries;
  return [best, ...entries.filter(({ schedule }) => schedule !== best.schedule)].slice(0, keep);
}

/** The held entries with one more, each of another schedule. */
function entered<Held>(
  held: readonly TopEntry<Held>[],
  entry: TopEntry<Held>,
  keep: number,
): readonly TopEntry<Held>[] {
  const same = held.find((other) => other.schedule === entry.schedule);
  if (same !== undefined && !comesBefore(entry, same)) return held;
  const others = held.filter((other) => other !== same);
  const place = others.findIndex((other) => comesBefore(entry, other));
  others.splice(place === -1 ? others.length : place, 0, entry);
  return others.slice(0, keep);
}

function comesBefore(
  a: Timed & { readonly doubt: string | null },
  b: Timed & { readonly doubt: string | null },
): boolean {
  return (a.doubt === null) === (b.doubt === null) ? beats(a, b) : a.doubt === null;
}
