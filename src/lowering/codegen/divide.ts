import type { KExpr } from '../../ir/kernel.ts';
import { literal, op } from './types.ts';

/**
 * Division or remainder of a u32 by a constant. By a power of two it is a shift, or the operator `%`, of which every compiler makes a mask:
 * they see the bounds of `x % 8`, not those of `x & 7`, and clamp each access whose bounds they do not see. By any other divisor inside a loop
 * it is a multiplication and a shift where that is exact for every value up to `top`; `named` gives the numerator a name where it is used
 * twice. Elsewhere it is the operator itself, which is cheap enough at the top of a kernel.
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
  const magic = inLoop && !Number.isInteger(power) ? magicFor(divisor, top) : null;
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
