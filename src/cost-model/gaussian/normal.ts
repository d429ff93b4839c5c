// Coefficients of P. J. Acklam's rational approximation of the normal quantile (relative error 1e-9).
const centre = [
  [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239],
  [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1],
] as const;
const tail = [
  [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ],
  [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1],
] as const;
const tailFrom = 0.02425;

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}

/** The value below which a standard normal variable lies with a chance of `p`, for 0 < p < 1. */
export function normalQuantile(p: number): number {
  if (p > 1 - tailFrom) return -normalQuantile(1 - p);
  if (p < tailFrom) {
    const q = Math.sqrt(-2 * Math.log(p));
    return polynomial(tail[0], q) / polynomial(tail[1], q);
  }
  const q = p - 0.5;
  return (q * polynomial(centre[0], q * q)) / polynomial(centre[1], q * q);
}

/** Chance below z over density at z of a standard normal variable (Mills' ratio), for z <= 0. */
function millsRatio(z: number): number {
  const x = -z;
  if (x > 3) {
    // Laplace's continued fraction converges fast this far out.
    let fraction = x;
    for (let k = 24; k >= 1; k--) fraction = x + k / fraction;
    return 1 / fraction;
  }
  // The odd series of the chance between 0 and z.
  let term = x;
  let sum = x;
  for (let k = 1; k < 60; k++) {
    term *= (x * x) / (2 * k + 1);
    sum += term;
  }
  return Math.sqrt(Math.PI / 2) * Math.exp((x * x) / 2) - sum;
}

/** Logarithm of how much a normal variable exceeds `best` on average, where not exceeding counts as nothing (expected improvement). */
export function logExpectedImprovement(mean: number, deviation: number, best: number): number {
  const z = (mean - best) / deviation;
  if (z > 0) {
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
    return Math.log(deviation * (z * (1 - density * millsRatio(-z)) + density));
  }
  const gain = 1 + z * millsRatio(z);
  return Math.log(deviation) - (z * z) / 2 - 0.5 * Math.log(2 * Math.PI) + Math.log(Math.max(gain, 1e-300));
}
