import { createField, type Field } from '../../cost-model/gaussian/field.ts';
import { learnHyper } from '../../cost-model/gaussian/learn-hyper.ts';
import { type HyperPrior, hyperPrior } from '../../cost-model/gaussian/level-kernel.ts';
import { logExpectedImprovement } from '../../cost-model/gaussian/normal.ts';
import type { Random } from '../../support/random.ts';
import { type Candidate, candidateKey, type Observation, type SearchSpace } from '../strategy.ts';
import { choosePerSecond, type LogSeconds } from './per-second.ts';
import { type SurrogateInputs, surrogateInputsOf } from './surrogate-inputs.ts';
import { type LineBelief, lineThrough, logTargets, rankTargets } from './surrogate-targets.ts';

/** Learning anew is due when the observations have grown by this fraction, and by this many. */
const growth = 0.1;
const leastGrowth = 4;
/** Observations beyond this are sampled for learning hyperparameters: the cost grows with their cube. */
const mostForHyper = 150;
const firstIterations = 40;
const laterIterations = 12;
/** Times of a few trials that happen to be alike say nothing of the scale of all others. */
const leastSpread = 0.1;
/** A trial by which a base is believed tells candidates apart whose times differ by this much in logarithms. */
const typicalSpread = 0.5;

/** The parts of the two processes; each part can be left out, to see what it contributes. */
export interface AcquisitionOptions {
  /** How each process sees the times; they take turns. */
  readonly views?: readonly View[];
  /** Inputs for products of two decisions. */
  readonly products?: boolean;
  /** Inputs that tell sizes that are powers of two from others. */
  readonly powers?: boolean;
  /** Whether equality of two values counts beside their distance. */
  readonly individuality?: boolean;
  /** Observations before the processes are asked: with fewer they do not know which decisions matter. */
  readonly warmUp?: number;
}

type View = 'ranks' | 'logarithms';
const viewOf: Readonly<Record<View, (times: readonly (number | null)[]) => Float64Array>> = {
  ranks: rankTargets,
  logarithms: logTargets,
};
const defaults = {
  views: ['ranks', 'logarithms'],
  products: true,
  powers: true,
  individuality: true,
  warmUp: 3,
} as const;

/** Complete candidates to choose from. The same object in the next round is recognised, which saves most of the work. */
export interface Choice {
  readonly candidates: readonly Candidate[];
  /**
   * A model's score of each candidate without any measurement, higher is better; the processes learn what it leaves unexplained.
   * Absent where there is no such model.
   */
  readonly base?: Float32Array;
  /** Whether `base` is no more than a rule of thumb: then the first process alone starts from it, and the others learn without it. */
  readonly doubtful?: boolean;
  /**
   * `base` is minus the logarithm of a time, up to a constant, and was measured elsewhere; it is believed as if so many trials had shown that times
   * here are proportional to it. It may change between calls.
   */
  readonly trust?: number;
  /** What a belief in where the optimum lies adds to the logarithm of each candidate's expected improvement. It may change between calls. */
  readonly bonus?: Float32Array;
  /** How long trials take: then the improvement expected per second decides (Snoek and others, 2012). Absent where all count alike. */
  readonly logSeconds?: LogSeconds;
}

/**
 * Chooses among completions by the expected improvement on the best, under two Gaussian processes over the decisions that have learned from
 * all observations: one from the ranks of the times, the other from their logarithms. They take turns: ranks open up the scale near the best,
 * but make a plateau look like a slope; logarithms do neither.
 */
export interface Acquisition {
  observe(results: readonly Observation[]): void;
  /** Up to `count` candidates not `taken`, none while too little is known; later ones are chosen as if the earlier had come out as expected. */
  choose(choice: Choice, count: number, taken: (candidate: Candidate) => boolean): readonly Candidate[];
}

export function createAcquisition(space: SearchSpace, random: Random, options: AcquisitionOptions = {}): Acquisition {
  const { views, products, powers, individuality, warmUp } = { ...defaults, ...options };
  const inputs = surrogateInputsOf(space, { products, powers });
  const observed: Observation[] = [];
  const experts = views.map((view, at) =>
    createExpert(inputs, observed, viewOf[view], hyperPrior(inputs.dimensions, individuality), at === 0, random),
  );
  return {
    observe: (results) => void observed.push(...results),
    choose(choice, count, taken) {
      if (observed.length < warmUp || inputs.dimensions.length === 0) return [];
      const turn = observed.length % experts.length;
      return (experts[turn] as (typeof experts)[number])(choice, count, taken);
    },
  };
}

