import { factorise, transposedInverse } from './cholesky.ts';
import { type DimensionTable, dimensionTable, type HyperPrior, type InputDimension } from './level-kernel.ts';

/** Points as levels, row after row, one number per dimension. */
export type Levels = Int32Array;

const leastStep = 1e-4;
const lowest = -9;
const highest = 6;

/**
 * The hyperparameters under which the targets are most likely, prior included, by gradient signs with a step of its own for each
 * (iRprop-, Igel and Huesken): it needs no line search, and the scale of the likelihood does not matter. Starts from `start`.
 */
export function learnHyper(
  all: readonly InputDimension[],
  allLevels: Levels,
  targets: Float64Array,
  prior: HyperPrior,
  start: Float64Array<ArrayBuffer>,
  iterations: number,
): Float64Array<ArrayBuffer> {
  const { dimensions, levels } = levelsInUse(all, allLevels);
  const current = start.slice();
  let best = start.slice();
  let bestLoss = Number.POSITIVE_INFINITY;
  const step = new Float64Array(start.length).fill(0.2);
  const before = new Float64Array(start.length);
  const gradient = new Float64Array(start.length);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const loss = lossOf(dimensions, levels, targets, prior, current, gradient);
    if (loss < bestLoss) {
      bestLoss = loss;
      best = current.slice();
    }
    for (let h = 0; h < current.length; h++) {
      const agreement = (gradient[h] as number) * (before[h] as number);
      if (agreement > 0) step[h] = Math.min((step[h] as number) * 1.3, 1);
      else if (agreement < 0) {
        step[h] = Math.max((step[h] as number) * 0.5, leastStep);
        gradient[h] = 0;
      }
      const moved = (current[h] as number) - Math.sign(gradient[h] as number) * (step[h] as number);
      current[h] = Math.min(highest, Math.max(lowest, moved));
      before[h] = gradient[h] as number;
    }
  }
  return best;
}

/** The same points on dimensions without the levels that none of them has: tables grow with the square of the levels. */
function levelsInUse(
  dimensions: readonly InputDimension[],
  levels: Levels,
): { readonly dimensions: readonly InputDimension[]; readonly levels: Levels } {
  const count = dimensions.length;
  const renumbered = levels.slice();
  const used = dimensions.map((dimension, at) => {
    const own: number[] = [];
    for (let point = at; point < levels.length; point += count) own.push(levels[point] as number);
    const held = [...new Set(own)].sort((a, b) => a - b);
    const places = new Map(held.map((level, place) => [level, place]));
    own.forEach((level, point) => {
      renumbered[point * count + at] = places.get(level) as number;
    });
    const coordinates = Float64Array.from(held, (level) => dimension.coordinates[level] as number);
    return { ...dimension, levels: held.length, coordinates };
  });
  return { dimensions: used, levels: renumbered };
}

/** Minus the logarithm of likelihood and prior, up to constants, and its gradient. */
export function lossOf(
  dimensions: readonly InputDimension[],
  levels: Levels,
  targets: Float64Array,
  prior: HyperPrior,
  hyper: Float64Array,
  gradient: Float64Array,
): number {
  const count = dimensions.length;
  const n = targets.length;
  const tables = dimensions.map((dimension, at) => dimensionTable(dimension, at, count, hyper));
  const noise = Math.exp(hyper[3 * count + 1] as number);
  const kernel = new Float64Array(n * n);
  const amplitude = Math.exp(hyper[3 * count] as number);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) kernel[i * n + j] = amplitude * product(dimensions, tables, levels, i, j);
  const factor = kernel.slice();
  for (let i = 0; i < n; i++) factor[i * n + i] = (factor[i * n + i] as number) + noise;
  gradient.fill(0);
  if (!factorise(factor, n)) return Number.POSITIVE_INFINITY;
  const inverse = transposedInverse(factor, n);
  const weights = new Float64Array(n);
  let loss = 0;
  for (let i = 0; i < n; i++) {
    let z = 0;
    for (let k = 0; k <= i; k++) z += (inverse[k * n + i] as number) * (targets[k] as number);
    loss += 0.5 * z * z + Math.log(factor[i * n + i] as number);
    for (let k = 0; k <= i; k++) weights[k] = (weights[k] as number) + (inverse[k * n + i] as number) * z;
  }
  // The gradient needs only sums over the pairs of points that share a pair of levels.
  const shares = dimensions.map(({ levels: size }) => new Float64Array(size * size));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let entry = -(weights[i] as number) * (weights[j] as number);
      for (let k = i; k < n; k++) entry += (inverse[i * n + k] as number) * (inverse[j * n + k] as number);
      if (i === j) gradient[3 * count + 1] = (gradient[3 * count + 1] as number) + 0.5 * entry * noise;
      const part = (i === j ? 0.5 : 1) * entry * (kernel[i * n + j] as number);
      gradient[3 * count] = (gradient[3 * count] as number) + part;
      for (let dimension = 0; dimension < count; dimension++) {
        const size = (dimensions[dimension] as InputDimension).levels;
        const at = (levels[i * count + dimension] as number) * size + (levels[j * count + dimension] as number);
        const share = shares[dimension] as Float64Array;
        share[at] = (share[at] as number) + part;
      }
    }
  }
  for (const [dimension, { byWeight, byRoughness, byIndividuality }] of tables.entries()) {
    const share = shares[dimension] as Float64Array;
    for (let at = 0; at < share.length; at++) {
      const part = share[at] as number;
      gradient[dimension] = (gradient[dimension] as number) + part * (byWeight[at] as number);
      gradient[count + dimension] = (gradient[count + dimension] as number) + part * (byRoughness[at] as number);
      gradient[2 * count + dimension] =
        (gradient[2 * count + dimension] as number) + part * (byIndividuality[at] as number);
    }
  }
  for (let h = 0; h < hyper.length; h++) {
    const away = ((hyper[h] as number) - (prior.mean[h] as number)) / (prior.deviation[h] as number);
    loss += 0.5 * away * away;
    gradient[h] = (gradient[h] as number) + away / (prior.deviation[h] as number);
  }
  return loss;
}

function product(
  dimensions: readonly InputDimension[],
  tables: readonly DimensionTable[],
  levels: Levels,
  i: number,
  j: number,
): number {
  const count = dimensions.length;
  let value = 1;
  for (let dimension = 0; dimension < count; dimension++) {
    const size = (dimensions[dimension] as InputDimension).levels;
    value *= (tables[dimension] as DimensionTable).factor[
      (levels[i * count + dimension] as number) * size + (levels[j * count + dimension] as number)
    ] as number;
  }
  return value;
}
