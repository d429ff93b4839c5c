import type { Tolerance } from './fill.ts';
import type { BoundedReference, ElementReference } from './references.ts';

/** Half a unit in the last place, relative, of what rounds to nearest. */
const rounding = { f32: 2 ** -24, f16: 2 ** -11 } as const;
const largestF16 = 65504;
/** A device may take smaller numbers of f16 for 0. */
const leastNormal = 2 ** -14;
const typicalSamples = 64;
/** An operator's tolerance holds for the inputs that it asks for. */
const otherInputs = 4;
/** Some twenty times the error's standard deviation, see sumError. */
const margin = 8;

interface BoundOptions {
  /** The operator's results without an epilogue. */
  readonly plain: ElementReference;
  /** The same with a number added to each and what an epilogue makes of that. */
  readonly finished: (flatIndex: number, added: number) => number;
  /** Output elements. */
  readonly size: number;
  /** Terms of the longest sum. */
  readonly terms: number;
  /** Null where results are exact on integers: then sums are all that rounds. Else what they may be off by in f32. */
  readonly tolerance: Tolerance | null;
  /** What the epilogue adds to it. */
  readonly epilogue: Tolerance;
}

/**
 * An order of additions makes the error sum of d_i * s_i, with |d_i| <= 2^-24 for each partial sum s_i of the K there are. Partial sums grow
 * like sqrt(i) where terms have random signs and like i where they have one, never beyond S = sqrt(sum of squares) + |sum|: a standard
 * deviation of at most 2^-24 * sqrt(K / 3) * S, and less for sums taken apart. Allowed is 8 * 2^-24 * sqrt(K) * S. After Higham and
 * Mary, "A new approach to probabilistic rounding error analysis" (2019); the sure bound, K * 2^-24 * sum |a b|, is beyond what sums in
 * f16 are off by from some K = 10,000 on. The sum of squares is what the square of a result is on average.
 */
export function boundedReference(options: BoundOptions): BoundedReference {
  const { plain, finished, size, terms, tolerance, epilogue } = options;
  const steps = Math.max(1, Math.floor(size / typicalSamples));
  let squares = 0;
  let seen = 0;
  for (let flat = 0; flat < size && seen < typicalSamples; flat += steps, seen++) squares += plain(flat) ** 2;
  const spread = Math.max(Math.sqrt(squares / seen), Math.sqrt(terms));
  const sumError = (value: number): number => margin * rounding.f32 * Math.sqrt(terms) * (spread + Math.abs(value));
  return (flat) => {
    const value = plain(flat);
    const error =
      tolerance === null ? sumError(value) : otherInputs * (tolerance.absolute + tolerance.relative * Math.abs(value));
    const expected = finished(flat, 0);
    const moved = Math.max(
      Math.abs(finished(flat, error) - expected),
      Math.abs(finished(flat, -error) - expected),
      epilogue.absolute + epilogue.relative * Math.abs(expected),
    );
    const largest = Math.abs(expected) + moved;
    if (!(largest <= largestF16)) return { expected: Number.NaN, allowed: Number.NaN };
    const flushed = Math.abs(expected) - moved < leastNormal ? leastNormal : 0;
    return { expected, allowed: moved + rounding.f16 * largest + flushed };
  };
}
