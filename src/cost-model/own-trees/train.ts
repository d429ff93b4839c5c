import { assert } from '../../support/errors.ts';
import { createRandom, type Random } from '../../support/random.ts';
import type { BoosterTraining } from '../booster.ts';
import { type Gradients, pairwiseGradients, squaredErrorGradients } from '../gradients.ts';
import { type Bins, cutIntoBins } from './bins.ts';
import { type Grove, plantGrove, trimmed } from './grove.ts';
import { createGrower } from './grow.ts';
import { readParameters, type TreeParameters } from './parameters.ts';

/**
 * Gradient boosting of trees as XGBoost does it, to be used where its library is not to be had: the same loss, the same regularisation, the same words for
 * parameters; other random numbers, so that the trees are as good and not the same. Equal trainings give equal trees on every machine.
 * Throws InternalError for a parameter it does not take.
 */
export function growTrees(training: BoosterTraining, params: Readonly<Record<string, string | number>>): Grove {
  const { rows, columns, labels, rounds, seed } = training;
  const count = labels.length;
  const parameters = readParameters(params);
  const bins = cutIntoBins(rows, count, columns, parameters.maxBin);
  const gradients = gradientsOf(training, parameters);
  const margins = training.baseMargin?.slice() ?? new Float32Array(count);
  const mostNodes = Math.max(1, Math.min(2 * count - 1, 2 ** (parameters.maxDepth + 1) - 1));
  const grove = plantGrove(columns, rounds, mostNodes);
  const grower = createGrower(bins, grove, parameters);
  const random = createRandom(seed).fork('trees');
  const drawn = new Int32Array(columns);
  for (let round = 0; round < rounds; round++) {
    gradients.take(margins);
    leaveOut(gradients, parameters.subsample, random);
    const used = drawColumns(bins, parameters.colsample, random, drawn);
    grower.grow(round, drawn, used, gradients, margins);
  }
  return trimmed(grove);
}

function gradientsOf(training: BoosterTraining, { pairs }: TreeParameters): Gradients {
  const { labels, weights, baseMargin, groups, objective } = training;
  const ranks = objective === 'rank:pairwise';
  const expected = ranks ? (groups?.length ?? 1) : labels.length;
  assert(
    weights === undefined || weights.length === expected,
    () => `${weights?.length} weights where ${expected} are wanted`,
  );
  assert(
    baseMargin === undefined || baseMargin.length === labels.length,
    () => `${baseMargin?.length} base margins for ${labels.length} rows`,
  );
  const grouped = groups?.reduce((sum, size) => sum + size, 0) ?? labels.length;
  assert(
    !ranks || grouped === labels.length,
    () => `groups of ${grouped} rows in all where there are ${labels.length}`,
  );
  return ranks ? pairwiseGradients(training, pairs) : squaredErrorGradients(training);
}

/** A row that a tree does not see pulls at nothing. */
function leaveOut({ first, second }: Gradients, subsample: number, random: Random): void {
  if (subsample === 1) return;
  for (let row = 0; row < first.length; row++) {
    if (random.unit() < subsample) continue;
    first[row] = 0;
    second[row] = 0;
  }
}

/** Draws the columns that a tree sees, in ascending order to the front of `drawn`; returns how many of them can be split at all. */
function drawColumns(bins: Bins, colsample: number, random: Random, drawn: Int32Array): number {
  const { columns, starts } = bins;
  let wanted = Math.max(1, Math.floor(colsample * columns));
  let used = 0;
  for (let column = 0; column < columns; column++) {
    // Of the columns that are left, each is as likely (Knuth's algorithm S).
    if (wanted < columns && random.below(columns - column) >= wanted) continue;
    wanted--;
    if ((starts[column + 1] as number) - (starts[column] as number) > 1) drawn[used++] = column;
    if (wanted === 0) break;
  }
  return used;
}
