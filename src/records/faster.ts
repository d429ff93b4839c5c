import type { TuningRecord } from './record.ts';
import { timeOf } from './relative-time.ts';

/** What decides which of two verified records is the faster. */
export type Timed = Pick<TuningRecord, 'relative' | 'race' | 'startedAt' | 'id'> & { readonly medianNs: number };

/**
 * Whether `a` is faster than `b`, on one device. Relative times are of the quiet machine in all runs; a record without a relative time was timed in moments of which nothing is known, and stands behind all that have one. Of equal times the earlier trial
 * is ahead, so that the answer does not depend on the order of reading.
 */
export function beats(a: Timed, b: Timed): boolean {
  if ((a.relative === null) !== (b.relative === null)) return a.relative !== null;
  const [own, other] = [timeOf(a), timeOf(b)];
  if (own !== other) return own < other;
  return a.startedAt !== b.startedAt ? a.startedAt < b.startedAt : a.id < b.id;
}

/** Whether the intervals leave no doubt that `a` is the faster. */
export function clearlyBeats(a: Timed, b: Timed): boolean {
  if (a.relative === null || b.relative === null) return false;
  return a.relative.highNs < b.relative.lowNs;
}

/** The best among records of one workload on one device, however many are added and in whichever order. */
export interface BestKeeper<Item extends Timed> {
  add(item: Item): void;
  /** Whether this record could change which one is the best, now or with records that are added later. */
  wants(item: Timed): boolean;
  best(): Item | null;
}

/**
 * The winner of the latest race is the best, as the record that led before took part in the race. Only a later record that is faster beyond all
 * doubt comes before it: one of a run that was interrupted before its own race. Without a race, the fastest.
 */
export function createBestKeeper<Item extends Timed>(): BestKeeper<Item> {
  let winner: Item | null = null;
  /** Records with no later one that is faster: which of these will be later than a winner to come is not known yet. */
  let front: Item[] = [];
  const isNewWinner = (item: Timed): boolean => item.race?.place === 1 && (winner === null || isLater(item, winner));
  const isInFront = (item: Timed): boolean =>
    (item.race === null || item.race.place === 1) && !front.some((held) => beats(held, item) && isLater(held, item));
  return {
    wants: (item) => isNewWinner(item) || isInFront(item),
    add: (item) => {
      if (isNewWinner(item)) winner = item;
      if (isInFront(item)) front = [...front.filter((held) => !(beats(item, held) && isLater(item, held))), item];
    },
    best: () => {
      const last = winner;
      const open = last === null ? front : front.filter((item) => isLater(item, last) && clearlyBeats(item, last));
      return open.reduce(
        (best, item) => (best === null || beats(item, best) ? item : best),
        last === null || open.length > 0 ? null : last,
      );
    },
  };
}

/** Whether `a` began after `b`. */
export function isLater(a: Timed, b: Timed): boolean {
  return a.startedAt !== b.startedAt ? a.startedAt > b.startedAt : a.id > b.id;
}

/** The naive schedule's record that goes with the best: that of the latest race, where both were timed in the same moments, else the fastest. */
export function pickNaive<Item extends Timed>(a: Item | null, b: Item): Item {
  if (a === null) return b;
  if (a.race !== null && b.race !== null) return isLater(b, a) ? b : a;
  if (a.race !== null || b.race !== null) return a.race !== null ? a : b;
  return beats(b, a) ? b : a;
}
