import type { CostModel } from '../cost-model/cost-model.ts';
import type { Random } from '../support/random.ts';
import { completeAtRandom } from './completion.ts';
import type { SearchSketch } from './strategy.ts';

/**
 * How prefixes are judged: by the model's value of the prefix itself (undecided features missing), by the best of some random legal
 * completions scored as complete programs, or by both, each ranked and the ranks added.
 */
export type PrefixJudgement = 'value' | 'completions' | 'both';

export interface JudgeOptions {
  readonly judgement: PrefixJudgement;
  /** Random completions of one prefix. */
  readonly completions: number;
  /** Judges whatever is not complete in the model's place. */
  readonly draft?: CostModel;
}

/** A score no legal prefix has: its completions found no legal end. */
export const hopeless = -1e30;

/** Scores prefixes of one sketch, all of one depth, as rows of a matrix of decision values. */
export interface Judge {
  /** `prefixes` holds `count` rows of the sketch's decisions, NaN where undecided; higher scores are better. */
  score(prefixes: Float64Array, count: number, depth: number, into: Float32Array): void;
}

export function createJudge(
  sketch: SearchSketch,
  columns: number,
  model: CostModel,
  options: JudgeOptions,
  random: Random,
): Judge {
  const width = sketch.decisions.length;
  const extractor = sketch.createExtractor();
  const pruner = sketch.createPruner();
  const scratch = new Float64Array(width);
  const beforehand = options.draft ?? model;
  let rows = new Float32Array(0);
  let scores = new Float32Array(0);
  const reserve = (count: number): void => {
    if (rows.length >= count * columns) return;
    rows = new Float32Array(count * columns);
    scores = new Float32Array(count);
  };

  const byValue = (judging: CostModel, prefixes: Float64Array, count: number, into: Float32Array): void => {
    reserve(count);
    for (let i = 0; i < count; i++) {
      for (let d = 0; d < width; d++) scratch[d] = prefixes[i * width + d] as number;
      extractor.extract(scratch, rows, i * columns);
    }
    judging.score(rows, count, columns, into);
  };

  const byCompletions = (prefixes: Float64Array, count: number, depth: number, into: Float32Array): void => {
    const each = options.completions;
    reserve(count * each);
    let made = 0;
    const owners: number[] = [];
    for (let i = 0; i < count; i++) {
      for (let c = 0; c < each; c++) {
        for (let d = 0; d < width; d++) scratch[d] = prefixes[i * width + d] as number;
        if (!completeAtRandom(sketch, pruner, scratch, depth, random)) continue;
        extractor.extract(scratch, rows, made * columns);
        owners[made] = i;
        made++;
      }
    }
    beforehand.score(rows, made, columns, scores);
    into.fill(hopeless, 0, count);
    for (let m = 0; m < made; m++) {
      const owner = owners[m] as number;
      if ((scores[m] as number) > (into[owner] as number)) into[owner] = scores[m] as number;
    }
  };

  return {
    score(prefixes, count, depth, into) {
      if (depth >= width) return byValue(model, prefixes, count, into);
      // Before it has learned, a model knows complete programs only.
      if (!beforehand.trained || options.judgement === 'completions')
        return byCompletions(prefixes, count, depth, into);
      if (options.judgement === 'value') return byValue(beforehand, prefixes, count, into);
      const value = new Float32Array(count);
      byValue(beforehand, prefixes, count, value);
      byCompletions(prefixes, count, depth, into);
      addRanks(value, into, count);
    },
  };
}

/** Replaces `into` by the sum of both score lists' ranks in [0, 1]; the hopeless stay hopeless. */
function addRanks(other: Float32Array, into: Float32Array, count: number): void {
  const first = ranksOf(other, count);
  const second = ranksOf(into, count);
  for (let i = 0; i < count; i++) {
    if ((into[i] as number) > hopeless) into[i] = (first[i] as number) + (second[i] as number);
  }
}

function ranksOf(scores: Float32Array, count: number): Float32Array {
  const order = Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => (scores[a] as number) - (scores[b] as number) || a - b,
  );
  const ranks = new Float32Array(count);
  order.forEach((index, rank) => {
    ranks[index] = count > 1 ? rank / (count - 1) : 1;
  });
  return ranks;
}
