import { type Estimate, estimateTime, isCalm, type PacedSample } from './estimate.ts';
import { medianInterval } from './statistics.ts';

/** Samples of each kernel before one is left behind obviously, or by the interval; before a tie is called; and at most. */
const rounds = { obvious: 3, least: 5, tie: 15, most: 60 };
/** A kernel that takes more than this many times the leader's time is obviously behind. */
const obviously = 2;
/** Kernels whose times differ by no more than this count as equally fast: the order of the contestants decides. */
const tieMargin = 0.01;

/** The kernels that may be the fastest by earlier measurements: indices of those whose intervals reach the fastest's, fastest first. */
export function reachingFastest(estimates: readonly Omit<Estimate, 'calm'>[], most = 12): readonly number[] {
  const sorted = estimates.map((_, index) => index).sort((a, b) => timeAt(a) - timeAt(b));
  const first = sorted[0];
  if (first === undefined) return [];
  const reach = (estimates[first] as Estimate).highNs * slack;
  return sorted.filter((index) => (estimates[index] as Estimate).lowNs <= reach).slice(0, most);

  function timeAt(index: number): number {
    return (estimates[index] as Estimate).timeNs;
  }
}

/** Intervals come from few samples: a kernel this little outside the fastest's interval may be as fast. */
const slack = 1.02;

interface RaceStanding {
  readonly samples: readonly PacedSample[];
  readonly estimate: Estimate | null;
  /** From 1. */
  readonly place: number;
}

interface RaceResult {
  readonly standings: readonly RaceStanding[];
  /** Whether the winner is known, if only by a tie that the order decides; false where time ran out before. */
  readonly decided: boolean;
}

/**
 * Times kernels in turn, round after round, until it is known which is the fastest (a race in the sense of Hoeffding races, Maron and Moore 1994).
 * The samples of one round are taken in the same moments, so disturbances hit all kernels alike. A kernel that is slower than the leader in
 * nearly all rounds is left behind, judged by the confidence interval of the median of the rounds' ratios. `sample(index)` times one kernel; the
 * order of the contestants decides ties. With `whole`, so many rounds are held of all kernels, whoever leads: an end that depends on the samples
 * would make them favour what they show.
 */
export async function race(
  count: number,
  sample: (index: number) => Promise<PacedSample>,
  isOver: () => boolean,
  whole: number | null = null,
): Promise<RaceResult> {
  const samples: PacedSample[][] = Array.from({ length: count }, () => []);
  let open = Array.from({ length: count }, (_, index) => index);
  let decided = false;
  for (let round = 0; round < (whole ?? rounds.most); round++) {
    // Each round begins with another kernel, so that none is always the first.
    const turn = round % Math.max(1, open.length);
    for (const index of [...open.slice(turn), ...open.slice(0, turn)]) {
      (samples[index] as PacedSample[]).push(await sample(index));
      if (isOver() && round >= 1) break;
    }
    if (isOver() && round >= 1) break;
    if (whole !== null) {
      decided = round + 1 === whole;
      continue;
    }
    if (round + 1 < rounds.obvious) continue;
    const leader = fastestOf(open);
    if (leader === null) break;
    const isLeft = round + 1 < rounds.least ? isObviouslyBehind : isBehind;
    open = open.filter((index) => index === leader || !isLeft(index, leader));
    const others = open.filter((index) => index !== leader);
    decided = others.length === 0 || (round + 1 >= rounds.tie && others.every((index) => isTied(index, leader)));
    if (decided) break;
  }
  const order = ranking();
  return {
    standings: samples.map((own, index) => ({
      samples: own,
      estimate: estimateTime(own),
      place: order.indexOf(index) + 1,
    })),
    decided,
  };

  function timeOf(index: number): number {
    return estimateTime(samples[index] as PacedSample[])?.timeNs ?? Number.POSITIVE_INFINITY;
  }

  function fastestOf(indices: readonly number[]): number | null {
    return indices.reduce<number | null>(
      (best, index) => (best === null || timeOf(index) < timeOf(best) ? index : best),
      null,
    );
  }

  function ratiosTo(index: number, leader: number): readonly number[] {
    return roundRatios(samples[index] as PacedSample[], samples[leader] as PacedSample[]);
  }

  function isBehind(index: number, leader: number): boolean {
    const ratios = ratiosTo(index, leader);
    const interval = medianInterval(ratios);
    // Of many looks at few rounds, one shows a difference by chance: kernels that hardly differ get as many rounds as a tie.
    const least = ratios.length < rounds.tie ? 1 + tieMargin : 1;
    return interval !== null && interval.low > least && !isTied(index, leader);
  }

  function isObviouslyBehind(index: number, leader: number): boolean {
    return timeOf(index) > obviously * timeOf(leader);
  }

  function isTied(index: number, leader: number): boolean {
    return timeOf(index) <= timeOf(leader) * (1 + tieMargin);
  }

  /** Kernels that are still in the race come first, those tied with the leader in their own order; then all others by time. */
  function ranking(): number[] {
    const all = Array.from({ length: count }, (_, index) => index);
    const still = all.filter((index) => open.includes(index));
    const leader = fastestOf(still);
    const tied = leader === null ? [] : still.filter((index) => isTied(index, leader));
    const byTime = (a: number, b: number): number => timeOf(a) - timeOf(b);
    const rest = all.filter((index) => !tied.includes(index));
    return [
      ...tied,
      ...rest.filter((index) => still.includes(index)).sort(byTime),
      ...rest.filter((index) => !still.includes(index)).sort(byTime),
    ];
  }
}

/** `own` over `other`, round by round. Rounds in which the machine was disturbed beside either kernel count only where others are too few. */
function roundRatios(own: readonly PacedSample[], other: readonly PacedSample[]): readonly number[] {
  const pairs = own.slice(0, other.length).map((a, round) => [a, other[round] as PacedSample] as const);
  const calm = pairs.filter(([a, b]) => isCalm(a) && isCalm(b));
  return (calm.length >= rounds.least ? calm : pairs).map(([a, b]) => a.ns / a.slowdown / (b.ns / b.slowdown));
}
