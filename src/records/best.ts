import type { DeviceDescription } from '../ir/limits.ts';
import { type Workload, workloadKey } from '../operators/workload.ts';
import { deviceKey, distanceBetween, type Kinship, kinshipOf } from './device-key.ts';
import { beats, createBestKeeper } from './faster.ts';
import { isVerified, type TuningRecord, type VerifiedRecord } from './record.ts';
import { type Against, createStanding, type RecordPlace, type Standing } from './standing.ts';

/** The best record there is for a workload, and whose it is: never another machine's time in disguise. */
export interface BestOf {
  readonly record: VerifiedRecord;
  readonly whose: Kinship;
}

/** A verified record with its place in the logs and what speaks against it. */
export interface Ranked extends BestOf {
  readonly place: RecordPlace | null;
  /** Why it does not count, or counts only where there is no other. */
  readonly against: Against | null;
}

/** The verified records of every workload on every device seen, to be ranked. Holds all that is added: callers add no workload they do not need. */
export interface BestTable {
  /**
   * Takes in a record, and what it says of another one; true when it became the best of its workload and device. Records that are not
   * verified do not count.
   */
  add(record: TuningRecord, place?: RecordPlace): boolean;
  /**
   * The nearest device's best: of this device if there is one, else of this hardware with another driver, else of its architecture, else of
   * any other, preferring there devices of the same type and backend. Among equally near devices the fastest. Null when nothing was ever
   * verified. A doubted record is taken only where there is no other of any device.
   */
  lookup(workload: Workload, device: DeviceDescription): BestOf | null;
  /** The best of every device for a workload, nearest to `device` first and fastest first among equals; see createBestKeeper. */
  everyDevice(workload: Workload, device: DeviceDescription): readonly BestOf[];
  /** What speaks against a record, by all that was added so far. */
  against(record: TuningRecord): Against | null;
  /** Every verified record of a workload, nearest device first, each device's best first and then its fastest, with what speaks against it. */
  ranked(workload: Workload, device: DeviceDescription): readonly Ranked[];
}

interface Entry {
  readonly record: BestOf['record'];
  readonly place: RecordPlace | null;
}

/** The records of one workload on one device. */
interface Cell {
  readonly entries: Entry[];
  /** The entry that was the best when it was added. */
  best: Entry | null;
}

export function createBestTable(standing: Standing = createStanding()): BestTable {
  const table = new Map<string, Map<string, Cell>>();
  // Logs repeat the same few workloads and devices: hashing each once is what makes a big log quick to fold.
  const keyOfWorkload = memoize(workloadKey);
  const keyOfDevice = memoize(deviceKey);

  /** The entries of one device in their order, those that do not count too. */
  const rankedOf = (entries: readonly Entry[], device: DeviceDescription): readonly Ranked[] => {
    const [first] = entries as readonly [Entry];
    const whose = kinshipOf(device, first.record.device);
    const all = entries.map(({ record, place }) => ({ record, whose, place, against: standing.against(record) }));
    const keeper = createBestKeeper<BestOf['record']>();
    for (const { record, against } of all) if (against === null) keeper.add(record);
    const best = keeper.best();
    const sorted = all.sort((a, b) => (beats(a.record, b.record) ? -1 : 1));
    const sound = sorted.findIndex(({ against }) => against === null);
    // Faster records with something against them stay before the best, so that whoever asks is told what was passed over.
    return sound < 0
      ? sorted
      : [
          ...sorted.slice(0, sound),
          ...sorted.filter(({ record }) => record === best),
          ...sorted.slice(sound).filter(({ record }) => record !== best),
        ];
  };
  const byDevice = (workload: Workload, device: DeviceDescription): readonly (readonly Ranked[])[] =>
    [...(table.get(workloadKey(workload))?.values() ?? [])]
      .map(({ entries }) => ({
        ranked: rankedOf(entries, device),
        distance: distanceBetween(device, deviceOf(entries)),
      }))
      .sort((a, b) => a.distance - b.distance || compareBests(a.ranked, b.ranked))
      .map(({ ranked }) => ranked);
  const everyDevice: BestTable['everyDevice'] = (workload, device) =>
    byDevice(workload, device)
      .map(bestAmong)
      .filter((best) => best !== null)
      .map(({ record, whose }) => ({ record, whose }));

  return {
    add: (record, place) => {
      standing.note(record, place);
      if (!isVerified(record)) return false;
      const workload = keyOfWorkload(record.workload);
      const device = keyOfDevice(record.device);
      const devices = table.get(workload) ?? new Map<string, Cell>();
      table.set(workload, devices);
      const cell: Cell = devices.get(device) ?? { entries: [], best: null };
      devices.set(device, cell);
      const entry = { record, place: place ?? null };
      cell.entries.push(entry);
      if (cell.best !== null && !isAhead(record, cell.best.record)) return false;
      const counts = standing.against(record)?.kind !== 'refuted';
      if (counts) cell.best = entry;
      return counts;
    },
    lookup: (workload, device) => {
      const found = bestAmong(byDevice(workload, device).flat());
      return found === null ? null : { record: found.record, whose: found.whose };
    },
    everyDevice,
    against: (record) => standing.against(record),
    ranked: (workload, device) => byDevice(workload, device).flat(),
  };

  /** A record that nothing speaks against comes before a doubted one, and that before a refuted one; among equals the faster. */
  function isAhead(record: BestOf['record'], other: BestOf['record']): boolean {
    const [one, two] = [standing.against(record), standing.against(other)];
    if (one?.kind !== two?.kind) return rankOf(one) < rankOf(two);
    const keeper = createBestKeeper<BestOf['record']>();
    for (const met of [other, record]) keeper.add(met);
    return keeper.best() === record;
  }
}

function rankOf(against: Against | null): number {
  return against === null ? 0 : against.kind === 'doubted' ? 1 : 2;
}

/** The first record that nothing speaks against, else the first that is only doubted. */
function bestAmong(ranked: readonly Ranked[]): Ranked | null {
  const sound = ranked.find(({ against }) => against === null);
  return sound ?? ranked.find(({ against }) => against?.kind === 'doubted') ?? null;
}

function deviceOf([first]: readonly Entry[]): DeviceDescription {
  return (first as Entry).record.device;
}

function compareBests(a: readonly Ranked[], b: readonly Ranked[]): number {
  const [one, two] = [bestAmong(a), bestAmong(b)];
  if (one === null || two === null) return one === two ? 0 : one === null ? 1 : -1;
  return beats(one.record, two.record) ? -1 : 1;
}

/** The best record among some; see BestTable.lookup. */
export function bestOf(records: Iterable<TuningRecord>, workload: Workload, device: DeviceDescription): BestOf | null {
  const table = createBestTable();
  for (const record of records) table.add(record);
  return table.lookup(workload, device);
}

function memoize<T extends object>(key: (value: T) => string): (value: T) => string {
  const known = new Map<string, string>();
  return (value) => {
    const text = JSON.stringify(value);
    const held = known.get(text);
    if (held !== undefined) return held;
    const made = key(value);
    known.set(text, made);
    return made;
  };
}
