import { defaultBudget } from '../../src/measure/sampling/budget.ts';
import { estimateTime, isCalm, type PacedSample } from '../../src/measure/sampling/estimate.ts';
import { slowdownOf } from '../../src/measure/sampling/pace.ts';
import { race, reachingFastest } from '../../src/measure/sampling/race.ts';
import { median, quantile } from '../../src/measure/sampling/statistics.ts';
import type { Samples } from '../../src/measure/sampling/take-samples.ts';
import type { ReferenceTimes } from '../../src/records/reference-names.ts';
import { createRandom } from '../../src/support/random.ts';
import { createHostTimer, createMadeHost, type HostCourse } from '../../src/testing/made-host.ts';
import { rankCorrelation } from '../statistics/rank-correlation.ts';

/** A way to make times of samples, see bench/made-hosts.ts. */
export interface Way {
  readonly references: boolean;
  readonly quietWait: number;
  readonly raced: boolean;
  readonly timeOf: (samples: Samples, quiet: ReferenceTimes | null) => number | null;
}

function paced({ samplesNs, references }: Samples, quiet: ReferenceTimes | null): readonly PacedSample[] {
  return samplesNs.map((ns, at) => ({
    ns,
    slowdown: references === null || quiet === null ? 1 : slowdownOf(references[at] as ReferenceTimes, quiet),
  }));
}

const byEstimate: Way['timeOf'] = (samples, quiet) => estimateTime(paced(samples, quiet))?.timeNs ?? null;
/** The last way is that of a run of the tuner. */
export const ways: Readonly<Record<string, Way>> = {
  'as they are': { references: false, quietWait: 0, raced: false, timeOf: ({ samplesNs }) => median(samplesNs) },
  scaled: {
    ...{ references: true, quietWait: 0, raced: false },
    timeOf: (samples, quiet) => median(paced(samples, quiet).map(({ ns, slowdown }) => ns / slowdown)),
  },
  retaken: {
    ...{ references: true, quietWait: 2.5, raced: false },
    timeOf: (samples, quiet) => {
      const calm = paced(samples, quiet).filter(isCalm);
      return calm.length >= 3
        ? quantile(
            calm.map(({ ns }) => ns),
            0.25,
          )
        : median(samples.samplesNs);
    },
  },
  both: { references: true, quietWait: 2.5, raced: false, timeOf: byEstimate },
  'both, raced': { references: true, quietWait: 2.5, raced: true, timeOf: byEstimate },
};

/** The results of one run. */
export interface Figure {
  /** Fraction by which the picked kernel is slower than the fastest. */
  readonly lost: number;
  readonly spearman: number;
  /** Median of the times' errors, as fractions, without the error that all times have in common. */
  readonly error: number;
  /** Simulated. */
  readonly seconds: number;
}

/** Times kernels one after the other on a made host and picks the fastest. */
export async function pickOnHost(
  course: HostCourse,
  { references, quietWait, raced, timeOf }: Way,
  seed: number,
  candidates: number,
): Promise<Figure> {
  const random = createRandom(seed);
  // Times like those of a search that has found the good corner: a third of them is within a quarter of the fastest.
  const kernels = Array.from({ length: candidates }, () => ({
    quietNs: 2e6 * (1 + 4 * random.unit() ** 3),
    sensitivity: 0.75 + 0.35 * random.unit(),
  }));
  const host = createMadeHost(course, seed);
  const timer = createHostTimer({ host, budget: defaultBudget('cpu'), seed, references, quietWait });
  const times: number[] = [];
  const estimates = [];
  let best: number | null = null;
  for (const { quietNs, sensitivity } of kernels) {
    const samples = await timer.time(quietNs, sensitivity, best);
    const timeNs = timeOf(samples, timer.quietNs()) ?? Number.POSITIVE_INFINITY;
    times.push(timeNs);
    estimates.push(samples.estimate ?? { timeNs, lowNs: timeNs, highNs: timeNs });
    best = Math.min(best ?? timeNs, timeNs);
  }
  let picked = times.indexOf(Math.min(...times));
  if (raced) {
    const rivals = reachingFastest(estimates);
    const end = host.now() * 1.1;
    const { standings } = await race(
      rivals.length,
      async (index) => {
        const { quietNs, sensitivity } = kernels[rivals[index] as number] as (typeof kernels)[number];
        const { deviceNs, slowdown } = await timer.sample(quietNs, sensitivity);
        return { ns: deviceNs, slowdown };
      },
      () => host.now() >= end,
    );
    picked = rivals[standings.findIndex(({ place }) => place === 1)] as number;
  }
  const truth = kernels.map(({ quietNs }) => quietNs);
  const ratios = times.map((time, at) => time / (truth[at] as number));
  const level = median(ratios) as number;
  return {
    lost: (truth[picked] as number) / Math.min(...truth) - 1,
    spearman: rankCorrelation(times, truth),
    error: median(ratios.map((ratio) => Math.abs(ratio / level - 1))) as number,
    seconds: host.now() / 1000,
  };
}
