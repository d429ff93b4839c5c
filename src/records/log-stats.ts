import type { DeviceDescription } from '../ir/limits.ts';
import type { Workload } from '../operators/workload.ts';
import { type BestKeeper, createBestKeeper, pickNaive, type Timed } from './faster.ts';
import type { Outcome } from './outcome.ts';
import { timeOf } from './relative-time.ts';
import { cellOf, type Skim } from './skim.ts';
import { createStanding, type Standing } from './standing.ts';

export type OutcomeCounts = Readonly<Partial<Record<Outcome, number>>>;

/** Counts of some records. */
export interface Tally {
  readonly records: number;
  /** How many of them are verified, see isVerified. */
  readonly verified: number;
  readonly outcomes: OutcomeCounts;
  /** When the earliest and the latest trial began. */
  readonly first: string;
  readonly last: string;
}

/** Counts of one workload on one device; times in nanoseconds, null where no verified record is left unrefuted. */
export interface CellStats extends Tally {
  readonly workload: Workload;
  readonly device: DeviceDescription;
  readonly workloadKey: string;
  readonly deviceKey: string;
  readonly bestNs: number | null;
  readonly naiveNs: number | null;
}

export interface WorkloadStats extends Tally {
  readonly workload: Workload;
  readonly workloadKey: string;
  readonly devices: number;
}

export interface DeviceStats extends Tally {
  readonly device: DeviceDescription;
  readonly deviceKey: string;
  readonly workloads: number;
}

export interface LogStats {
  readonly all: Tally | null;
  readonly workloads: readonly WorkloadStats[];
  readonly devices: readonly DeviceStats[];
  readonly cells: readonly CellStats[];
}

export interface StatsFold {
  add(skim: Skim): void;
  /** Each list with the most records first. */
  result(): LogStats;
}

/** The needed fields and not the skim itself, which would hold on to its line. */
interface Cell extends Pick<Skim, 'workload' | 'workloadKey' | 'device' | 'deviceKey'> {
  readonly outcomes: Partial<Record<Outcome, number>>;
  records: number;
  verified: number;
  first: string;
  last: string;
  readonly best: BestKeeper<Timed>;
  /** The fastest of those whose times are doubted: the best only where there is no other. */
  doubtedNs: number | null;
  naive: Timed | null;
}

/** Counts records by workload, device and outcome; holds one cell for each workload on each device, however many records there are. */
export function createStats(standing: Standing = createStanding()): StatsFold {
  const byWorkload = new Map<string, Map<string, Cell>>();
  const cells: Cell[] = [];
  return {
    add: (skim) => {
      // Two maps and not one by both keys, which would have to be joined anew for every record.
      const byDevice = byWorkload.get(skim.workloadKey) ?? new Map<string, Cell>();
      let cell = byDevice.get(skim.deviceKey);
      if (cell === undefined) {
        const { startedAt, workload, workloadKey, device, deviceKey } = skim;
        cell = {
          ...{ workload, workloadKey, device, deviceKey, outcomes: {}, records: 0, verified: 0 },
          ...{ first: startedAt, last: startedAt, best: createBestKeeper(), doubtedNs: null, naive: null },
        };
        byWorkload.set(skim.workloadKey, byDevice.set(skim.deviceKey, cell));
        cells.push(cell);
      }
      cell.records += 1;
      cell.outcomes[skim.outcome] = (cell.outcomes[skim.outcome] ?? 0) + 1;
      if (skim.startedAt < cell.first) cell.first = skim.startedAt;
      if (skim.startedAt > cell.last) cell.last = skim.startedAt;
      if (!skim.verified) return;
      cell.verified += 1;
      const against = standing.against(skim);
      if (against?.kind === 'refuted') return;
      if (against !== null) {
        cell.doubtedNs = lesser(cell.doubtedNs, timeOf(skim));
        return;
      }
      if (skim.medianNs === null) return;
      const { medianNs, relative, race, startedAt, id } = skim;
      const timed: Timed = { medianNs, relative, race, startedAt, id };
      if (cell.best.wants(timed)) cell.best.add(timed);
      if (skim.origin === 'baseline') cell.naive = pickNaive(cell.naive, timed);
    },
    result: () => {
      const all = cells;
      return {
        all: all.length === 0 ? null : tallyOf(all),
        workloads: groups(all, (cell) => cell.workloadKey).map(([{ workload, workloadKey }, group]) => ({
          workload,
          workloadKey,
          devices: group.length,
          ...tallyOf(group),
        })),
        devices: groups(all, (cell) => cell.deviceKey).map(([{ device, deviceKey }, group]) => ({
          device,
          deviceKey,
          workloads: group.length,
          ...tallyOf(group),
        })),
        cells: groups(all, cellOf).map(([cell, group]) => ({
          workload: cell.workload,
          workloadKey: cell.workloadKey,
          device: cell.device,
          deviceKey: cell.deviceKey,
          ...tallyOf(group),
          bestNs: timeOrNull(cell.best.best()) ?? cell.doubtedNs,
          naiveNs: timeOrNull(cell.naive),
        })),
      };
    },
  };
}

function groups(cells: readonly Cell[], keyOf: (cell: Cell) => string): (readonly [Cell, readonly Cell[]])[] {
  const byKey = new Map<string, Cell[]>();
  for (const cell of cells) {
    const group = byKey.get(keyOf(cell));
    if (group === undefined) byKey.set(keyOf(cell), [cell]);
    else group.push(cell);
  }
  const size = (group: readonly Cell[]): number => group.reduce((sum, { records }) => sum + records, 0);
  return [...byKey.values()].sort((a, b) => size(b) - size(a)).map((group) => [group[0] as Cell, group] as const);
}

function tallyOf(cells: readonly Cell[]): Tally {
  const outcomes: Partial<Record<Outcome, number>> = {};
  for (const cell of cells)
    for (const [outcome, count] of Object.entries(cell.outcomes) as [Outcome, number][])
      outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
  const [one] = cells as readonly [Cell];
  return {
    records: cells.reduce((sum, cell) => sum + cell.records, 0),
    verified: cells.reduce((sum, cell) => sum + cell.verified, 0),
    outcomes,
    first: cells.reduce((first, cell) => (cell.first < first ? cell.first : first), one.first),
    last: cells.reduce((last, cell) => (cell.last > last ? cell.last : last), one.last),
  };
}

function timeOrNull(timed: Timed | null): number | null {
  return timed === null ? null : timeOf(timed);
}

function lesser(held: number | null, next: number | null): number | null {
  return held === null || (next !== null && next < held) ? next : held;
}
