import { float, load, mul } from '../ir/builders.ts';
import type { Block, DType, Expr, ReduceOp, Write } from '../ir/nodes.ts';
import { printExpr } from '../ir/printer.ts';
import { type Refusal, refuse } from '../support/refusal.ts';
import { type Correspondence, correspondence, sameExpression, unmatched } from './legality/same-expression.ts';

/** Two reductions of which the second uses the first one's result, with what a form needs to know about them. */
export interface Pair {
  readonly first: Block;
  readonly second: Block;
  /** How many elements the first one reduces, and the dtype of its result. */
  readonly count: number;
  readonly dtype: DType;
}

/** Two reductions that one reduction of tuples can replace. */
interface OnlineForm {
  readonly first: readonly ReduceOp[];
  readonly second: ReduceOp;
  readonly op: ReduceOp;
  /** The values of the second reduction for which the form holds, in words. */
  readonly wants: string;
  /** Whether the second reduction's value has the form; `iters` receive what its iters correspond to. */
  readonly matches: (pair: Pair, iters: Correspondence) => boolean;
  /**
   * The tuple's values: for each its place (the first result, the second one, or a new buffer with that suffix) and what one element
   * adds to it.
   */
  readonly values: (
    element: Expr,
    dtype: DType,
  ) => readonly { readonly place: 'first' | 'second' | string; readonly value: Expr }[];
  /** How to restore the first result where it has no place of its own: as an expression of the tuple's value with the suffix `from`. */
  readonly restored?: { readonly from: string; readonly restore: (value: Expr, pair: Pair) => Expr };
}

const addedBy = (block: Block): Expr => block.writes[0]?.value as Expr;

/** Whether an expression of the second reduction reads the first one's result. */
function isResult(expr: Expr, { first }: Pair, iters: Correspondence): boolean {
  const write = first.writes[0];
  return write !== undefined && sameExpression(load(write.buffer, write.indices), expr, iters);
}

/** Whether an expression is the mean: the result divided by the number of elements, or times its reciprocal. */
function isMean(expr: Expr, pair: Pair, iters: Correspondence): boolean {
  if (expr.kind !== 'binary' || expr.b.kind !== 'float') return false;
  const divides = expr.op === 'div' && expr.b.value === pair.count;
  const scales = expr.op === 'mul' && expr.b.value === 1 / pair.count;
  return (divides || scales) && isResult(expr.a, pair, iters);
}

/** The expression of which another one is the square, or null. */
function rootOf(expr: Expr, iters: Correspondence): Expr | null {
  if (expr.kind !== 'binary') return null;
  if (expr.op === 'pow') return expr.b.kind === 'float' && expr.b.value === 2 ? expr.a : null;
  // Both sides are of the same block, so its iters correspond to themselves.
  const itself = { a: iters.b, b: iters.b, pairs: new Map([...iters.b.keys()].map((name) => [name, name])) };
  return expr.op === 'mul' && sameExpression(expr.a, expr.b, itself) ? expr.a : null;
}

/** The form of a maximum and a sum of exponentials less that maximum, for the given operations. */
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

/** All forms. A new one is an entry here and, where its combination is new, a reducer. */
const onlineForms: readonly OnlineForm[] = [
  // Neither of these operations says what it makes of a NaN, so the single pass need not either.
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

/** Folds `mean * count / count` and the like, which restoring a sum leaves behind, to the mean itself. */
export function withoutRoundTrip(expr: Expr): Expr {
  if (expr.kind !== 'binary' || expr.b.kind !== 'float') return expr;
  const { a, b } = expr;
  if (a.kind !== 'binary' || a.op !== 'mul' || a.b.kind !== 'float') return expr;
  const undone = (expr.op === 'div' && b.value === a.b.value) || (expr.op === 'mul' && b.value === 1 / a.b.value);
  return undone ? a.a : expr;
}

/** The forms in words, for a refusal. */
function formsInWords(): string {
  const words = onlineForms.map(({ first, second, wants }) => {
    const op = first[0] === 'maxNumber' ? 'max' : first[0];
    return `${op} of x and then ${second} of ${wants}`;
  });
  return [...new Set(words)].join(', or ');
}

/** The form that two reductions have, or why they have none. */
export function formOf(pair: Pair): OnlineForm | Refusal {
  const { first, second } = pair;
  const candidates = onlineForms.filter(
    (form) => form.first.some((op) => op === first.reducer?.op) && form.second === second.reducer?.op,
  );
  for (const form of candidates) {
    const iters = correspondence(first, second);
    if (!form.matches(pair, iters)) continue;
    const [from, to] = [first.writes[0] as Write, second.writes[0] as Write];
    const aligned =
      from.indices.length === to.indices.length &&
      from.indices.every((index, d) => sameExpression(index, to.indices[d] as Expr, iters));
    const [extra] = unmatched(iters);
    if (aligned && extra === undefined) return form;
    return refuse('other-elements', () =>
      extra === undefined
        ? `blocks ${first.name} and ${second.name} write ${from.buffer} and ${to.buffer} at different indices; expected the same`
        : `iter ${extra.name} runs in one of the blocks ${first.name} and ${second.name} only; expected both over the same elements`,
    );
  }
  const values = `${first.reducer?.op} of ${printExpr(first.writes[0]?.value as Expr)} and then ${second.reducer?.op} of ${printExpr(second.writes[0]?.value as Expr)}`;
  return refuse(
    'no-online-form',
    () => `blocks ${first.name} and ${second.name} are ${values}; no single pass is known for them`,
    () => `expected ${formsInWords()}`,
  );
}
