const steps = 200;
const rate = 0.1;
/** How fast the running means of Adam forget. */
const forgetting = { gradient: 0.9, square: 0.99 } as const;
/** The fit's penalty, in squared logarithms, for moving one cost, relative to the others, by a factor of e from where it started. */
const ridge = 0.0002;
/** Beyond an error of this factor (a logarithm) a row pulls no harder: its measurement was disturbed. */
const robust = 1;

/**
 * Costs that make sums of `cost * count` proportional to times: least squares of logarithms, positive, near `prior` where measurements say
 * nothing. `counts` holds one row per measurement with one number per cost, `logTimes` the logarithms of the times, in a unit that each group
 * may have of its own (`groups`, numbered from 0). Groups weigh as the roots of their sizes. Adam on the logarithms of costs; no randomness.
 */
export function fitCosts(
  counts: Float64Array,
  logTimes: Float64Array,
  groups: Uint32Array,
  prior: Float64Array,
): Float64Array {
  const [rows, terms] = [logTimes.length, prior.length];
  const { weights, ofGroup } = weightsOf(groups);
  const moved = new Float64Array(terms);
  const costs = prior.slice();
  const predicted = new Float64Array(rows);
  const [units, errors] = [new Float64Array(ofGroup.length), new Float64Array(ofGroup.length)];
  const [gradient, mean, square] = [new Float64Array(terms), new Float64Array(terms), new Float64Array(terms)];
  const errorOf = (row: number): number =>
    Math.log(predicted[row] as number) - (logTimes[row] as number) - (units[groups[row] as number] as number);
  /** Each group's unit becomes the one in which its errors have mean zero, errors beyond `most` counted as `most`. */
  const moveUnits = (most: number): void => {
    errors.fill(0);
    for (let row = 0; row < rows; row++) {
      const group = groups[row] as number;
      const share = (weights[row] as number) / (ofGroup[group] as number);
      errors[group] = (errors[group] as number) + share * clipped(errorOf(row), most);
    }
    for (let group = 0; group < units.length; group++)
      units[group] = (units[group] as number) + (errors[group] as number);
  };
  for (let step = 1; step <= steps; step++) {
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let term = 0; term < terms; term++) sum += (costs[term] as number) * (counts[row * terms + term] as number);
      predicted[row] = sum;
    }
    moveUnits(step === 1 ? Number.POSITIVE_INFINITY : robust);
    const middle = moved.reduce((sum, each) => sum + each, 0) / terms;
    for (let term = 0; term < terms; term++) gradient[term] = 2 * ridge * ((moved[term] as number) - middle);
    for (let row = 0; row < rows; row++) {
      const sum = predicted[row] as number;
      const pull = (2 * (weights[row] as number) * clipped(errorOf(row), robust)) / sum;
      for (let term = 0; term < terms; term++)
        gradient[term] =
          (gradient[term] as number) + pull * (costs[term] as number) * (counts[row * terms + term] as number);
    }
    for (let term = 0; term < terms; term++) {
      const slope = gradient[term] as number;
      mean[term] = forgetting.gradient * (mean[term] as number) + (1 - forgetting.gradient) * slope;
      square[term] = forgetting.square * (square[term] as number) + (1 - forgetting.square) * slope * slope;
      const direction = (mean[term] as number) / (1 - forgetting.gradient ** step);
      const size = Math.sqrt((square[term] as number) / (1 - forgetting.square ** step));
      moved[term] = (moved[term] as number) - (rate * direction) / (size + 1e-9);
      costs[term] = (prior[term] as number) * Math.exp(moved[term] as number);
    }
  }
  return costs;
}

/** Weights of rows, which add up to 1, and of whole groups: a large space tells more than a small one, but not in proportion. */
function weightsOf(groups: Uint32Array): { weights: Float64Array; ofGroup: Float64Array } {
  const sizes = new Float64Array(groups.reduce((most, group) => Math.max(most, group), 0) + 1);
  for (const group of groups) sizes[group] = (sizes[group] as number) + 1;
  const total = sizes.reduce((sum, size) => sum + Math.sqrt(size), 0);
  return {
    weights: Float64Array.from(groups, (group) => 1 / (Math.sqrt(sizes[group] as number) * total)),
    ofGroup: sizes.map((size) => Math.sqrt(size) / total),
  };
}

function clipped(error: number, most: number): number {
  return Math.max(-most, Math.min(most, error));
}
