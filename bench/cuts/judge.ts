import type { CostModel } from '../../src/cost-model/cost-model.ts';
import { hopeless } from '../../src/search/scoring/prefix-scorer.ts';
import { completeAtRandom } from '../../src/search/space/completion.ts';
import type { BeamLayer } from '../../src/search/strategies/beam-construction.ts';
import { type Candidate, candidateKey, type SearchSpace } from '../../src/search/strategy.ts';
import type { Random } from '../../src/support/random.ts';
import { pairwiseAccuracy } from '../ranking/measures.ts';

/** What is known of a space's good candidates, against which cuts are judged. */
export interface Known {
  readonly space: SearchSpace;
  readonly bestNs: number;
  /** Good candidates, and what fraction of the optimum each reaches. On a space that was measured whole these are all candidates. */
  readonly elites: readonly { readonly candidate: Candidate; readonly fraction: number }[];
  /** The time that one in twenty candidates beats. */
  readonly goodNs: number;
  /** The least time of a prefix's completions: of all where these are known, else of some drawn at random. Infinite where there is none. */
  readonly bestOf: (sketch: number, values: Float64Array, depth: number) => number;
}

/** What one depth of one beam lost. */
export interface LayerLoss {
  readonly sketch: number;
  /** Decisions made. */
  readonly depth: number;
  readonly judged: number;
  readonly kept: number;
  readonly outscored: number;
  readonly noCompletion: number;
  /** Of those kept and those cut (at most `mostAsked` of each are asked): how many have a completion among the best twentieth, and how many were asked. */
  readonly goodKept: readonly [good: number, asked: number];
  readonly goodCut: readonly [good: number, asked: number];
  /** Of the pairs of prefixes that were asked and differ in their best completions, the fraction that the scores order rightly; NaN where there are none. */
  readonly pairwise: number;
  /** The best fraction of the optimum to which the judged prefixes lead, and that to which the kept ones do. */
  readonly before: number;
  readonly after: number;
  /**
   * Where a better end was cut off than is left: `model` where the model scores that end itself no better than the worst prefix that was kept,
   * `completions` where it scores it better and the random completions did not come to it. Null where nothing was lost.
   */
  readonly fault: 'model' | 'completions' | null;
}

interface Asked {
  readonly score: number;
  readonly timeNs: number;
}

const mostAsked = 40;
/** Reaching this much less is a loss. */
const leastLoss = 0.005;

/** Judges a layer by what is known of the space; `model` as it stands, which is the one that scored the layer. */
export function lossOf(known: Known, model: CostModel, sketch: number, layer: BeamLayer, random: Random): LayerLoss {
  const { depth, rows, kept, cut, scores } = layer;
  const width = known.space.sketches[sketch]?.decisions.length as number;
  const rowOf = (row: number): Float64Array => rows.subarray(row * width, (row + 1) * width);
  const keyOf = (values: ArrayLike<number>): string =>
    candidateKey({ sketch, values: Array.from(values).slice(0, depth) });
  const [keptKeys, cutKeys] = [kept, cut].map((list) => new Set(list.map((row) => keyOf(rowOf(row)))));
  let [before, after] = [0, 0];
  let lost: Candidate | null = null;
  for (const { candidate, fraction } of known.elites) {
    if (candidate.sketch !== sketch || fraction <= Math.min(before, after)) continue;
    const key = keyOf(candidate.values);
    if (keptKeys?.has(key)) after = Math.max(after, fraction);
    else if (!cutKeys?.has(key)) continue;
    else if (fraction > before) lost = candidate;
    before = Math.max(before, fraction);
  }
  const [ofKept, ofCut] = [kept, cut].map((list) => {
    const asked = list.length <= mostAsked ? list : random.shuffled(list).slice(0, mostAsked);
    return asked.map((row) => ({ score: scores[row] as number, timeNs: known.bestOf(sketch, rowOf(row), depth) }));
  }) as [Asked[], Asked[]];
  const goodOf = (asked: readonly Asked[]): readonly [number, number] => [
    asked.filter(({ timeNs }) => timeNs <= known.goodNs).length,
    asked.length,
  ];
  const both = [...ofKept, ...ofCut];
  const noCompletion = cut.filter((row) => (scores[row] as number) <= hopeless).length;
  const isLoss = lost !== null && before - after > leastLoss;
  return {
    ...{ sketch, depth, judged: kept.length + cut.length, kept: kept.length },
    ...{ outscored: cut.length - noCompletion, noCompletion, goodKept: goodOf(ofKept), goodCut: goodOf(ofCut) },
    pairwise: pairwiseAccuracy(
      both.map(({ score }) => score),
      both.map(({ timeNs }) => 1 / timeNs),
    ),
    ...{ before, after: isLoss ? after : before },
    fault: !isLoss
      ? null
      : faultOf(known.space, model, lost as Candidate, Math.min(...kept.map((row) => scores[row] as number))),
  };
}

function faultOf(space: SearchSpace, model: CostModel, lost: Candidate, leastKept: number): 'model' | 'completions' {
  const row = new Float32Array(space.columns);
  const score = new Float32Array(1);
  space.sketches[lost.sketch]?.createExtractor().extract(Float64Array.from(lost.values), row, 0);
  model.score(row, 1, space.columns, score);
  return (score[0] as number) > leastKept ? 'completions' : 'model';
}

/** The least time of random completions of a prefix. */
export function sampledBest(
  space: SearchSpace,
  timeOf: (candidate: Pick<Candidate, 'sketch' | 'values'>) => number | null,
  completions: number,
  random: Random,
): Known['bestOf'] {
  const pruners = space.sketches.map((sketch) => sketch.createPruner());
  return (sketch, values, depth) => {
    const scratch = new Float64Array(values.length);
    let best = Number.POSITIVE_INFINITY;
    for (let draw = 0; draw < completions; draw++) {
      scratch.set(values);
      const one = space.sketches[sketch] as SearchSpace['sketches'][number];
      if (!completeAtRandom(one, pruners[sketch] as (typeof pruners)[number], scratch, depth, random)) continue;
      best = Math.min(best, timeOf({ sketch, values: [...scratch] }) ?? Number.POSITIVE_INFINITY);
    }
    return best;
  };
}
