import { hfround } from '@petamoriken/float16';
import type { DType } from '../../ir/nodes.ts';
import type { Verification } from '../../records/outcome.ts';
import { assert } from '../../support/errors.ts';
import type { OutputCheck } from '../runner.ts';

/** What an output buffer holds, as numbers. */
type Elements = ArrayLike<number>;

export function decodeElements(bytes: ArrayBuffer, dtype: DType, count: number): Elements {
  switch (dtype) {
    case 'f32':
      return new Float32Array(bytes, 0, count);
    case 'f16':
      return Float32Array.from(new Uint16Array(bytes, 0, count), numberOfHalf);
    case 'i32':
      return new Int32Array(bytes, 0, count);
    case 'u32':
    case 'bool':
      return new Uint32Array(bytes, 0, count);
  }
}

/** The number that 16 bits of f16 stand for, from a table: a library's Float16Array (Node 20 has none) takes some 100 times as long. */
function numberOfHalf(bits: number): number {
  halves ??= Float32Array.from({ length: 1 << 16 }, (_, half) => {
    const [sign, exponent, fraction] = [half >> 15 === 0 ? 1 : -1, (half >> 10) & 31, half & 1023];
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
  return halves[bits] as number;
}
let halves: Float32Array | null = null;

export const nothingCompared: Verification = { checked: 0, wrong: 0, maxError: 0 };

/**
 * Compares one output with one check and adds what it saw to `before`. Exact checks compare with the expected value rounded
 * to the buffer's dtype, the only answer that could be equal bit for bit; NaN equals NaN, each infinity itself, and -0 equals 0. Wrong elements
 * that are not numbers do not count towards `maxError`, which JSON must be able to hold.
 */
export function compareOutput(before: Verification, got: Elements, dtype: DType, check: OutputCheck): Verification {
  const { positions, expected, absoluteTolerance, relativeTolerance, allowed } = check;
  assert(
    positions === null || positions.length === expected.length,
    `check of ${check.buffer}: as many positions as values`,
  );
  const exact = allowed === undefined && absoluteTolerance === 0 && relativeTolerance === 0;
  let { wrong, maxError, firstWrong } = before;
  for (let i = 0; i < expected.length; i++) {
    const index = positions === null ? i : (positions[i] as number);
    const value = got[index];
    assert(value !== undefined, `check of ${check.buffer}: position ${index} lies outside the buffer`);
    const want = expected[i] as number;
    if (value === want || (Number.isNaN(value) && Number.isNaN(want))) continue;
    const error = Math.abs(value - want);
    if (Number.isFinite(error) && error > maxError) maxError = error;
    const right = exact
      ? value === roundTo(dtype, want)
      : error <= (allowed?.[i] ?? absoluteTolerance + relativeTolerance * Math.abs(want)) && Number.isFinite(error);
    if (right) continue;
    wrong++;
    firstWrong ??= { buffer: check.buffer, index, expected: asJson(want), got: asJson(value) };
  }
  const checked = before.checked + expected.length;
  return { ...before, checked, wrong, maxError, ...(firstWrong === undefined ? {} : { firstWrong }) };
}

const asJson = (value: number): number | string => (Number.isFinite(value) ? value : String(value));

function roundTo(dtype: DType, value: number): number {
  return dtype === 'f32' ? Math.fround(value) : dtype === 'f16' ? hfround(value) : value;
}

/** `C[127] is 0, expected 3; 1 of 128 compared elements are wrong`; names the inputs where they were further ones. */
export function describeWrong({ checked, wrong, firstWrong }: Verification): string {
  if (firstWrong === undefined) return '';
  const { buffer, index, expected, got, inputs } = firstWrong;
  const given = inputs === undefined ? '' : `with ${inputs} inputs `;
  return `${given}${buffer}[${index}] is ${got}, expected ${expected}; ${wrong} of ${checked} compared elements are wrong`;
}
