/** The values of a packed row-major tensor with its dimensions in another order: dimension d of the result is dimension `order[d]`. */
export function permuted(values: Float32Array, shape: readonly number[], order: readonly number[]): Float32Array {
  const strides = shape.map((_, d) => shape.slice(d + 1).reduce((product, extent) => product * extent, 1));
  const extents = order.map((d) => shape[d] as number);
  const steps = order.map((d) => strides[d] as number);
  const found = new Float32Array(values.length);
  const at = extents.map(() => 0);
  let from = 0;
  for (let to = 0; to < found.length; to++) {
    found[to] = values[from] as number;
    for (let d = extents.length - 1; d >= 0; d--) {
      from += steps[d] as number;
      at[d] = (at[d] as number) + 1;
      if ((at[d] as number) < (extents[d] as number)) break;
      from -= (steps[d] as number) * (extents[d] as number);
      at[d] = 0;
    }
  }
  return found;
}

/** From channels first to channels last, and back, of images (rank 4) or lines (rank 3). */
export const channelsLast = (rank: number): readonly number[] => [0, ...range(2, rank), 1];
export const channelsFirst = (rank: number): readonly number[] => [0, rank - 1, ...range(1, rank - 1)];

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}
