import type { BinaryExpr, Expr } from '../ir/nodes.ts';
import { linearOf } from './linear.ts';

/** Inclusive integer bounds; infinite where nothing is known. */
export interface Interval {
  readonly min: number;
  readonly max: number;
}
/** Bounds of variables by name. A variable not in the map is unbounded. */
export type Ranges = ReadonlyMap<string, Interval>;

const unknown: Interval = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };

/** [0, extent). */
export function rangeOfExtent(extent: number): Interval {
  return { min: 0, max: extent - 1 };
}

/**
 * Interval arithmetic over the linear form, so that `x - x` is 0 and not [min - max, max - min].
 * Sound, not tight: atoms are taken as independent.
 */
export function boundsOf(expr: Expr, ranges: Ranges): Interval {
  if (expr.kind === 'int') return { min: expr.value, max: expr.value };
  if (expr.kind === 'var') return ranges.get(expr.name) ?? unknown;
  const linear = linearOf(expr);
  let min = linear.constant;
  let max = linear.constant;
  for (const { atom, coefficient } of linear.terms.values()) {
    const bounds = atomBounds(atom, ranges);
    min += coefficient > 0 ? coefficient * bounds.min : coefficient * bounds.max;
    max += coefficient > 0 ? coefficient * bounds.max : coefficient * bounds.min;
  }
  return { min, max };
}

function atomBounds(atom: Expr, ranges: Ranges): Interval {
  switch (atom.kind) {
    case 'var':
      return ranges.get(atom.name) ?? unknown;
    case 'int':
      return { min: atom.value, max: atom.value };
    case 'select': {
      const then = boundsOf(atom.then, ranges);
      const otherwise = boundsOf(atom.otherwise, ranges);
      return { min: Math.min(then.min, otherwise.min), max: Math.max(then.max, otherwise.max) };
    }
    case 'binary':
      return binaryBounds(atom, ranges);
    case 'cast':
      return atom.dtype === 'u32' ? { min: 0, max: unknown.max } : unknown;
    default:
      return unknown;
  }
}

function binaryBounds(expr: BinaryExpr, ranges: Ranges): Interval {
  const a = boundsOf(expr.a, ranges);
  const b = boundsOf(expr.b, ranges);
  switch (expr.op) {
    case 'add':
      return { min: a.min + b.min, max: a.max + b.max };
    case 'sub':
      return { min: a.min - b.max, max: a.max - b.min };
    case 'mul': {
      const products = [a.min * b.min, a.min * b.max, a.max * b.min, a.max * b.max];
      return products.some(Number.isNaN) ? unknown : { min: Math.min(...products), max: Math.max(...products) };
    }
    case 'div':
      if (!(b.min > 0)) return unknown;
      return {
        min: Math.floor(a.min / (a.min < 0 ? b.min : b.max)),
        max: Math.floor(a.max / (a.max < 0 ? b.max : b.min)),
      };
    case 'mod':
      if (!(b.min > 0)) return unknown;
      if (b.min !== b.max) return { min: 0, max: a.min >= 0 ? Math.min(a.max, b.max - 1) : b.max - 1 };
      if (Math.floor(a.min / b.min) === Math.floor(a.max / b.min) && Number.isFinite(a.min)) {
        const base = Math.floor(a.min / b.min) * b.min;
        return { min: a.min - base, max: a.max - base };
      }
      return { min: 0, max: b.min - 1 };
    case 'min':
      return { min: Math.min(a.min, b.min), max: Math.min(a.max, b.max) };
    case 'max':
      return { min: Math.max(a.min, b.min), max: Math.max(a.max, b.max) };
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge':
    case 'eq':
    case 'ne':
      return truth(expr, ranges);
    case 'and':
      return { min: Math.min(a.min, b.min), max: Math.min(a.max, b.max) };
    case 'or':
      return { min: Math.max(a.min, b.min), max: Math.max(a.max, b.max) };
    default:
      return unknown;
  }
}

/** [1,1] proved true, [0,0] proved false, [0,1] not known. The difference of the sides decides, so that common parts cancel. */
function truth(expr: BinaryExpr, ranges: Ranges): Interval {
  const { min, max } = boundsOf({ kind: 'binary', op: 'sub', a: expr.a, b: expr.b }, ranges);
  const decided = (yes: boolean, no: boolean): Interval =>
    yes ? { min: 1, max: 1 } : no ? { min: 0, max: 0 } : { min: 0, max: 1 };
  switch (expr.op) {
    case 'lt':
      return decided(max < 0, min >= 0);
    case 'le':
      return decided(max <= 0, min > 0);
    case 'gt':
      return decided(min > 0, max <= 0);
    case 'ge':
      return decided(min >= 0, max < 0);
    case 'eq':
      return decided(min === 0 && max === 0, min > 0 || max < 0);
    default:
      return decided(min > 0 || max < 0, min === 0 && max === 0);
  }
}

/** True when the condition holds for every value of the variables. */
export function proves(condition: Expr, ranges: Ranges): boolean {
  return boundsOf(condition, ranges).min >= 1;
}
