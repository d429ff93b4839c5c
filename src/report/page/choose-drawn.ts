import type { ReportTrial } from './report-data.ts';

/** Share of the drawn trials that the fastest, and that failures may take. */
const share = 0.3;

/**
 * The trials to draw where there are too many, in their order: the best, the naive schedule's, hand-made and transferred ones, every new best of its
 * run, the fastest, failures, and of the rest every so many.
 */
export function chooseDrawn(trials: readonly ReportTrial[], best: ReportTrial | null, most: number): ReportTrial[] {
  if (trials.length <= most) return [...trials];
  const taken = new Set<ReportTrial>();
  const take = (some: readonly ReportTrial[], count: number): void => {
    for (const trial of some.slice(0, Math.max(0, count))) if (taken.size < most) taken.add(trial);
  };
  if (best !== null) taken.add(best);
  const spread = (some: readonly ReportTrial[], count: number): readonly ReportTrial[] => {
    const step = Math.max(1, some.length / Math.max(1, count));
    return Array.from({ length: Math.min(some.length, count) }, (_, at) => some[Math.floor(at * step)] as ReportTrial);
  };
  const timed = trials.filter(({ counts, timeNs }) => counts && timeNs !== null);
  const fastest = [...timed].sort((a, b) => (a.timeNs as number) - (b.timeNs as number));
  const failures = trials.filter(({ outcome }) => outcome !== 'ok');
  take(spread(improvements(timed), share * most), share * most);
  take(
    trials.filter(({ origin }) => origin === 'baseline' || origin === 'seed' || origin === 'transfer'),
    (share * most) / 3,
  );
  take(fastest, share * most);
  take(spread(failures, (share * most) / 2), (share * most) / 2);
  const rest = trials.filter((trial) => !taken.has(trial));
  take(spread(rest, most - taken.size), most - taken.size);
  return trials.filter((trial) => taken.has(trial));
}

/** The trials that were faster than all before them in their run. */
export function improvements(trials: readonly ReportTrial[]): readonly ReportTrial[] {
  const bests = new Map<number, number>();
  return trials.filter(({ run, timeNs, counts }) => {
    if (!counts || timeNs === null || timeNs >= (bests.get(run) ?? Number.POSITIVE_INFINITY)) return false;
    bests.set(run, timeNs);
    return true;
  });
}
