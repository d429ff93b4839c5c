import { f16round } from '@petamoriken/float16';
import type { Scalar } from '../ir/kernel.ts';
import { assert } from '../support/errors.ts';
import { printNonFinite } from './non-finite.ts';

const maxF32 = 3.4028234663852886e38;
const maxF16 = 65504;

/** A literal that WGSL reads back as exactly `value` rounded to the type; for a value that is not finite, the name that kernels give it. */
export function printLiteral(value: number, scalar: Scalar): string {
  if (!Number.isFinite(value) && (scalar === 'f32' || scalar === 'f16')) return printNonFinite(value, scalar);
  switch (scalar) {
    case 'bool':
      return value === 0 ? 'false' : 'true';
    case 'u32':
      return `${value}u`;
    case 'i32':
      return `${value}i`;
    case 'f16': {
      const rounded = f16round(value);
      assert(Math.abs(rounded) <= maxF16, () => `${value} has no finite f16`);
      return `${withPoint(shortest(rounded, 5, f16round))}h`;
    }
    case 'f32': {
      const rounded = Math.fround(value);
      assert(Math.abs(rounded) <= maxF32, () => `${value} has no finite f32`);
      // Short decimals of the largest numbers lie above the range of f32, and WGSL refuses them before it rounds.
      if (Math.abs(rounded) === maxF32) return rounded < 0 ? '-0x1.fffffep+127f' : '0x1.fffffep+127f';
      const text = shortest(rounded, 9, Math.fround);
      return text.includes('e') ? `${text}f` : withPoint(text);
    }
  }
}

/** The decimal with the fewest digits that rounds to the same number. */
function shortest(value: number, digits: number, round: (value: number) => number): string {
  if (Object.is(value, -0)) return '-0.0';
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 24) return String(value);
  for (let count = 1; count <= digits; count++) {
    const text = Number(value.toPrecision(count));
    if (round(text) === value) return String(text);
  }
  return String(value);
}

function withPoint(text: string): string {
  return /[.e]/.test(text) ? text : `${text}.0`;
}
