/**
 * How often the fastest of some measured kernels is picked on hosts whose speed changes, by the real protocol over a simulated clock.
 *     node --import tsx bench/made-hosts.ts [--hosts windows,heat] [--trace file.json] [--runs 100] [--candidates 48]
 * In each run the same kernels, of known times and of different sensitivity to what slows the host, are timed once each and the fastest is picked:
 * `as they are`, by the medians of samples as they come; `scaled`, by samples divided by the references' slowdown; `retaken`, waiting for
 * quiet moments and never scaling; `both`; and `both, raced`, what a run of the tuner does. Prints how many picks are within 3% of the
 * truly fastest, the rank correlation and median error of the times, and the simulated seconds that a run took.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { defaultBudget } from '../src/measure/budget.ts';
import { estimateTime, isCalm, type PacedSample } from '../src/measure/estimate.ts';
import {
  createHostTimer,
  createMadeHost,
  type HostCourse,
  hostCourses,
  recordedCourse,
} from '../src/measure/made-host.ts';
import { slowdownOf } from '../src/measure/pace.ts';
import { race, reachingFastest } from '../src/measure/race.ts';
import type { Samples } from '../src/measure/sampling.ts';
import { median, quantile } from '../src/measure/statistics.ts';
import type { ReferenceTimes } from '../src/records/relative-time.ts';
import { createRandom } from '../src/support/random.ts';
import { rankCorrelation } from './statistics/rank-correlation.ts';

const { values: flags } = parseArgs({
  options: {
    hosts: { type: 'string', default: Object.keys(hostCourses).join(',') },
    trace: { type: 'string' },
    runs: { type: 'string', default: '100' },
    candidates: { type: 'string', default: '48' },
    first: { type: 'string', default: '1' },
  },
});
const within = 0.03;
const [runs, candidates] = [Number(flags.runs), Number(flags.candidates)];

interface Way {
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
const ways: Readonly<Record<string, Way>> = {
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

const courses: Record<string, HostCourse> = { ...hostCourses };
if (flags.trace !== undefined) {
  const { everyMs, slowdowns } = JSON.parse(readFileSync(flags.trace, 'utf8')) as {
    everyMs: number;
    slowdowns: number[];
  };
  courses.recorded = recordedCourse(
    slowdowns.map((hundredths) => hundredths / 100),
    everyMs,
  );
}
console.log(
  `${runs} runs of ${candidates} kernels each; picks within ${100 * within}% of the fastest, Spearman and median error of the times, seconds of a run`,
);
for (const name of [...flags.hosts.split(','), ...(flags.trace === undefined ? [] : ['recorded'])])
  for (const [way, options] of Object.entries(ways)) {
    const figures = [];
    for (let seed = Number(flags.first); seed < Number(flags.first) + runs; seed++)
      figures.push(await figure(courses[name] as HostCourse, options, seed));
    const mean = (of: (f: (typeof figures)[number]) => number): number =>
      figures.reduce((sum, f) => sum + of(f), 0) / runs;
    console.log(
      [
        name.padEnd(10),
        way.padEnd(12),
        `${String(figures.filter(({ lost }) => lost <= within).length).padStart(3)} of ${runs}`,
        mean(({ spearman }) => spearman).toFixed(3),
        `${(100 * mean(({ error }) => error)).toFixed(1)}%`.padStart(6),
        `${mean(({ seconds }) => seconds).toFixed(0)} s`.padStart(6),
      ].join('  '),
    );
  }

async function figure(course: HostCourse, { references, quietWait, raced, timeOf }: Way, seed: number) {
  const random = createRandom(seed);
  // Times as of a search that has found the good corner: a third is within a quarter of the fastest.
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
