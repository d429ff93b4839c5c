import type { KExpr } from '../ir/kernel.ts';
import { literal, op } from './types.ts';

/**
 * Division or remainder of a u32 by a constant. Inside a loop a shift or a mask for powers of two, else a multiplication and a shift where
 * that is exact for every value up to `top`; `named` gives the numerator a name where it is used twice. At the top of a kernel the operator
 * itself, except that a quotient by a power of two is a shift: compilers see the bounds of `x % 8` and not those of `x & 7`, and clamp
 * every access whose bounds they do not see.
 */
export function divideCode(
  kind: 'div' | 'mod',
  numerator: KExpr,
  divisor: number,
  top: number,
  inLoop: boolean,
  named: () => KExpr,
): KExpr {
  const power = Math.log2(divisor);
  if (Number.isInteger(power) && kind === 'div') return op('shr', numerator, literal(power));
  if (Number.isInteger(power) && inLoop) return op('bitAnd', numerator, literal(divisor - 1));
  const magic = inLoop ? magicFor(divisor, top) : null;
  if (magic === null) return op(kind, numerator, literal(divisor));
  const operand = kind === 'mod' && numerator.kind === 'binary' ? named() : numerator;
  const quotient = op('shr', op('mul', operand, literal(magic.factor)), literal(magic.shift));
  return kind === 'div' ? quotient : op('sub', operand, op('mul', quotient, literal(divisor)));
}

/**
 * floor(x / c) = (x * factor) >> shift for all 0 <= x <= top in 32 bits, or null when there is no such pair. With factor = ceil(2^s / c) it
 * is exact while x * (factor * c - 2^s) < 2^s (Granlund and Montgomery, "Division by invariant integers using multiplication", 1994).
 */
export function magicFor(divisor: number, top: number): { readonly factor: number; readonly shift: number } | null {
  for (let shift = 0; shift < 32; shift++) {
    const power = 2 ** shift;
    const factor = Math.ceil(power / divisor);
    if (top * factor >= 2 ** 32) return null;
    if (top * (factor * divisor - power) < power) return { factor, shift };
  }
  return null;
}
