import type { Tolerance } from './fill.ts';
import type { BoundedReference, ElementReference } from './references.ts';

/** The relative error of rounding to nearest: half a unit in the last place. */
const rounding = { f32: 2 ** -24, f16: 2 ** -11 } as const;
const largest = { f32: 3.4e38, f16: 65504 } as const;
/** A device may take f16 numbers smaller than this for 0. */
const leastNormal = 2 ** -14;
const typicalSamples = 64;
/** An operator's tolerance holds for the inputs that it asks for; for others it is multiplied by this. */
const otherInputs = 4;
/** Allows some twenty times the error's standard deviation, see sumError. */
const margin = 8;

interface BoundOptions {
  /** The operator's results without an epilogue. */
  readonly plain: ElementReference;
  /** The result with a number added to it, after the epilogue. */
  readonly finished: (flatIndex: number, added: number) => number;
  /** Output elements. */
  readonly size: number;
  /** Terms of the longest sum. */
  readonly terms: number;
  /** How far results may be off in f32; null where they are exact on integers, because then only sums round. */
  readonly tolerance: Tolerance | null;
  /** The tolerance that the epilogue adds. */
  readonly epilogue: Tolerance;
  /** What results are stored as, and how many times as far from the exact ones as plain sums they may be. */
  readonly dtype: 'f32' | 'f16';
  readonly factor: number;
}

/**
 * Adding K terms in some order makes the error sum of d_i * s_i, with |d_i| <= 2^-24 for each of the K partial sums s_i. Partial sums grow
 * like sqrt(i) where terms have random signs and like i where all have one sign, never beyond S = sqrt(sum of squares) + |sum|. So the error's
 * standard deviation is at most 2^-24 * sqrt(K / 3) * S, and less for sums taken apart. Allowed is 8 * 2^-24 * sqrt(K) * S. After Higham and
 * Mary, "A new approach to probabilistic rounding error analysis" (2019); the sure bound, K * 2^-24 * sum |a b|, is above the error even of
 * sums in f16 from some K = 10,000 on. The sum of squares is taken from the mean square of some results.
 */
export function boundedReference(options: BoundOptions): BoundedReference {
  const { plain, finished, size, terms, tolerance, epilogue, dtype, factor } = options;
  const steps = Math.max(1, Math.floor(size / typicalSamples));
  let squares = 0;
  let seen = 0;
  for (let flat = 0; flat < size && seen < typicalSamples; flat += steps, seen++) squares += plain(flat) ** 2;
  const spread = Math.max(Math.sqrt(squares / seen), Math.sqrt(terms));
  const unit = factor * margin * rounding.f32 * Math.sqrt(terms);
  const sumError = (value: number): number => unit * (spread + Math.abs(value));
  return (flat) => {
    const value = plain(flat);
    const error =
      tolerance === null
        ? sumError(value)
        : factor * otherInputs * (tolerance.absolute + tolerance.relative * Math.abs(value));
    const expected = finished(flat, 0);
    const moved = Math.max(
      Math.abs(finished(flat, error) - expected),
      Math.abs(finished(flat, -error) - expected),
      epilogue.absolute + epilogue.relative * Math.abs(expected),
    );
    const most = Math.abs(expected) + moved;
    if (!(most <= largest[dtype])) return { expected: Number.NaN, allowed: Number.NaN };
    const flushed = dtype === 'f16' && Math.abs(expected) - moved < leastNormal ? leastNormal : 0;
    return { expected, allowed: moved + rounding[dtype] * most + flushed };
  };
}
