import type { CostModel } from '../cost-model/cost-model.ts';
import { createField, type Field } from '../cost-model/gaussian/field.ts';
import { learnHyper } from '../cost-model/gaussian/learn-hyper.ts';
import { hyperPrior } from '../cost-model/gaussian/level-kernel.ts';
import { logExpectedImprovement } from '../cost-model/gaussian/normal.ts';
import type { Random } from '../support/random.ts';
import { axesOf } from './axes.ts';
import { type Candidate, candidateKey, type Observation, type SearchSpace } from './strategy.ts';
import { lineThrough, timeTargets } from './targets.ts';

/** Observations before the process is asked: with fewer it knows nothing of which decisions matter. */
const warmUp = 3;
/** Learning anew is due when the observations have grown by this fraction, and by this many. */
const growth = 0.1;
const leastGrowth = 3;
/** Observations beyond this are sampled for learning hyperparameters: the cost grows with their cube. */
const mostForHyper = 150;
const firstIterations = 40;
const laterIterations = 12;

/**
 * Judges every completion of every prefix of a listed space: a Gaussian process over the decisions, learned from all observations, says
 * for each unseen candidate what improvement on the best is to be expected. A prefix is worth its best completion, so descending
 * by it ends at the best candidates, and these are handed out directly.
 */
export interface ListedChooser {
  observe(results: readonly Observation[]): void;
  /** Up to `count` candidates that `taken` does not know; each is chosen as if the ones before it had come out as expected. */
  choose(count: number, taken: (candidate: Candidate) => boolean): readonly Candidate[];
}

export function createListedChooser(
  space: SearchSpace,
  listed: readonly Candidate[],
  model: CostModel,
  random: Random,
): ListedChooser {
  const base = modelScores(space, listed, model);
  const { axes, levelsOf } = axesOf(space);
  const points = new Int32Array(listed.length * axes.length);
  for (const [at, candidate] of listed.entries()) points.set(levelsOf(candidate), at * axes.length);
  const positions = new Map(listed.map((candidate, at) => [candidateKey(candidate), at]));
  const baseOf = ({ candidate }: Observation): number =>
    base[positions.get(candidateKey(candidate)) ?? -1] ?? Number.NaN;
  const observed: Observation[] = [];
  const prior = hyperPrior(axes);
  let hyper = prior.mean.slice();
  let field: Field | null = null;
  let learnedFrom = 0;
  const mean = new Float64Array(listed.length);
  const deviation = new Float64Array(listed.length);

  const learn = (targets: Float64Array): void => {
    const rows = sampleForHyper(targets, random);
    const levels = new Int32Array(rows.length * axes.length);
    rows.forEach((row, at) => {
      levels.set(levelsOf((observed[row] as Observation).candidate), at * axes.length);
    });
    const chosen = Float64Array.from(rows, (row) => targets[row] as number);
    const iterations = learnedFrom === 0 ? firstIterations : laterIterations;
    hyper = learnHyper(axes, levels, chosen, prior, hyper, iterations);
    learnedFrom = observed.length;
    field = createField(axes, points, hyper);
  };

  return {
    observe: (results) => void observed.push(...results),
    choose(count, taken) {
      if (observed.length < warmUp || axes.length === 0) return [];
      const wanted = timeTargets(observed.map(({ timeNs }) => timeNs));
      const line = lineThrough(observed.map(baseOf), wanted);
      const targets = wanted.map((target, at) => target - line(baseOf(observed[at] as Observation)));
      const due = Math.max(leastGrowth, observed.length * growth);
      if (field === null || observed.length - learnedFrom >= due) learn(targets);
      const current = field as Field;
      while (current.observed < observed.length)
        current.observe(levelsOf((observed[current.observed] as Observation).candidate));
      const believed = [...targets];
      const best = wanted.reduce((most, target) => Math.max(most, target), Number.NEGATIVE_INFINITY);
      const chosen: Candidate[] = [];
      const own = new Set<number>();
      while (chosen.length < count) {
        current.posterior(Float64Array.from(believed), mean, deviation);
        let most = Number.NEGATIVE_INFINITY;
        let at = -1;
        for (const [position, candidate] of listed.entries()) {
          // The logarithm of the improvement falls with the distance to the best: what cannot win is not worth a look at the key.
          const gain = logExpectedImprovement(
            (mean[position] as number) + line(base[position] as number),
            deviation[position] as number,
            best,
          );
          if (gain > most && !own.has(position) && !taken(candidate)) {
            most = gain;
            at = position;
          }
        }
        if (at < 0) break;
        const candidate = listed[at] as Candidate;
        own.add(at);
        chosen.push({ ...candidate, score: (mean[at] as number) + line(base[at] as number) });
        if (chosen.length === count) break;
        believed.push(mean[at] as number);
        current.observe(levelsOf(candidate));
      }
      current.rewind(observed.length);
      return chosen;
    },
  };
}

/** What the model thinks of each candidate before it has seen a measurement. The process learns what this leaves unexplained. */
function modelScores(space: SearchSpace, listed: readonly Candidate[], model: CostModel): Float32Array {
  const { columns } = space;
  const extractors = space.sketches.map((sketch) => sketch.createExtractor());
  const rows = new Float32Array(listed.length * columns);
  for (const [at, { sketch, values }] of listed.entries())
    extractors[sketch]?.extract(Float64Array.from(values), rows, at * columns);
  const scores = new Float32Array(listed.length);
  model.score(rows, listed.length, columns, scores);
  return scores;
}

/** Rows to learn hyperparameters from: all, or the better half of the allowance by target and the rest by chance. */
function sampleForHyper(targets: Float64Array, random: Random): number[] {
  const rows = [...targets.keys()];
  if (rows.length <= mostForHyper) return rows;
  rows.sort((a, b) => (targets[b] as number) - (targets[a] as number) || a - b);
  const best = rows.slice(0, mostForHyper / 2);
  return [...best, ...random.shuffled(rows.slice(mostForHyper / 2)).slice(0, mostForHyper - best.length)];
}
