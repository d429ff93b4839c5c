import { variable } from '../ir/builders.ts';
import type { Expr, ReduceOp } from '../ir/nodes.ts';
import { reducers } from '../ir/reducers.ts';
import { walkExpr } from '../ir/visit.ts';
import { casesOf } from './cases.ts';
import type { StageInfo } from './stage.ts';

/**
 * Operations of a value: every node that computes; of indices those that are no sums of multiples, which lowering folds. With `isByCase`, of
 * formulas among which a place in a pattern chooses the mean, because each is written out where it holds.
 */
function valueOperations(expr: Expr, isByCase = false): number {
  let count = 0;
  walkExpr(expr, (node) => {
    const cases = isByCase ? casesOf(node) : null;
    if (cases !== null) {
      const { formulas, period } = cases;
      count += formulas.reduce((sum, formula) => sum + valueOperations(formula), 0) / period;
      return false;
    }
    if (node.kind === 'unary' || node.kind === 'select') count++;
    else if (node.kind === 'binary') count++;
    // What an address costs is counted with the load.
    return node.kind !== 'load';
  });
  return count;
}

/** Operations that combine an element with what was reduced so far; what several values share counts once. */
function combineOperations(op: ReduceOp): number {
  const { arity, combine } = reducers[op];
  const tuple = (name: string): Expr[] => Array.from({ length: arity }, (_, i) => variable(`${name}${i}`));
  const seen = new Set<Expr>();
  let count = 0;
  for (const result of combine(tuple('x'), tuple('y'), [])) {
    walkExpr(result, (node) => {
      if (seen.has(node)) return false;
      seen.add(node);
      if (node.kind === 'unary' || node.kind === 'binary' || node.kind === 'select') count++;
      return true;
    });
  }
  return count;
}

/** Operations of one instance of a stage's block, without its loads and stores. */
export function pointOperations({ block }: StageInfo): number {
  const values = block.writes.reduce((sum, { value }) => sum + valueOperations(value), 0);
  return values + (block.reducer === null ? 0 : combineOperations(block.reducer.op));
}

/** Operations of one instance, without loads and stores, of a stage each of whose formulas is written out where it holds. */
export const meanOperations = ({ block }: StageInfo): number =>
  block.writes.reduce((sum, { value }) => sum + valueOperations(value, true), 0);

/** A stage whose reads count the operations of the stages inlined at them, and of those inlined into these in turn. */
export function readingComputed(stage: StageInfo, stages: readonly StageInfo[], inline: readonly string[]): StageInfo {
  const costOf = (buffer: string): number => {
    const maker = stages.find(({ block, write }) => write.buffer.name === buffer && inline.includes(block.name));
    if (maker === undefined) return 0;
    return pointOperations(maker) + maker.reads.reduce((sum, read) => sum + costOf(read.buffer.name), 0);
  };
  return { ...stage, reads: stage.reads.map((read) => ({ ...read, computed: costOf(read.buffer.name) })) };
}

/** What addresses cost in an elementwise stage whose axes are one running index. */
interface RunningIndex {
  /** Reads that lie as the result does: they use the result's address, each with an offset. */
  readonly alike: number;
  /** Other reads, and what it costs to take the axes that they need out of the index and to put them together. */
  readonly apart: number;
  readonly taking: number;
  /** Consecutive elements for which these axes stay as they are. */
  readonly run: number;
}

export function runningIndex({ block, reads, write }: StageInfo): RunningIndex {
  const taken = new Set<number>();
  const places = new Map<string, number>();
  let alike = 0;
  for (const { strides } of reads) {
    if (block.iters.every((iter, i) => iter.extent === 1 || strides[i] === write.strides[i])) {
      alike++;
      continue;
    }
    const moving = block.iters.flatMap((iter, i) => (iter.extent > 1 && strides[i] !== 0 ? [i] : []));
    for (const i of moving) taken.add(i);
    // Reads with equal strides share an address.
    places.set(strides.join(), 2 * moving.length);
  }
  for (const { value } of block.writes)
    walkExpr(value, (node) => {
      if (node.kind === 'var') taken.add(block.iters.findIndex(({ name }) => name === node.name));
      return node.kind !== 'load';
    });
  const inside = block.iters.slice(Math.max(-1, ...taken) + 1);
  return {
    alike,
    apart: reads.length - alike,
    taking: 2 * taken.size + [...places.values()].reduce((sum, next) => sum + next, 0),
    run: inside.reduce((all, iter) => all * iter.extent, 1),
  };
}
