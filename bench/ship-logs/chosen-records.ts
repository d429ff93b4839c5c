import { createBestKeeper } from '../../src/records/faster.ts';
import { isVerified, type TuningRecord, type VerifiedRecord } from '../../src/records/record.ts';
import { timeOf } from '../../src/records/relative-time.ts';
import { scheduleKey } from '../../src/records/schedule-key.ts';
import { createStanding } from '../../src/records/standing.ts';

export interface Choice {
  /** How many of the fastest are kept, and how many of the others, spread over the range of their times. */
  readonly top: number;
  readonly spread: number;
}

/**
 * The records of one workload on one device that are worth shipping, the best first: one of each schedule, the fastest of them, others spread
 * evenly over the logarithm of their times, and that of the naive schedule. None that is not verified, or that another record refutes or doubts.
 */
export function chosenRecords(records: readonly TuningRecord[], { top, spread }: Choice): readonly VerifiedRecord[] {
  const standing = createStanding();
  for (const record of records) standing.note(record);
  const sound = records.filter(isVerified).filter((record) => standing.against(record) === null);
  const sorted = bestOfEachSchedule(sound).sort((a, b) => timeOf(a) - timeOf(b));
  const keeper = createBestKeeper<VerifiedRecord>();
  for (const record of sound) keeper.add(record);
  const best = keeper.best();
  if (best === null) return [];
  const naive = sorted.find(({ origin }) => origin === 'baseline');
  const isOther = (record: VerifiedRecord): boolean => keyOf(record) !== keyOf(best) && record !== naive;
  const others = sorted.filter(isOther);
  const chosen = [best, ...others.slice(0, top - 1), ...spreadOver(others.slice(top - 1), spread)];
  return naive === undefined || keyOf(naive) === keyOf(best) ? chosen : [...chosen, naive];
}

/** So many of the records, sorted by time, that lie nearest to even steps of the logarithm of time. */
function spreadOver(sorted: readonly VerifiedRecord[], count: number): readonly VerifiedRecord[] {
  if (sorted.length <= count) return sorted;
  const left = [...sorted];
  const [low, high] = [left[0], left.at(-1)].map((record) => Math.log(timeOf(record as VerifiedRecord))) as [
    number,
    number,
  ];
  const taken: VerifiedRecord[] = [];
  for (let step = 0; step < count; step++) {
    const wanted = low + ((high - low) * step) / Math.max(1, count - 1);
    const distances = left.map((record) => Math.abs(Math.log(timeOf(record)) - wanted));
    const nearest = distances.indexOf(Math.min(...distances));
    taken.push(...left.splice(nearest, 1));
  }
  return taken.sort((a, b) => timeOf(a) - timeOf(b));
}

/** Of each schedule the record of the latest race it was in, else its fastest: a race is the better measurement. */
function bestOfEachSchedule(records: readonly VerifiedRecord[]): VerifiedRecord[] {
  const held = new Map<string, VerifiedRecord>();
  for (const record of records) {
    const key = keyOf(record);
    const other = held.get(key);
    if (other === undefined || isBetter(record, other)) held.set(key, record);
  }
  return [...held.values()];
}

function isBetter(record: VerifiedRecord, other: VerifiedRecord): boolean {
  if ((record.race === null) !== (other.race === null)) return record.race !== null;
  return record.race === null ? timeOf(record) < timeOf(other) : record.startedAt > other.startedAt;
}

function keyOf({ trace }: TuningRecord): string {
  return scheduleKey(trace);
}
