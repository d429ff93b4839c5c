import { assert } from '../support/errors.ts';
import { isRefusal, type Refusal } from '../support/refusal.ts';
import { type FlatForest, forestFromModel, predictForest } from './flat-forest.ts';

/** Gradient-boosted trees, trained: they predict without the native library. */
export interface Booster {
  /** Features it was trained on; a row may hold more numbers after them. */
  readonly columns: number;
  readonly trees: number;
  /**
   * Sum of the trees for `count` rows of `columns` numbers, NaN missing, written to the front of `into`. For a booster trained
   * with `baseMargin` this is the correction to add to the base. Allocates nothing.
   */
  predict(rows: Float32Array, count: number, columns: number, into: Float32Array): void;
  /** XGBoost's own JSON model: `loadBooster` and any XGBoost read it. */
  save(): Uint8Array;
}

export interface BoosterTraining {
  /** Row after row, `columns` numbers each; NaN is missing. */
  readonly rows: Float32Array;
  readonly columns: number;
  /** One per row; its length is the number of rows. */
  readonly labels: Float32Array;
  readonly objective: 'rank:pairwise' | 'reg:squarederror';
  /** Sizes of consecutive groups of rows; pairs form inside a group only. For `rank:pairwise`; one group when absent. */
  readonly groups?: Uint32Array;
  /** One per row; for `rank:pairwise` one per group (XGBoost weighs whole rankings). */
  readonly weights?: Float32Array;
  /** One per row: where boosting starts from instead of 0, so that the trees learn the residual. */
  readonly baseMargin?: Float32Array;
  readonly rounds: number;
  readonly seed: number;
  /** Threads of XGBoost's library. Results are reproducible for equal seed and threads; 1 is reproducible between machines as well. */
  readonly threads: number;
  /** XGBoost parameters by their own names, beyond the ones above. */
  readonly params?: Readonly<Record<string, string | number>>;
}

/** Who trains boosters: XGBoost's library, or our own trees where there is none. */
export interface TreeTrainer {
  readonly name: 'xgboost' | 'own-trees';
  /** Throws InternalError, with XGBoost's text where it is XGBoost, for a parameter that is not taken. */
  train(training: BoosterTraining): Booster;
}

/** AutoTVM's and Ansor's settings in spirit: trees deep enough for interactions of loop features, shrunk, from few samples. */
export const defaultParams: Readonly<Record<string, string | number>> = {
  tree_method: 'hist',
  max_bin: 64,
  max_depth: 6,
  eta: 0.2,
  gamma: 0.0001,
  min_child_weight: 1,
};

/** A saved booster; needs no native library. */
export function loadBooster(bytes: Uint8Array): Booster | Refusal {
  const forest = forestFromModel(bytes);
  return isRefusal(forest) ? forest : savedBooster(forest, bytes.slice());
}

/** A booster of these trees; `save` writes them. */
export function boosterOf(forest: FlatForest, save: () => Uint8Array): Booster {
  return {
    columns: forest.columns,
    trees: forest.roots.length,
    predict: (rows, count, columns, into) => {
      assert(columns >= forest.columns, () => `booster of ${forest.columns} features asked about ${columns}`);
      assert(rows.length >= count * columns && into.length >= count, 'prediction: buffers are too small');
      predictForest(forest, rows, count, columns, into);
    },
    save,
  };
}

/** A booster of these trees, of which a file is at hand. */
export function savedBooster(forest: FlatForest, bytes: Uint8Array): Booster {
  return boosterOf(forest, () => bytes.slice());
}
