import type { Random } from '../support/random.ts';
import type { TrainingData } from './cost-model.ts';

/** Labels below this count as equally bad when a logarithm is taken; failures (0) land here. */
export const labelFloor = 0.005;

/** Row numbers in the order XGBoost wants them: rows that may be compared lie together. */
interface Ranking {
  readonly order: Uint32Array;
  /** Sizes of the consecutive groups in `order`. */
  readonly sizes: Uint32Array;
}

/** Rows of one group lie together. The order is a function of the data alone: equal rows keep their order. */
export function rankingOf(data: TrainingData, keep: (row: number) => boolean): Ranking {
  const rows: number[] = [];
  for (let row = 0; row < data.count; row++) if (keep(row)) rows.push(row);
  const group = (row: number): number => data.groups?.[row] ?? 0;
  rows.sort((a, b) => group(a) - group(b) || a - b);
  const sizes: number[] = [];
  rows.forEach((row, at) => {
    const before = rows[at - 1];
    if (before !== undefined && group(before) === group(row)) {
      sizes[sizes.length - 1] = (sizes.at(-1) as number) + 1;
    } else {
      sizes.push(1);
    }
  });
  return { order: Uint32Array.from(rows), sizes: Uint32Array.from(sizes) };
}

/** Below this many rows a member of an ensemble sees all of them: leaving some out would lose more than it gains. */
const smallestSubset = 24;

/** Which rows one member of an ensemble sees: a seeded 80%, never none. */
export function subset(count: number, members: number, random: Random): (row: number) => boolean {
  if (members === 1 || count < smallestSubset) return () => true;
  const kept = Uint8Array.from({ length: count }, () => (random.unit() < 0.8 ? 1 : 0));
  kept[random.below(count)] = 1;
  return (row) => kept[row] === 1;
}

/** Copies the rows of a matrix in the order given, of each its first `kept` numbers. */
export function gatherRows(rows: Float32Array, columns: number, order: Uint32Array, kept: number): Float32Array {
  const out = new Float32Array(order.length * kept);
  for (const [at, row] of order.entries()) out.set(rows.subarray(row * columns, row * columns + kept), at * kept);
  return out;
}

export function gather(values: Float32Array, order: Uint32Array): Float32Array {
  return Float32Array.from(order, (row) => values[row] as number);
}

/** Means of the consecutive groups: XGBoost weighs whole rankings and not rows. */
export function groupMeans(values: Float32Array, sizes: Uint32Array): Float32Array {
  let begin = 0;
  return Float32Array.from(sizes, (size) => {
    const part = values.subarray(begin, begin + size);
    begin += size;
    return part.reduce((sum, value) => sum + value, 0) / size;
  });
}

/** log(throughput), the scale on which twice as fast is the same step everywhere. */
export function logLabels(labels: Float32Array): Float32Array {
  return labels.map((label) => Math.log(Math.max(label, labelFloor)));
}

/** What a base score is worth: `scale * base + shift` is the best line through the log throughputs; a useless base gets scale 0. */
export interface Calibration {
  readonly scale: number;
  readonly shift: number;
}

/**
 * The best line through the log throughputs, with one slope for all groups: their base scores need not compare. `trust`: the slope is drawn towards one as if
 * there were further measurements with so large a sum of squared base scores that bear the base out, and failures, which have no time, do not bend it.
 */
export function calibrate(
  base: Float32Array,
  labels: Float32Array,
  count: number,
  groups?: Uint32Array,
  trust = 0,
): Calibration & { readonly margins: Float32Array } {
  const target = logLabels(labels.subarray(0, count));
  const means = new Map<number, { rows: number; base: number; target: number }>();
  const counts = (row: number): boolean => trust === 0 || (labels[row] as number) > 0;
  const meanOf = (row: number) => {
    const group = groups?.[row] ?? 0;
    const held = means.get(group) ?? { rows: 0, base: 0, target: 0 };
    means.set(group, held);
    return held;
  };
  const whole = { rows: 0, base: 0, target: 0 };
  for (let row = 0; row < count; row++) {
    if (!counts(row)) continue;
    const own = meanOf(row);
    own.rows++;
    whole.rows++;
    own.base += base[row] as number;
    own.target += target[row] as number;
    whole.base += base[row] as number;
    whole.target += target[row] as number;
  }
  let covariance = 0;
  let variance = 0;
  for (let row = 0; row < count; row++) {
    if (!counts(row)) continue;
    const own = meanOf(row);
    const x = (base[row] as number) - own.base / own.rows;
    covariance += x * ((target[row] as number) - own.target / own.rows);
    variance += x * x;
  }
  // A base that contradicts the measurements is not turned round: the trees learn the truth instead.
  const scale = variance + trust > 0 ? Math.max(0, (covariance + trust) / (variance + trust)) : 0;
  const margins = Float32Array.from({ length: count }, (_, row) => {
    const own = meanOf(row);
    const rows = Math.max(1, own.rows);
    return own.target / rows + scale * ((base[row] as number) - own.base / rows);
  });
  const shift = whole.rows === 0 ? 0 : (whole.target - scale * whole.base) / whole.rows;
  return { scale, shift, margins };
}
