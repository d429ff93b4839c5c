/**
 * Joins what several sources say of candidates into one score, by how well each agrees with what was measured here: the weights are those of a
 * linear regression of minus the logarithms of the times on the sources' scores, drawn towards equal weights that sum to one (the times of
 * two devices are proportional, until measurements say otherwise). No weight is negative: a source that contradicts the measurements says
 * nothing, rather than the opposite.
 */

/** Standard deviation of a time's logarithm about what the sources explain. */
const noise = 0.4;
/** Standard deviation of the sum of the weights about one. */
const spread = 0.6;

/**
 * The weight of each source. `scores`: for each source one score per trial, in natural logarithms of throughput; `times`: nanoseconds of the
 * trials, null for a failure, which counts as the slowest. `likeness`: how much each source is believed before anything is measured, in any unit;
 * all alike when absent.
 */
export function sourceWeights(
  scores: readonly (readonly number[])[],
  times: readonly (number | null)[],
  likeness: readonly number[] = scores.map(() => 1),
): Float64Array<ArrayBuffer> {
  const sources = scores.length;
  const total = likeness.reduce((sum, one) => sum + one, 0);
  const priors = likeness.map((one) => one / total);
  const weights = Float64Array.from(priors);
  const slowest = times.reduce<number>((most, time) => Math.max(most, time ?? 0), 0);
  if (slowest === 0) return weights;
  const targets = centred(times.map((time) => -Math.log(time ?? slowest)));
  const columns = scores.map(centred);
  const ridge = (noise * noise * sources) / (spread * spread);
  // Coordinate descent: exact for a convex problem of a few weights, and it keeps each at or above zero.
  const residual = targets.map(
    (target, at) =>
      target - columns.reduce((sum, column, source) => sum + (priors[source] as number) * (column[at] as number), 0),
  );
  for (let round = 0; round < 100; round++) {
    let moved = 0;
    for (const [source, column] of columns.entries()) {
      const held = weights[source] as number;
      let gain = ridge * ((priors[source] as number) - held);
      let curvature = ridge;
      for (const [at, value] of column.entries()) {
        gain += value * (residual[at] as number);
        curvature += value * value;
      }
      const next = Math.max(0, held + gain / curvature);
      const step = next - held;
      if (step === 0) continue;
      weights[source] = next;
      for (const [at, value] of column.entries()) residual[at] = (residual[at] as number) - step * value;
      moved = Math.max(moved, Math.abs(step));
    }
    if (moved < 1e-6) break;
  }
  return weights;
}

/** Standard errors below zero at which a correlation is no longer chance, though the trials were chosen by what is judged. */
const beyondChance = 3;

/** Whether the measured times say the opposite of a source, beyond what chance explains. `score`: the source's, one per trial; `times` as above. */
export function isContradicted(score: readonly number[], times: readonly (number | null)[]): boolean {
  const slowest = times.reduce<number>((most, time) => Math.max(most, time ?? 0), 0);
  if (slowest === 0) return false;
  const said = centred(score);
  const seen = centred(times.map((time) => -Math.log(time ?? slowest)));
  const sumOf = (one: readonly number[], other: readonly number[]): number =>
    one.reduce((sum, value, at) => sum + value * (other[at] as number), 0);
  const scale = Math.sqrt(sumOf(said, said) * sumOf(seen, seen));
  return scale > 0 && (sumOf(said, seen) / scale) * Math.sqrt(times.length) < -beyondChance;
}

function centred(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  return values.map((value) => value - mean);
}
