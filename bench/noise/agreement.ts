/** How well two series of measurements of the same things agree. */
export interface Agreement {
  /** Rank correlation (Spearman), ties with their mean rank. */
  readonly spearman: number;
  /** |a - b| over their mean, as fractions: median and the nearest rank to nine in ten. */
  readonly medianDifference: number;
  readonly p90Difference: number;
  /** Median of b / a: beside 1 where the machine as a whole became slower or faster. */
  readonly medianRatio: number;
}

export function agreementOf(pairs: readonly (readonly [number, number])[]): Agreement {
  const differences = pairs.map(([a, b]) => Math.abs(a - b) / ((a + b) / 2));
  return {
    spearman: correlation(ranks(pairs.map(([a]) => a)), ranks(pairs.map(([, b]) => b))),
    medianDifference: quantile(differences, 0.5),
    p90Difference: quantile(differences, 0.9),
    medianRatio: quantile(
      pairs.map(([a, b]) => b / a),
      0.5,
    ),
  };
}

export function quantile(values: readonly number[], fraction: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const place = fraction * (sorted.length - 1);
  const low = sorted[Math.floor(place)] as number;
  return low + ((sorted[Math.ceil(place)] as number) - low) * (place % 1);
}

function ranks(values: readonly number[]): number[] {
  const order = values.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value);
  const result = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && order[to]?.value === order[from]?.value) to++;
    for (const { index } of order.slice(from, to)) result[index] = (from + to - 1) / 2;
    from = to;
  }
  return result;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [both, ofA, ofB] = [0, 0, 0];
  a.forEach((value, index) => {
    const [x, y] = [value - meanA, (b[index] as number) - meanB];
    both += x * y;
    ofA += x * x;
    ofB += y * y;
  });
  return both / Math.sqrt(ofA * ofB);
}
