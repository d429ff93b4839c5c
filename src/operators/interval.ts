/** All numbers from `low` to `high`, both included; both are finite. */
export interface ValueInterval {
  readonly low: number;
  readonly high: number;
}

/** The interval of some results; null where one of them is not finite, or not all are known to be. */
export type Reach = ValueInterval | null;

/** Results beyond this may overflow in later operations. */
const largest = 1e9;

export const interval = (low: number, high: number): ValueInterval => ({ low, high });

/** The interval between numbers, where all of them are finite and of a moderate size. */
export function between(...numbers: readonly number[]): Reach {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return low >= -largest && high <= largest ? { low, high } : null;
}

/** The interval that a function makes of another one, where the function never falls. */
export const rising =
  (f: (value: number) => number) =>
  ({ low, high }: ValueInterval): Reach =>
    between(f(low), f(high));

export const sum = (a: ValueInterval, b: ValueInterval): Reach => between(a.low + b.low, a.high + b.high);
export const difference = (a: ValueInterval, b: ValueInterval): Reach => between(a.low - b.high, a.high - b.low);
export const product = (a: ValueInterval, b: ValueInterval): Reach =>
  between(a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high);

/** Divisors keep this distance from zero: operands that cancel each other do not give an exact zero on every device. */
const nearZero = 1 / 64;

export function quotient(a: ValueInterval, b: ValueInterval): Reach {
  if (b.low < nearZero && b.high > -nearZero) return null;
  return product(a, { low: 1 / b.high, high: 1 / b.low });
}

export const magnitude = ({ low, high }: ValueInterval): ValueInterval => ({
  low: low > 0 ? low : high < 0 ? -high : 0,
  high: Math.max(-low, high),
});

/** The reach of a square root, whose domain begins at zero. */
export const root = (a: ValueInterval): Reach => (a.low < 0 ? null : rising(Math.sqrt)(a));

/** The reach of a logarithm, whose argument must be above zero and not so near that the result is inaccurate. */
export const logarithm = (a: ValueInterval): Reach => (a.low < nearZero ? null : rising(Math.log)(a));

/** The reach of a power: whole powers of any base (negative ones not of zero), other powers of positive bases only. */
export function power(base: ValueInterval, exponent: ValueInterval): Reach {
  const corners = [
    base.low ** exponent.low,
    base.low ** exponent.high,
    base.high ** exponent.low,
    base.high ** exponent.high,
  ];
  if (base.low >= nearZero) return between(...corners);
  const { low: n } = exponent;
  if (exponent.high !== n) return null;
  if (Number.isInteger(n)) {
    if (n < 0 && base.high > -nearZero) return null;
    return between(...corners, ...(base.low < 0 && base.high > 0 ? [0] : []));
  }
  return n > 0 && base.low >= 0 ? between(...corners) : null;
}

/** The reach of a sine or cosine: WGSL says only between -pi and pi how accurate they are. */
export const circular = ({ low, high }: ValueInterval): Reach =>
  low >= -Math.PI && high <= Math.PI ? { low: -1, high: 1 } : null;
