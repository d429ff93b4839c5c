/**
 * One input dimension of a space of choices: a decision, or what follows from one or two. Its levels are numbered from 0.
 */
export interface InputDimension {
  readonly name: string;
  readonly levels: number;
  /** Where each level lies on the dimension, in [0, 1]; NaN for a level that has no place among the others. */
  readonly coordinates: Float64Array;
  /** It follows from other dimensions: a priori it is thought to matter less, and to be smooth. */
  readonly derived: boolean;
}

/** Hyperparameters in one vector of logarithms: weight, roughness and individuality of each dimension, then amplitude and noise. */
function hyperCount(dimensions: readonly InputDimension[]): number {
  return 3 * dimensions.length + 2;
}

/** What is assumed of the hyperparameters before any data: independent normal distributions. */
export interface HyperPrior {
  readonly mean: Float64Array<ArrayBuffer>;
  readonly deviation: Float64Array<ArrayBuffer>;
}

/** Without `individuality` values of a decision are alike by nearness only, as in a plain Gaussian process. */
export function hyperPrior(dimensions: readonly InputDimension[], individuality = true): HyperPrior {
  const count = dimensions.length;
  const mean = new Float64Array(hyperCount(dimensions));
  const deviation = new Float64Array(hyperCount(dimensions)).fill(1);
  for (const [dimension, { derived }] of dimensions.entries()) {
    mean[dimension] = derived ? -2.5 : 0;
    mean[count + dimension] = 0.5;
    mean[2 * count + dimension] = !individuality ? -8 : derived ? -3 : 0;
    if (!individuality) deviation[2 * count + dimension] = 1e-3;
  }
  mean[3 * count + 1] = Math.log(0.01);
  deviation[3 * count] = 0.7;
  return { mean, deviation };
}

/** One dimension's factor of the kernel for every pair of its levels, and the derivative of its logarithm by each hyperparameter. */
export interface DimensionTable {
  readonly factor: Float64Array;
  readonly byWeight: Float64Array;
  readonly byRoughness: Float64Array;
  readonly byIndividuality: Float64Array;
}

/**
 * The kernel is a product over the dimensions of (1 + a k) / (1 + a): multiplied out, a sum over all interactions of dimensions, those of few
 * dimensions first where the weights `a` are small (the ANOVA kernel of Stitson and others). On each dimension, k mixes a smooth function of
 * the coordinates (Matern 5/2) with one that only knows equal from unequal, because times of kernels follow sizes by and large and then
 * jump at sizes that do not divide. The share of the latter function is the dimension's individuality.
 */
export function dimensionTable(
  { levels, coordinates }: InputDimension,
  dimension: number,
  count: number,
  hyper: Float64Array,
): DimensionTable {
  const weight = Math.exp(hyper[dimension] as number);
  const roughness = Math.exp(hyper[count + dimension] as number);
  const share = 1 / (1 + Math.exp(-(hyper[2 * count + dimension] as number)));
  const factor = new Float64Array(levels * levels);
  const byWeight = new Float64Array(levels * levels);
  const byRoughness = new Float64Array(levels * levels);
  const byIndividuality = new Float64Array(levels * levels);
  const portion = weight / (1 + weight);
  for (let one = 0; one < levels; one++) {
    for (let other = 0; other <= one; other++) {
      const equal = one === other ? 1 : 0;
      const gap = Math.abs((coordinates[one] as number) - (coordinates[other] as number));
      // A level without a place is like itself only.
      const r = equal === 1 ? 0 : Number.isNaN(gap) ? Number.POSITIVE_INFINITY : Math.sqrt(5) * roughness * gap;
      const fall = Math.exp(-r);
      const smooth = fall === 0 ? 0 : (1 + r + (r * r) / 3) * fall;
      const likeness = (1 - share) * smooth + share * equal;
      const value = (1 + weight * likeness) / (1 + weight);
      const at = one * levels + other;
      factor[at] = value;
      byWeight[at] = (portion * (likeness - value)) / value;
      byRoughness[at] = fall === 0 ? 0 : (portion * (1 - share) * (-(r * r) / 3) * (1 + r) * fall) / value;
      byIndividuality[at] = (portion * (equal - smooth) * share * (1 - share)) / value;
    }
  }
  for (const table of [factor, byWeight, byRoughness, byIndividuality]) mirror(table, levels);
  return { factor, byWeight, byRoughness, byIndividuality };
}

/** Copies the lower triangle of a square table to the upper one. */
function mirror(table: Float64Array, size: number): void {
  for (let row = 1; row < size; row++)
    for (let column = 0; column < row; column++) table[column * size + row] = table[row * size + column] as number;
}
