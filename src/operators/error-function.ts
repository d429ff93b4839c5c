import type { Value } from './definition.ts';
import { add, constant, div, max, min, mul } from './expression.ts';

/*
 * erf(x) is x P(x^2) / Q(x^2) here: a minimax fit of the relative error (Lawson's reweighting of least squares) on [0, 3.92]; beyond
 * that, erf is 1 in f32. In f32 it is at most 3.6e-7 off, both absolutely and relatively.
 */
const reach = 3.92;
const above = [1.1283791, 0.19040723, 0.052748829, 0.0037656508, 2.8488363e-4, 2.0500831e-6];
const below = [1, 0.50207675, 0.11410943, 0.014969285, 0.0011625443, 3.8091719e-5];

const horner = (coefficients: readonly number[], t: Value): Value =>
  coefficients.reduceRight<Value | null>(
    (rest, coefficient) => (rest === null ? constant(coefficient, t.dtype) : add(mul(rest, t), coefficient)),
    null,
  ) as Value;

/** The error function of an element; NaN goes through. */
export function erf(a: Value): Value {
  const x = max<Value>(min<Value>(a, reach), -reach);
  const t = mul(x, x);
  return div(mul(x, horner(above, t)), horner(below, t));
}

/** The same for a number, in float64: by the power series, or by Laplace's continued fraction of 1 - erf. */
export function erfOf(x: number): number {
  if (!Number.isFinite(x)) return Math.sign(x);
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 2.5) {
    let [term, total] = [x, x];
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n++) {
      term *= (-x * x) / n;
      total += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * total;
  }
  let fraction = size;
  for (let k = 60; k >= 1; k--) fraction = size + k / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-size * size) / (Math.sqrt(Math.PI) * fraction));
}
