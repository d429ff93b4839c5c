import type { Interval } from '../../arithmetic/bounds.ts';
import { boundsOf } from '../../arithmetic/bounds.ts';
import { constantDifference, gcd, type Linear } from '../../arithmetic/linear.ts';
import type { Expr } from '../../ir/nodes.ts';
import { usesVar, varsOf } from '../../ir/visit.ts';
import type { FlatAccess } from './accesses.ts';

/**
 * Whether two accesses to one buffer can only ever meet in an element when the same lane performs both. `lanes` are the variables that
 * tell lanes apart (with more than one value), `fixed` those that have the same value at both accesses. Conservative: false when unsure.
 *
 * In each dimension the index is read as digits: lane variables with their coefficients, and a rest. When the rest varies by less than every
 * lane coefficient, or moves in steps wider than everything below them, equal indices have equal lane digits. Every lane variable must be
 * decided in this way by some dimension, or be pinned to 0 by a guard on both sides.
 */
export function sameLane(a: FlatAccess, b: FlatAccess, lanes: readonly string[], fixed: ReadonlySet<string>): boolean {
  const open = lanes.filter((lane) => !(pinned(a, lane) && pinned(b, lane)));
  return open.every((lane) => a.dims.some((dim, d) => decides(dim, b.dims[d] as Linear, lane, lanes, fixed, a, b)));
}

/**
 * Whether two accesses never meet because they take turns in some dimension: both indices are remainders by the same divisor, of fixed
 * numbers whose distance is no multiple of it (a tile in two copies: `k % 2` and `(k + 1) % 2`).
 */
export function inTurns(a: FlatAccess, b: FlatAccess, fixed: ReadonlySet<string>): boolean {
  return a.dims.some((dim, d) => {
    const one = remainderOf(dim);
    const two = remainderOf(b.dims[d] as Linear);
    if (one === null || two === null || one.divisor !== two.divisor) return false;
    if (![...varsOf(one.of), ...varsOf(two.of)].every((name) => fixed.has(name))) return false;
    const distance = constantDifference(one.of, two.of);
    return distance !== null && distance % one.divisor !== 0;
  });
}

function remainderOf({ terms, constant }: Linear): { readonly of: Expr; readonly divisor: number } | null {
  const [term] = terms.values();
  if (terms.size !== 1 || constant !== 0 || term?.coefficient !== 1) return null;
  const { atom } = term;
  if (atom.kind !== 'binary' || atom.op !== 'mod' || atom.b.kind !== 'int') return null;
  return { of: atom.a, divisor: atom.b.value };
}

function pinned(access: FlatAccess, lane: string): boolean {
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
  /** The terms that vary besides the lanes. */
  readonly rest: readonly { readonly coefficient: number; readonly min: number; readonly max: number }[];
  readonly constant: number;
  /** Text of the part that is fixed. */
  readonly fixed: string;
}

function split(linear: Linear, lanes: readonly string[], fixed: ReadonlySet<string>, access: FlatAccess): Split | null {
  const coefficients = new Map<string, number>();
  const rest: { coefficient: number; min: number; max: number }[] = [];
  const still: string[] = [];
  for (const [key, { atom, coefficient }] of linear.terms) {
    if (atom.kind === 'var' && lanes.includes(atom.name)) {
      if (coefficient < 0) return null;
      coefficients.set(atom.name, coefficient);
    } else if (atom.kind === 'var' && fixed.has(atom.name)) still.push(`${coefficient}*${key}`);
    else {
      if (lanes.some((lane) => usesVar(atom, lane))) return null;
      rest.push({ coefficient, ...boundsOf(atom, access.block.ranges) });
    }
  }
  return { lanes: coefficients, rest, constant: linear.constant, fixed: still.sort().join('+') };
}

/**
 * Whether equal indices have equal lane digits. The part of the rest that moves in steps (`step`) wider than everything below it cannot
 * change lane digits and is dropped; the remaining part, below the smallest lane digit, must not reach that digit.
 */
function decides(
  dimA: Linear,
  dimB: Linear,
  lane: string,
  lanes: readonly string[],
  fixed: ReadonlySet<string>,
  a: FlatAccess,
  b: FlatAccess,
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
  // Where lane coefficients are not all multiples of the smallest, nothing may vary below them.
  const room = digits.every(({ coefficient }) => coefficient % smallest === 0) ? smallest : 1;
  for (const least of [Number.POSITIVE_INFINITY, smallest, 0]) {
    const step = stepOf([one, two], least);
    const [windowA, windowB] = [windowOf(one, least, step), windowOf(two, least, step)];
    const low = Math.min(windowA.low, windowB.low);
    const spread = Math.max(windowA.high, windowB.high) - low;
    if (spread < room && (step === 0 || step > reach + spread)) return true;
  }
  return false;
}

/** The greatest common divisor of the coefficients that are `least` or more; 0 where there are none. */
function stepOf(splits: readonly Split[], least: number): number {
  const wide = splits.flatMap(({ rest }) => rest.map(({ coefficient }) => Math.abs(coefficient)));
  return wide.filter((size) => size >= least).reduce((step, size) => gcd(step, size), 0);
}

/** Bounds of the terms that move in steps below `least`, plus the constant modulo `step`. */
function windowOf(
  { rest, constant }: Split,
  least: number,
  step: number,
): { readonly low: number; readonly high: number } {
  const start = step === 0 ? constant : constant - Math.floor(constant / step) * step;
  let [low, high] = [start, start];
  for (const { coefficient, min, max } of rest) {
    if (Math.abs(coefficient) >= least) continue;
    low += coefficient * (coefficient > 0 ? min : max);
    high += coefficient * (coefficient > 0 ? max : min);
  }
  return { low, high };
}

function extentOf(name: string, a: FlatAccess, b: FlatAccess): number {
  const of = (access: FlatAccess): Interval =>
    access.block.ranges.get(name) ?? { min: 0, max: Number.POSITIVE_INFINITY };
  return Math.max(of(a).max, of(b).max) + 1;
}
