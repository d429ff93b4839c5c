import { div, load, mul, variable } from '../ir/builders.ts';
import type { Block, Expr, Iter, LoadExpr, Write } from '../ir/nodes.ts';
import { printExpr } from '../ir/printer.ts';
import { substitute, usesVar, varsOf, walkExpr } from '../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../support/refusal.ts';
import { correspondence, sameExpression } from './legality/same-expression.ts';
import { formOf } from './online-forms.ts';

/** Three reductions over the same axis: a maximum, a sum of exponentials less it, and a sum that these exponentials weigh. */
interface WeightedChain {
  readonly first: Block;
  readonly second: Block;
  readonly third: Block;
  /** The reduction iter of each. */
  readonly axes: readonly [Iter, Iter, Iter];
  /** The exponential's argument as the second reduction has it: an element, from which the maximum is subtracted. */
  readonly element: Expr;
  /** Where a row of the second reduction lies, in terms of the third one's iters. */
  readonly row: readonly Expr[];
  /** What a term of the third one is without its exponential, and without what is the same for all terms. */
  readonly weighed: Expr | null;
  /** The third one's result from the sum of weighed terms: all that is the same for them comes last. */
  readonly finish: (sum: Expr) => Expr;
}

interface Factor {
  readonly expr: Expr;
  readonly isDivisor: boolean;
}

/** The factors of a product of products and quotients. */
function factorsOf(expr: Expr, isDivisor = false): Factor[] {
  if (expr.kind !== 'binary' || (expr.op !== 'mul' && expr.op !== 'div')) return [{ expr, isDivisor }];
  return [...factorsOf(expr.a, isDivisor), ...factorsOf(expr.b, expr.op === 'div' ? !isDivisor : isDivisor)];
}

const reads = (expr: Expr, buffer: string): readonly LoadExpr[] => {
  const found: LoadExpr[] = [];
  walkExpr(expr, (node) => {
    if (node.kind === 'load' && node.buffer === buffer) found.push(node);
  });
  return found;
};

/** Multiplies, or divides by, further factors. */
const timesAll = (start: Expr | null, factors: readonly Factor[]): Expr | null =>
  factors.reduce<Expr | null>((all, { expr, isDivisor }) => {
    if (all === null) return isDivisor ? null : expr;
    return isDivisor ? div(all, expr) : mul(all, expr);
  }, start);

const written = (block: Block): Write => block.writes[0] as Write;

function onlyAxis(block: Block): Iter | Refusal {
  const [axis, ...more] = block.iters.filter((iter) => iter.type === 'reduction');
  if (axis !== undefined && more.length === 0) return axis;
  return refuse(
    'several-axes',
    () => `block ${block.name} reduces over ${more.length + 1} iters; expected one`,
    () => 'fuseIters makes one of them',
  );
}

/** Finds the chain in the expressions of three reductions; names of blocks and operators say nothing. */
export function weightedChainOf(first: Block, second: Block, third: Block): WeightedChain | Refusal {
  const axes: Iter[] = [];
  for (const block of [first, second, third]) {
    const axis = onlyAxis(block);
    if (isRefusal(axis)) return axis;
    axes.push(axis);
  }
  const [, , axis] = axes as [Iter, Iter, Iter];
  const form = formOf({ first, second, count: axis.extent, dtype: 'f32' });
  if (isRefusal(form)) return form;
  const term = written(third).value;
  const none = (): Refusal =>
    refuse(
      'no-weighted-sum',
      () =>
        `block ${third.name} is ${third.reducer?.op} of ${printExpr(term)}; expected a sum of products with ${printExpr(written(second).value)}, which block ${second.name} adds up`,
      () => 'computeInline what stands between them first',
    );
  if (form.op !== 'onlineSoftmax')
    return refuse(
      'no-weighted-sum',
      () =>
        `blocks ${first.name} and ${second.name} make ${form.op}, which has no weighted sum; expected maxNumber of x and then sum of expNumber(x - maximum)`,
    );
  if (third.reducer?.op !== 'sum') return none();
  const factors = factorsOf(term);
  const iters = correspondence(second, third);
  const weight = factors.find(
    ({ expr, isDivisor }) =>
      !isDivisor && sameExpression(written(second).value, expr, { ...iters, pairs: new Map(iters.pairs) }),
  );
  if (weight === undefined) return none();
  sameExpression(written(second).value, weight.expr, iters);
  const others = factors.filter((factor) => factor !== weight);
  const [maximum, total] = [written(first).buffer, written(second).buffer];
  const isFinal = ({ expr }: Factor): boolean => reads(expr, total).length > 0;
  const [last, weighed] = [others.filter(isFinal), others.filter((factor) => !isFinal(factor))];
  const isSameRow = (read: LoadExpr): boolean =>
    sameExpression(load(total, written(second).indices), read, { ...iters, pairs: new Map(iters.pairs) });
  if (
    others.some(({ expr }) => reads(expr, maximum).length > 0) ||
    last.some(({ expr }) => usesVar(expr, axis.name) || !reads(expr, total).every(isSameRow))
  )
    return none();
  const renamed = new Map([...iters.pairs].map(([from, to]): [string, Expr] => [from, variable(to)]));
  const row = written(second).indices.map((index) => substitute(index, renamed));
  const known = new Set(third.iters.map(({ name }) => name));
  if (row.some((index) => [...varsOf(index)].some((name) => !known.has(name)))) return none();
  const value = written(second).value;
  if (value.kind !== 'unary' || value.a.kind !== 'binary') return none();
  const product = timesAll(null, weighed);
  // A quotient alone has no factor to start from.
  if (product === null && weighed.length > 0) return none();
  return {
    ...{ first, second, third, axes: axes as [Iter, Iter, Iter], element: value.a.a, row, weighed: product },
    finish: (sum) => timesAll(sum, last) as Expr,
  };
}
