import type { Workload } from './workload.ts';

/**
 * What an input is filled with for verification: uniformly chosen multiples of `step` in [low, high], a share `density` of the
 * elements; the others are 0. Steps are powers of two, so every value is exact in f32 (and in f16 for up to 2048 steps).
 */
export interface Fill {
  readonly low: number;
  readonly high: number;
  readonly step: number;
  /** In (0, 1]. */
  readonly density: number;
}

/** |got - expected| <= absolute + relative * |expected|, where expected is first rounded to the output's dtype. Two zeros ask for equality. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

/** Equality. */
export const exact: Tolerance = Object.freeze({ absolute: 0, relative: 0 });
export const isEquality = ({ absolute, relative }: Tolerance): boolean => absolute === 0 && relative === 0;

/** Integers up to this magnitude are exact, and so is every sum whose partial sums stay below it, in any order. */
export const exactIntegerLimit: Readonly<Record<Workload['dtype'], number>> = { f32: 2 ** 24, f16: 2 ** 11 };

/** All integers in [low, high]. */
export function integers(low: number, high: number, density = 1): Fill {
  return { low, high, step: 1, density };
}

/** Multiples of `step` (a power of two) in [low, high]. */
export function reals(low: number, high: number, step = 1 / 64): Fill {
  return { low, high, step, density: 1 };
}

/**
 * Integers so small that a sum of `terms` products of `factors` of them stays exact in `dtype`, in any order: [-4, 4] where that
 * fits, else the largest range that does. Where even -1, 0, 1 could in the worst case leave the exact range (f16 and more than
 * 2,048 terms), the inputs are thinned until a partial sum, a random walk, would have to be 8 standard deviations out.
 */
export function exactIntegers(dtype: Workload['dtype'], terms: number, factors: number): Fill {
  const limit = exactIntegerLimit[dtype];
  const magnitude = Math.min(4, Math.floor((limit / terms) ** (1 / factors)));
  if (magnitude >= 1) return integers(-magnitude, magnitude);
  // A product of `factors` values from {-1, 0, 1}, each kept with this density, has variance (density * 2 / 3) ** factors.
  const variance = (limit / 8) ** 2 / terms;
  return integers(-1, 1, Math.min(1, variance ** (1 / factors) * 1.5));
}
