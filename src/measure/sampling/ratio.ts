import type { Random } from '../../support/random.ts';
import { type Estimate, enoughCalm, estimateTime, isCalm, type PacedSample } from './estimate.ts';
import { lesser } from './pace.ts';
import { median, quantile } from './statistics.ts';
import { samplesUnder, type TimedBeside } from './under-quiet.ts';

/** How long one kernel takes in times of another one, and the interval in which that lies. */
export interface TimeRatio {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

export type Verdict = 'FAST' | 'SLOW' | 'SAME' | 'AMBIGUOUS';

/** Smaller differences are none, unless the caller says otherwise; half of it on either side is told apart from 0 and from 5%. */
export const defaultMargin = 0.025;
const confidence = 0.95;
const resamplings = 500;
/** Fewer samples do not tell how much they scatter. */
const fewestSamples = 3;
/**
 * Two recordings of one kernel differ by more than their samples explain: memory lies elsewhere, and what disturbed all samples a little disturbs
 * those of another minute otherwise. At least this much of the interval, on either side, stands for it; more where the logs show more.
 */
const leastApart = 0.006;
/** Fewer kernels that were timed again tell nothing. */
const fewestRepeats = 3;
/** Kernels were slowed by the references' slowdown to the power .6 to 1.5 (docs/decisions/031-relative-times.md): at most this far from 1. */
const farthestPower = 0.5;
/** Standard deviations of a normal variable: to its 97.5th percentile, and in one median of its absolute values. */
const normal = { toEdge: 1.96, inMedian: 1.4826 } as const;

/**
 * Whether `b` is faster or slower than `a`, by the time of b over that of a: SAME where the whole interval lies within the margin, FAST or SLOW where
 * the ratio lies beyond the margin and the interval does not hold 1, AMBIGUOUS where the samples do not tell.
 */
export function verdictOf({ ratio, low, high }: TimeRatio, margin = defaultMargin): Verdict {
  const most = 1 + margin;
  if (high <= most && low >= 1 / most) return 'SAME';
  if (low > 1 && ratio > most) return 'SLOW';
  return high < 1 && ratio < 1 / most ? 'FAST' : 'AMBIGUOUS';
}

interface Recordings {
  /** Whether both are of one device, so that what one knows of the quiet machine holds for the other. */
  readonly sameMachine: boolean;
  /** See recordingsApart. */
  readonly apart?: number;
}

/**
 * How far two recordings of one kernel lie apart on this machine, as a share, in 19 of 20 cases: by the times of kernels that a log timed more than
 * once, each list of one kernel. The median of the moves tells it of few of them, and the moves themselves where some are far larger than the
 * median of normal ones allows. A log of a busy machine shows by them that its times repeat badly. Null where there are too few.
 */
export function recordingsApart(timesNs: readonly (readonly number[])[]): number | null {
  const moves = timesNs.flatMap((times) =>
    times.slice(1).map((ns, at) => Math.abs(Math.log(ns / (times[at] as number)))),
  );
  if (moves.length < fewestRepeats) return null;
  return Math.max(normal.toEdge * normal.inMedian * (median(moves) as number), quantile(moves, confidence) as number);
}

/**
 * The time of b over that of a, by samples that were taken apart. Where references ran beside both, each time is that of the quiet machine by what
 * both recordings together know of it. Interval: percentiles of bootstrapped ratios (Efron 1979), widened by what differs between recordings, and
 * by how far scaling may be off where either had hardly a quiet moment. Null where either has too few samples.
 */
export function ratioApart(
  a: TimedBeside,
  b: TimedBeside,
  random: Random,
  { sameMachine, apart = leastApart }: Recordings,
): TimeRatio | null {
  if (Math.min(a.samplesNs.length, b.samplesNs.length) < fewestSamples) return null;
  const [quietA, quietB] = [a.relative?.quietNs ?? null, b.relative?.quietNs ?? null];
  const both = sameMachine && quietA !== null && quietB !== null ? lesser(quietA, quietB) : null;
  const [before, after] = [samplesUnder(a, both ?? quietA), samplesUnder(b, both ?? quietB)];
  const [estimateA, estimateB] = [estimateTime(before), estimateTime(after)];
  if (estimateA === null || estimateB === null) return null;
  const timeOf = (samples: readonly PacedSample[]): number => estimateTime(samples)?.timeNs ?? Number.NaN;
  return interval(
    estimateB.timeNs / estimateA.timeNs,
    () => timeOf(drawn(after, random)) / timeOf(drawn(before, random)),
    { random: Math.max(apart, leastApart), bound: unsure(before, estimateA) + unsure(after, estimateB) },
  );
}

/**
 * How far a time may be off, as a logarithm, that hardly any quiet moment made: a kernel is slowed by the references' slowdown to a power of its own,
 * and to divide by it takes that power for 1.
 */
function unsure(samples: readonly PacedSample[], { calm }: Estimate): number {
  if (calm >= enoughCalm) return 0;
  const disturbed = samples.filter((sample) => !isCalm(sample)).map(({ slowdown }) => slowdown);
  return farthestPower * Math.log(median(disturbed) ?? 1);
}

function drawn<T>(items: readonly T[], random: Random): readonly T[] {
  return items.map(() => random.pick(items));
}

/**
 * The percentiles of what `again` gives, on a logarithmic scale, with a `random` relative error that is independent of them, and one of which only a
 * `bound` is known: it may always have the same sign.
 */
function interval(
  ratio: number,
  again: () => number,
  further: { readonly random: number; readonly bound: number },
): TimeRatio {
  const logs = Array.from({ length: resamplings }, () => Math.log(again()));
  const centre = Math.log(ratio);
  const below = centre - (quantile(logs, (1 - confidence) / 2) as number);
  const above = (quantile(logs, (1 + confidence) / 2) as number) - centre;
  return {
    ratio,
    low: Math.exp(centre - Math.hypot(Math.max(0, below), further.random) - further.bound),
    high: Math.exp(centre + Math.hypot(Math.max(0, above), further.random) + further.bound),
  };
}