/** One process with its view of the times. */
function createExpert(
  { dimensions, levelsOf }: SurrogateInputs,
  observed: readonly Observation[],
  targetsOf: (times: readonly (number | null)[]) => Float64Array,
  prior: HyperPrior,
  trusting: boolean,
  random: Random,
): Acquisition['choose'] {
  let hyper = prior.mean.slice();
  let learnedFrom = 0;
  let field: Field | null = null;
  let fieldOf: Choice | null = null;
  let points = new Int32Array(0);
  let positions = new Map<string, number>();

  const learn = (targets: Float64Array): void => {
    const rows = sampleForHyper(targets, random);
    const levels = new Int32Array(rows.length * dimensions.length);
    rows.forEach((row, at) => {
      levels.set(levelsOf((observed[row] as Observation).candidate), at * dimensions.length);
    });
    const chosen = Float64Array.from(rows, (row) => targets[row] as number);
    hyper = learnHyper(dimensions, levels, chosen, prior, hyper, learnedFrom === 0 ? firstIterations : laterIterations);
    learnedFrom = observed.length;
    field = null;
  };

  /** The posterior over the choice's candidates, with everything observed. */
  const fieldFor = (choice: Choice): Field => {
    if (fieldOf !== choice) {
      points = new Int32Array(choice.candidates.length * dimensions.length);
      for (const [at, candidate] of choice.candidates.entries())
        points.set(levelsOf(candidate), at * dimensions.length);
      if (choice.base !== undefined)
        positions = new Map(choice.candidates.map((candidate, at) => [candidateKey(candidate), at]));
      fieldOf = choice;
      field = null;
    }
    field ??= createField(dimensions, points, hyper);
    while (field.observed < observed.length)
      field.observe(levelsOf((observed[field.observed] as Observation).candidate));
    return field;
  };

  /** A step of one in the base is believed to be a step of one in the logarithms of the times, in the scale of the targets. */
  const beliefOf = (trust: number): LineBelief => {
    const logs = observed.flatMap(({ timeNs }) => (timeNs === null ? [] : [Math.log(timeNs)]));
    const centre = logs.reduce((sum, log) => sum + log, 0) / Math.max(1, logs.length);
    const spread = Math.sqrt(logs.reduce((sum, log) => sum + (log - centre) ** 2, 0) / Math.max(1, logs.length));
    return { slope: 1 / Math.max(leastSpread, spread), weight: trust * typicalSpread ** 2 };
  };

  return (choice, count, taken) => {
    const { candidates } = choice;
    const base = trusting || choice.doubtful !== true ? choice.base : undefined;
    const wanted = targetsOf(observed.map(({ timeNs }) => timeNs));
    if (fieldOf !== choice) fieldFor(choice);
    const known = observed.map(({ candidate }) => base?.[positions.get(candidateKey(candidate)) ?? -1] ?? Number.NaN);
    const line = lineThrough(known, wanted, choice.trust === undefined ? undefined : beliefOf(choice.trust));
    const targets = wanted.map((target, at) => target - line(known[at] as number));
    const due = Math.max(leastGrowth, observed.length * growth);
    if (learnedFrom === 0 || observed.length - learnedFrom >= due) learn(targets);
    const current = fieldFor(choice);
    const mean = new Float64Array(candidates.length);
    const deviation = new Float64Array(candidates.length);
    const believed = [...targets];
    const best = wanted.reduce((most, target) => Math.max(most, target), Number.NEGATIVE_INFINITY);
    const chosen: Candidate[] = [];
    const own = new Set<number>();
    const lineAt = (at: number): number => (base === undefined ? 0 : line(base[at] as number));
    while (chosen.length < count) {
      current.posterior(Float64Array.from(believed), mean, deviation);
      const at = choosePerSecond(
        candidates,
        (position) =>
          logExpectedImprovement((mean[position] as number) + lineAt(position), deviation[position] as number, best) +
          (choice.bonus?.[position] ?? 0),
        // Making the key of a candidate costs more than its improvement, so that only a few are looked up.
        (position) => !own.has(position) && !taken(candidates[position] as Candidate),
        choice.logSeconds,
      );
      if (at === null) break;
      const candidate = candidates[at] as Candidate;
      own.add(at);
      chosen.push({ ...candidate, score: (mean[at] as number) + lineAt(at) });
      if (chosen.length === count) break;
      believed.push(mean[at] as number);
      current.observe(levelsOf(candidate));
    }
    current.rewind(observed.length);
    return chosen;
  };
}

/** Rows to learn hyperparameters from: all, or where they are too many, half of the allowance by best targets and half by chance. */
function sampleForHyper(targets: Float64Array, random: Random): number[] {
  const rows = [...targets.keys()];
  if (rows.length <= mostForHyper) return rows;
  rows.sort((a, b) => (targets[b] as number) - (targets[a] as number) || a - b);
  const best = rows.slice(0, mostForHyper / 2);
  return [...best, ...random.shuffled(rows.slice(mostForHyper / 2)).slice(0, mostForHyper - best.length)];
}
