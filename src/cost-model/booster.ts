import { assert } from '../support/errors.ts';
import { isRefusal, type Refusal } from '../support/refusal.ts';
import { type FlatForest, forestFromModel, predictForest } from './flat-forest.ts';
import type { LibraryBooster, TrainingMatrix, XgboostLibrary } from './xgboost-library.ts';

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
  /** Threads of the library. Results are reproducible for equal seed and threads; 1 is reproducible between machines as well. */
  readonly threads: number;
  /** XGBoost parameters by their own names, beyond the ones above. */
  readonly params?: Readonly<Record<string, string | number>>;
}

/** AutoTVM's and Ansor's settings in spirit: trees deep enough for interactions of loop features, shrunk, from few samples. */
const defaultParams: Readonly<Record<string, string | number>> = {
  tree_method: 'hist',
  max_bin: 64,
  max_depth: 6,
  eta: 0.2,
  gamma: 0.0001,
  min_child_weight: 1,
};

/** Trains a booster. Throws InternalError with XGBoost's text for a parameter it does not take. */
export function trainBooster(library: XgboostLibrary, training: BoosterTraining): Booster {
  const trained = trainInLibrary(library, training);
  try {
    const bytes = trained.save();
    const forest = forestFromModel(bytes);
    assert(!isRefusal(forest), () => (isRefusal(forest) ? forest.message() : ''));
    return boosterOf(forest, bytes);
  } finally {
    trained.free();
  }
}

/** A saved booster; needs no native library. */
export function loadBooster(bytes: Uint8Array): Booster | Refusal {
  const forest = forestFromModel(bytes);
  return isRefusal(forest) ? forest : boosterOf(forest, bytes.slice());
}

function boosterOf(forest: FlatForest, bytes: Uint8Array): Booster {
  return {
    columns: forest.columns,
    trees: forest.roots.length,
    predict: (rows, count, columns, into) => {
      assert(columns >= forest.columns, () => `booster of ${forest.columns} features asked about ${columns}`);
      assert(rows.length >= count * columns && into.length >= count, 'prediction: buffers are too small');
      predictForest(forest, rows, count, columns, into);
    },
    save: () => bytes.slice(),
  };
}

/** Trains and keeps the booster inside the library; the caller frees it. Tests compare the flat forest with it. */
export function trainInLibrary(library: XgboostLibrary, training: BoosterTraining): LibraryBooster {
  const { rows, columns, labels, objective, rounds, seed, threads } = training;
  const matrix = library.createMatrix({ rows, count: labels.length, columns }, threads);
  let booster: LibraryBooster | undefined;
  try {
    describe(matrix, training);
    booster = library.createBooster([matrix]);
    // base_score 0: the trees alone make the margin, and it makes no difference to ranks.
    const own = { objective, seed, nthread: threads, base_score: 0, verbosity: 0 };
    for (const [name, value] of Object.entries({ ...defaultParams, ...training.params, ...own })) {
      booster.setParameter(name, String(value));
    }
    for (let round = 0; round < rounds; round++) booster.update(round, matrix);
    return booster;
  } catch (error) {
    booster?.free();
    throw error;
  } finally {
    matrix.free();
  }
}

function describe(matrix: TrainingMatrix, training: BoosterTraining): void {
  const { labels, objective, baseMargin, weights } = training;
  matrix.setFloats('label', labels);
  const ranks = objective === 'rank:pairwise';
  const groups = ranks ? (training.groups ?? Uint32Array.of(labels.length)) : undefined;
  if (groups !== undefined) matrix.setGroups(groups);
  if (weights !== undefined) {
    const expected = groups === undefined ? labels.length : groups.length;
    assert(weights.length === expected, () => `${weights.length} weights where ${expected} are wanted`);
    matrix.setFloats('weight', weights);
  }
  if (baseMargin !== undefined) {
    assert(baseMargin.length === labels.length, () => `${baseMargin.length} base margins for ${labels.length} rows`);
    matrix.setFloats('base_margin', baseMargin);
  }
}
