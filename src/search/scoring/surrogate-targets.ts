import { normalQuantile } from '../../cost-model/gaussian/normal.ts';

/**
 * Times as targets of a Gaussian process: each time's rank as a quantile of the normal distribution, higher is faster; failures share the
 * lowest ranks. What a kernel space is like far from the optimum (a thousand times slower, mostly) does not matter then, and as better
 * candidates are found the scale opens up among them.
 */
export function rankTargets(times: readonly (number | null)[]): Float64Array {
  const keyOf = (at: number): number => times[at] ?? Number.POSITIVE_INFINITY;
  const order = times.map((_, at) => at).sort((a, b) => (keyOf(b) === keyOf(a) ? a - b : keyOf(b) > keyOf(a) ? 1 : -1));
  const targets = new Float64Array(times.length);
  for (let begin = 0; begin < order.length; ) {
    let end = begin + 1;
    while (end < order.length && keyOf(order[end] as number) === keyOf(order[begin] as number)) end++;
    const shared = normalQuantile((begin + end) / 2 / order.length);
    for (let at = begin; at < end; at++) targets[order[at] as number] = shared;
    begin = end;
  }
  return standardised(targets);
}

/** Times as targets: minus their logarithms, higher is faster; a failure counts as the slowest that was measured. */
export function logTargets(times: readonly (number | null)[]): Float64Array {
  const slowest = times.reduce<number>((most, time) => Math.max(most, time ?? 0), 0);
  if (slowest === 0) return new Float64Array(times.length);
  return standardised(Float64Array.from(times, (time) => -Math.log(time ?? slowest)));
}

/** What is believed of a line before any data: its slope, as if points of that variance in the base (their sum) lay on it. */
export interface LineBelief {
  readonly slope: number;
  readonly weight: number;
}

/**
 * The best line from a model's scores without measurements to the targets, never falling, and flat where the model has no scores or little is
 * known: without a belief two more observations without slope are added to the data.
 */
export function lineThrough(
  base: readonly number[],
  targets: Float64Array,
  belief?: LineBelief,
): (base: number) => number {
  const known = [...base.keys()].filter((at) => Number.isFinite(base[at]));
  const centre = known.reduce((sum, at) => sum + (base[at] as number), 0) / Math.max(1, known.length);
  const level = known.reduce((sum, at) => sum + (targets[at] as number), 0) / Math.max(1, known.length);
  let covariance = 0;
  let variance = 0;
  for (const at of known) {
    covariance += ((base[at] as number) - centre) * ((targets[at] as number) - level);
    variance += ((base[at] as number) - centre) ** 2;
  }
  const typical = variance / Math.max(1, known.length);
  const { slope: believed, weight } = belief ?? { slope: 0, weight: 2 * typical };
  const slope = variance + weight > 0 ? Math.max(0, (covariance + weight * believed) / (variance + weight)) : 0;
  return (value) => (slope === 0 || !Number.isFinite(value) ? 0 : slope * (value - centre));
}

function standardised(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const scale = variance > 0 ? Math.sqrt(variance) : 1;
  return values.map((value) => (value - mean) / scale);
}
