import { float, load, mul } from '../ir/builders.ts';
import type { Block, DType, Expr, ReduceOp } from '../ir/nodes.ts';
import { type Correspondence, sameExpression } from './legality/same-expression.ts';

/** Two reductions of which the second uses the first one's result, seen through what a form asks about. */
export interface Pair {
  readonly first: Block;
  readonly second: Block;
  /** How many elements the first one reduces, and the dtype of its result. */
  readonly count: number;
  readonly dtype: DType;
}

/** Two reductions that one reduction of tuples can replace. */
export interface OnlineForm {
  readonly first: readonly ReduceOp[];
  readonly second: ReduceOp;
  readonly op: ReduceOp;
  /** The values of the second reduction for which it holds, in words. */
  readonly wants: string;
  /** Whether the second reduction's value is that; `iters` take what its iters stand for. */
  readonly matches: (pair: Pair, iters: Correspondence) => boolean;
  /**
   * The tuple's elements: for every value its place (the first result, the second one, or a new buffer of that suffix) and what one
   * element adds.
   */
  readonly values: (
    element: Expr,
    dtype: DType,
  ) => readonly { readonly place: 'first' | 'second' | string; readonly value: Expr }[];
  /** What the first result is where it has no place of its own: an expression of the tuple's value with that suffix. */
  readonly restored?: { readonly from: string; readonly restore: (value: Expr, pair: Pair) => Expr };
}

const addedBy = (block: Block): Expr => block.writes[0]?.value as Expr;

/** The first reduction's result as the second one reads it. */
function isResult(expr: Expr, { first }: Pair, iters: Correspondence): boolean {
  const write = first.writes[0];
  return write !== undefined && sameExpression(load(write.buffer, write.indices), expr, iters);
}

/** The mean: the result divided by the number of elements, or times its reciprocal. */
function isMean(expr: Expr, pair: Pair, iters: Correspondence): boolean {
  if (expr.kind !== 'binary' || expr.b.kind !== 'float') return false;
  const divides = expr.op === 'div' && expr.b.value === pair.count;
  const scales = expr.op === 'mul' && expr.b.value === 1 / pair.count;
  return (divides || scales) && isResult(expr.a, pair, iters);
}

/** The expression whose square another one is, or null. */
function rootOf(expr: Expr, iters: Correspondence): Expr | null {
  if (expr.kind !== 'binary') return null;
  if (expr.op === 'pow') return expr.b.kind === 'float' && expr.b.value === 2 ? expr.a : null;
  // The same block on both sides: its iters stand for themselves.
  const itself = { a: iters.b, b: iters.b, pairs: new Map([...iters.b.keys()].map((name) => [name, name])) };
  return expr.op === 'mul' && sameExpression(expr.a, expr.b, itself) ? expr.a : null;
}

/** A maximum and a sum of exponentials less it, by the operations that they are of. */
function onlineExponentials(op: ReduceOp, first: readonly ReduceOp[], exponentials: readonly string[]): OnlineForm {
  return {
    first,
    second: 'sum',
    op,
    wants: 'exp(x - maximum)',
    matches(pair, iters) {
      const value = addedBy(pair.second);
      if (value.kind !== 'unary' || !exponentials.includes(value.op)) return false;
      if (value.a.kind !== 'binary' || value.a.op !== 'sub') return false;
      return isResult(value.a.b, pair, iters) && sameExpression(addedBy(pair.first), value.a.a, iters);
    },
    values: (element, dtype) => [
      { place: 'first', value: element },
      { place: 'second', value: float(1, dtype) },
    ],
  };
}

/** Every form there is. A new one is an entry here and, where its combination is new, a reducer. */
export const onlineForms: readonly OnlineForm[] = [
  // Where neither says what it makes of a NaN, one pass need not either.
  onlineExponentials('onlineSoftmax', ['maxNumber'], ['expNumber']),
  onlineExponentials('onlineLogSumExp', ['max', 'maxNumber'], ['exp', 'expNumber']),
  {
    first: ['sum'],
    second: 'sum',
    op: 'welford',
    wants: '(x - sum / count) squared',
    matches(pair, iters) {
      const deviation = rootOf(addedBy(pair.second), iters);
      if (deviation?.kind !== 'binary' || deviation.op !== 'sub') return false;
      return isMean(deviation.b, pair, iters) && sameExpression(addedBy(pair.first), deviation.a, iters);
    },
    values: (element, dtype) => [
      { place: 'count', value: float(1, dtype) },
      { place: 'mean', value: element },
      { place: 'second', value: float(0, dtype) },
    ],
    restored: { from: 'mean', restore: (mean, { count, dtype }) => mul(mean, float(count, dtype)) },
  },
];

/** `mean * count / count` and the like, which restoring a sum leaves behind: the mean itself. */
export function withoutRoundTrip(expr: Expr): Expr {
  if (expr.kind !== 'binary' || expr.b.kind !== 'float') return expr;
  const { a, b } = expr;
  if (a.kind !== 'binary' || a.op !== 'mul' || a.b.kind !== 'float') return expr;
  const undone = (expr.op === 'div' && b.value === a.b.value) || (expr.op === 'mul' && b.value === 1 / a.b.value);
  return undone ? a.a : expr;
}

/** The forms in words, for a refusal. */
export function formsInWords(): string {
  const words = onlineForms.map(({ first, second, wants }) => {
    const op = first[0] === 'maxNumber' ? 'max' : first[0];
    return `${op} of x and then ${second} of ${wants}`;
  });
  return [...new Set(words)].join(', or ');
}
