import type { CostModel } from '../cost-model/cost-model.ts';
import { powersAmong } from './axes.ts';
import type { Choice, Chooser } from './chooser.ts';
import type { History } from './history.ts';
import { type Candidate, candidateKey, type SearchSpace } from './strategy.ts';

/** The model learns anew when the observations have grown by this fraction, and by this many. */
const growth = 0.08;
const leastGrowth = 2;

/** Choosing in a space of which every candidate is known by name. */
export interface ListedSearch {
  readonly size: number;
  /** Up to `count` candidates that were not taken; fewer while too little is known. */
  choose(count: number): readonly Candidate[];
  /** To be told after results came in; `teach` fits the model to everything observed. */
  observed(teach: () => Promise<void> | void): Promise<void>;
}

/**
 * The chooser's processes, which know decisions, and the model, which knows features, take turns over all candidates: every `modelEvery`-th
 * trial is the model's best that nobody took. Features say what a schedule does to the machine, so that the model is soon right
 * about what is bad everywhere; decisions say which one it is, so that the processes are right about single values. Before these know
 * enough, all trials are the model's, which may know something without having seen any. 0 leaves the model out.
 */
export function createListedSearch(
  space: SearchSpace,
  candidates: readonly Candidate[],
  model: CostModel,
  chooser: Chooser,
  history: History,
  modelEvery: number,
): ListedSearch {
  const { columns } = space;
  const rows = new Float32Array(candidates.length * columns);
  const extractors = space.sketches.map((sketch) => sketch.createExtractor());
  for (const [at, { sketch, values }] of candidates.entries())
    extractors[sketch]?.extract(Float64Array.from(values), rows, at * columns);
  const scores = new Float32Array(candidates.length);
  const rescore = (): void => model.score(rows, candidates.length, columns, scores);
  rescore();
  const choice: Choice =
    space.decisionsOnly === true
      ? { candidates, base: powersOfTwo(space, candidates), doubtful: true }
      : { candidates, base: scores.slice() };
  /** A model that thinks the same of all has nothing to say yet. */
  const hasSay = (): boolean => scores.some((score) => score !== scores[0]);
  let learnedFrom = 0;

  const bestOfModel = (own: ReadonlySet<string>): Candidate | null => {
    let best = -1;
    for (let at = 0; at < candidates.length; at++) {
      const candidate = candidates[at] as Candidate;
      const better = best < 0 || (scores[at] as number) > (scores[best] as number);
      if (better && !history.has(candidate) && !own.has(candidateKey(candidate))) best = at;
    }
    return best < 0 ? null : (candidates[best] as Candidate);
  };

  return {
    size: candidates.length,
    choose(count) {
      const said = modelEvery > 0 && hasSay();
      const chosen = [...chooser.choose(choice, count, history.has)];
      if (!said) return chosen;
      const own = new Set<string>();
      const proposals: Candidate[] = [];
      for (let at = history.size; proposals.length < count; at++) {
        const turn = at % modelEvery === modelEvery - 1;
        const candidate = (turn ? undefined : chosen.shift()) ?? bestOfModel(own);
        if (candidate === null) break;
        // The model may have been first to choose it in this round.
        if (own.has(candidateKey(candidate))) continue;
        own.add(candidateKey(candidate));
        proposals.push(candidate);
      }
      return proposals;
    },
    async observed(teach) {
      if (modelEvery === 0) return;
      if (learnedFrom > 0 && history.size - learnedFrom < Math.max(leastGrowth, history.size * growth)) return;
      learnedFrom = history.size;
      await teach();
      rescore();
    },
  };
}

/**
 * Sizes of each candidate that are powers of two, where others are offered: what is known of decisions beforehand when nothing is known of
 * kernels. Addresses then take shifts, and parts come out even; some devices do not care.
 */
function powersOfTwo({ sketches }: SearchSpace, candidates: readonly Candidate[]): Float32Array {
  const powers = sketches.map(({ decisions }) =>
    decisions.map(({ options, unordered }) => (unordered === true ? null : powersAmong(options))),
  );
  return Float32Array.from(candidates, ({ sketch, values }) =>
    values.reduce((count, value, at) => count + (powers[sketch]?.[at]?.has(value) === true ? 1 : 0), 0),
  );
}
