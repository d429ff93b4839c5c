import { linearOf } from '../../arithmetic/linear.ts';
import type { Block, Expr, Iter, LoadExpr } from '../../ir/nodes.ts';
import { usesVar, varsOf } from '../../ir/visit.ts';

/** A factor of a product: a load, converted or not. */
export interface Factor {
  readonly load: LoadExpr;
  readonly value: Expr;
}

function factorOf(value: Expr): Factor | null {
  if (value.kind === 'load') return { load: value, value };
  if (value.kind !== 'cast') return null;
  const inner = factorOf(value.a);
  return inner === null ? null : { load: inner.load, value };
}

/** The two factors of a block's value where it is a product of two elements; null otherwise. */
export function factorsOf({ writes }: Block): readonly [Factor, Factor] | null {
  const value = writes[0]?.value;
  if (writes.length !== 1 || value?.kind !== 'binary' || value.op !== 'mul') return null;
  const [a, b] = [factorOf(value.a), factorOf(value.b)];
  return a === null || b === null ? null : [a, b];
}

/** A window that moves over an operand by one element per output. */
export interface SlidingWindow {
  /** The iter of the outputs and that of the taps. */
  readonly output: Iter;
  readonly tap: Iter;
  /** The dimension of the data that they index together, and the element under the first tap of the first output. */
  readonly dimension: number;
  readonly first: number;
}

/**
 * The windows of `taps` taps through which a block reads `data`: an output's iter and a tap's index a dimension together, each with a step of 1;
 * the tap's iter by itself indexes a dimension of `filter`; and neither is named anywhere else in the two.
 */
export function slidingWindows({ iters }: Block, data: LoadExpr, filter: LoadExpr, taps: number): SlidingWindow[] {
  const named = ({ indices }: LoadExpr, { name }: Iter): number =>
    indices.filter((index) => usesVar(index, name)).length;
  const isPlain = ({ indices }: LoadExpr, { name }: Iter): boolean =>
    indices.some((index) => index.kind === 'var' && index.name === name);
  return data.indices.flatMap((index, dimension) => {
    const own = iters.filter(({ name }) => varsOf(index).has(name));
    const output = own.find(({ type }) => type === 'spatial');
    const tap = own.find(({ type }) => type === 'reduction');
    if (own.length !== 2 || output === undefined || tap === undefined || tap.extent !== taps) return [];
    const { terms, constant } = linearOf(index);
    const isByOne = [...terms.values()].every(({ atom, coefficient }) => atom.kind === 'var' && coefficient === 1);
    const isAlone = named(data, output) === 1 && named(data, tap) === 1;
    const isInFilter = named(filter, output) === 0 && named(filter, tap) === 1 && isPlain(filter, tap);
    return isByOne && isAlone && isInFilter ? [{ output, tap, dimension, first: constant }] : [];
  });
}
