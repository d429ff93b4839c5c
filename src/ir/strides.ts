import type { Buffer } from './nodes.ts';

/** Row-major strides of a shape, in elements, with `padding` unused elements after each innermost row. */
export function paddedStrides(shape: readonly number[], padding: number): number[] {
  const strides: number[] = new Array(shape.length).fill(1);
  for (let d = shape.length - 2; d >= 0; d--) {
    const inner = (strides[d + 1] as number) * (shape[d + 1] as number);
    strides[d] = d === shape.length - 2 ? inner + padding : inner;
  }
  return strides;
}

/** Unused elements after each innermost row of a buffer. */
export function paddingOf({ shape, strides }: Buffer): number {
  const rank = shape.length;
  if (strides === undefined || rank < 2) return 0;
  return (strides[rank - 2] as number) - (shape[rank - 1] as number);
}
