import type { Interval } from '../arithmetic/bounds.ts';
import { boundsOf } from '../arithmetic/bounds.ts';
import type { Linear } from '../arithmetic/linear.ts';
import { gcd } from '../arithmetic/simplify.ts';
import { usesVar } from '../ir/visit.ts';
import type { Access } from './accesses.ts';

/**
 * Whether two accesses to one buffer can only ever meet in an element when the same lane performs both. `lanes` are the variables that
 * tell lanes apart (with more than one value), `fixed` those that have the same value at both accesses. Conservative: false when unsure.
 *
 * In each dimension the index is read as digits: lane variables with their coefficients, and a rest. When the rest is smaller than every
 * lane coefficient, or every rest coefficient is larger than the lanes' part, equal indices have equal lane digits. Every lane variable
 * must be decided so by some dimension, or be pinned to 0 by a guard on both sides.
 */
export function sameLane(a: Access, b: Access, lanes: readonly string[], fixed: ReadonlySet<string>): boolean {
  const open = lanes.filter((lane) => !(pinned(a, lane) && pinned(b, lane)));
  return open.every((lane) => a.dims.some((dim, d) => decides(dim, b.dims[d] as Linear, lane, lanes, fixed, a, b)));
}

function pinned(access: Access, lane: string): boolean {
  return access.block.guards.some(
    (guard) =>
      guard.kind === 'binary' &&
      guard.op === 'lt' &&
      guard.a.kind === 'var' &&
      guard.a.name === lane &&
      guard.b.kind === 'int' &&
      guard.b.value === 1,
  );
}

interface Split {
  readonly lanes: ReadonlyMap<string, number>;
  /** Bounds of what varies besides lanes, and the greatest common divisor of its coefficients. */
  readonly low: number;
  readonly high: number;
  readonly step: number;
  /** Text of the part that is fixed. */
  readonly fixed: string;
}

function split(linear: Linear, lanes: readonly string[], fixed: ReadonlySet<string>, access: Access): Split | null {
  const coefficients = new Map<string, number>();
  let low = linear.constant;
  let high = linear.constant;
  let step = 0;
  const still: string[] = [];
  for (const [key, { atom, coefficient }] of linear.terms) {
    if (atom.kind === 'var' && lanes.includes(atom.name)) {
      if (coefficient < 0) return null;
      coefficients.set(atom.name, coefficient);
    } else if (atom.kind === 'var' && fixed.has(atom.name)) still.push(`${coefficient}*${key}`);
    else {
      if (lanes.some((lane) => usesVar(atom, lane))) return null;
      const bounds = boundsOf(atom, access.block.ranges);
      low += coefficient > 0 ? coefficient * bounds.min : coefficient * bounds.max;
      high += coefficient > 0 ? coefficient * bounds.max : coefficient * bounds.min;
      step = gcd(step, Math.abs(coefficient));
    }
  }
  return { lanes: coefficients, low, high, step, fixed: still.sort().join('+') };
}

function decides(
  dimA: Linear,
  dimB: Linear,
  lane: string,
  lanes: readonly string[],
  fixed: ReadonlySet<string>,
  a: Access,
  b: Access,
): boolean {
  const one = split(dimA, lanes, fixed, a);
  const two = split(dimB, lanes, fixed, b);
  if (one === null || two === null || one.fixed !== two.fixed || !one.lanes.has(lane)) return false;
  if (one.lanes.size !== two.lanes.size) return false;
  for (const [name, coefficient] of one.lanes) if (two.lanes.get(name) !== coefficient) return false;

  const digits = [...one.lanes].map(([name, coefficient]) => ({ coefficient, extent: extentOf(name, a, b) }));
  digits.sort((x, y) => x.coefficient - y.coefficient);
  let reach = 0;
  for (const { coefficient, extent } of digits) {
    if (coefficient <= reach) return false;
    reach += coefficient * (extent - 1);
  }
  const smallest = digits[0]?.coefficient ?? 1;
  const spread = Math.max(one.high, two.high) - Math.min(one.low, two.low);
  if (spread < smallest && digits.every(({ coefficient }) => coefficient % smallest === 0)) return true;
  const step = gcd(one.step, two.step);
  return step > reach && (one.low - two.low) % step === 0;
}

function extentOf(name: string, a: Access, b: Access): number {
  const of = (access: Access): Interval => access.block.ranges.get(name) ?? { min: 0, max: Number.POSITIVE_INFINITY };
  return Math.max(of(a).max, of(b).max) + 1;
}
