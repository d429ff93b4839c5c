import { assert } from '../support/errors.ts';
import { isRefusal } from '../support/refusal.ts';
import { type BoosterTraining, defaultParams, savedBooster, type TreeTrainer } from './booster.ts';
import { forestFromModel } from './flat-forest.ts';
import { pairwiseGradients } from './gradients.ts';
import type { LibraryBooster, TrainingMatrix, XgboostLibrary } from './xgboost-library.ts';

/** XGBoost's library as a trainer; its trees are taken out and walked here. */
export function libraryTrainer(library: XgboostLibrary): TreeTrainer {
  return {
    name: 'xgboost',
    train: (training) => {
      const trained = trainInLibrary(library, training);
      try {
        const bytes = trained.save();
        const forest = forestFromModel(bytes);
        assert(!isRefusal(forest), () => (isRefusal(forest) ? forest.message() : ''));
        return savedBooster(forest, bytes);
      } finally {
        trained.free();
      }
    },
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
    if (objective === 'rank:pairwise' && !ranksAsHere(library)) boostByPairs(booster, matrix, training);
    else for (let round = 0; round < rounds; round++) booster.update(round, matrix);
    return booster;
  } catch (error) {
    booster?.free();
    throw error;
  } finally {
    matrix.free();
  }
}

/** From version 2 on pairs weigh less the further apart their scores are, which 2.0 cannot be talked out of. */
function ranksAsHere({ version }: XgboostLibrary): boolean {
  return version.startsWith('1.');
}

function boostByPairs(booster: LibraryBooster, matrix: TrainingMatrix, training: BoosterTraining): void {
  const gradients = pairwiseGradients(training, Number(training.params?.num_pairsample ?? 1));
  const margins = new Float32Array(training.labels.length);
  for (let round = 0; round < training.rounds; round++) {
    booster.predictMatrix(matrix, margins);
    gradients.take(margins);
    booster.boost(matrix, gradients.first, gradients.second);
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
