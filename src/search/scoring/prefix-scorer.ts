import type { CostModel } from '../../cost-model/cost-model.ts';
import type { Random } from '../../support/random.ts';
import { completeAtRandom } from '../space/completion.ts';
import type { SearchSketch } from '../strategy.ts';

/** The score of a prefix for which no legal completion was found. */
export const hopeless = -1e30;

export interface PrefixScorerOptions {
  /** Completions per prefix. */
  readonly completions: number;
  /** How many of them take over the open decisions of a donor, drawn at random from `donors`. */
  readonly donated?: number;
  /** Candidates of the sketch that are thought good. */
  readonly donors?: () => readonly ArrayLike<number>[];
}

/** Scores prefixes of one sketch, all of one depth, as rows of a matrix of decision values. */
export interface PrefixScorer {
  /** `prefixes` holds `count` rows of the sketch's decisions, NaN where undecided; higher scores are better. */
  score(prefixes: Float64Array, count: number, depth: number, into: Float32Array): void;
}

/**
 * A prefix is worth the best of some legal completions, each scored as a complete program: a model of complete programs is near a coin flip on
 * half-made ones (Ansor's Figure 3). Completions at random seldom come to the good ends of a large space; those that end as a good candidate does
 * show a prefix in company that suits it (docs/decisions/038-large-spaces.md). Owns its scratch memory.
 */
export function createPrefixScorer(
  sketch: SearchSketch,
  columns: number,
  model: CostModel,
  { completions, donated = 0, donors = () => [] }: PrefixScorerOptions,
  random: Random,
): PrefixScorer {
  const width = sketch.decisions.length;
  const extractor = sketch.createExtractor();
  const pruner = sketch.createPruner();
  const scratch = new Float64Array(width);
  let rows = new Float32Array(0);
  let scores = new Float32Array(0);
  let owners = new Int32Array(0);
  const reserve = (count: number): void => {
    if (rows.length >= count * columns) return;
    rows = new Float32Array(count * columns);
    scores = new Float32Array(count);
    owners = new Int32Array(count);
  };

  const scoreComplete = (programs: Float64Array, count: number, into: Float32Array): void => {
    reserve(count);
    for (let i = 0; i < count; i++) {
      for (let d = 0; d < width; d++) scratch[d] = programs[i * width + d] as number;
      extractor.extract(scratch, rows, i * columns);
    }
    model.score(rows, count, columns, into);
  };

  return {
    score(prefixes, count, depth, into) {
      if (depth >= width) {
        scoreComplete(prefixes, count, into);
        return;
      }
      reserve(count * completions);
      const good = donors();
      let made = 0;
      for (let i = 0; i < count; i++) {
        for (let c = 0; c < completions; c++) {
          for (let d = 0; d < width; d++) scratch[d] = prefixes[i * width + d] as number;
          const donor = good.length > 0 && c < donated ? good[random.below(good.length)] : undefined;
          if (!completeAtRandom(sketch, pruner, scratch, depth, random, donor)) continue;
          extractor.extract(scratch, rows, made * columns);
          owners[made++] = i;
        }
      }
      model.score(rows, made, columns, scores);
      into.fill(hopeless, 0, count);
      for (let m = 0; m < made; m++) {
        const owner = owners[m] as number;
        if ((scores[m] as number) > (into[owner] as number)) into[owner] = scores[m] as number;
      }
    },
  };
}
