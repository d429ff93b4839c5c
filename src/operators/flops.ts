import { variable } from '../ir/builders.ts';
import { blocksRunOnce } from '../ir/constants.ts';
import type { Block, DType, Expr, Program, ReduceOp } from '../ir/nodes.ts';
import { reducers } from '../ir/reducers.ts';
import { blocksOf, holdsLoad, readsOf, walkExpr } from '../ir/visit.ts';

/** Bytes of one element in storage; booleans live there as u32. */
export function bytesPerElement(dtype: DType): number {
  return dtype === 'f16' ? 2 : 4;
}

/** Whether an expression is made of loop and iteration variables and integers only. */
function isIndexArithmetic(expr: Expr): boolean {
  switch (expr.kind) {
    case 'int':
    case 'var':
      return true;
    case 'float':
    case 'load':
    case 'select':
    case 'cast':
      return false;
    case 'unary':
      return isIndexArithmetic(expr.a);
    case 'binary':
      return isIndexArithmetic(expr.a) && isIndexArithmetic(expr.b);
  }
}

const free: ReadonlySet<string> = new Set([
  'lt',
  'le',
  'gt',
  'ge',
  'eq',
  'ne',
  'and',
  'or',
  'neg',
  'abs',
  'not',
  'isNan',
  'shr',
  'bitAnd',
]);

function operationsOf(expr: Expr): number {
  if (isIndexArithmetic(expr)) return 0;
  switch (expr.kind) {
    case 'int':
    case 'var':
    case 'float':
    case 'load':
      return 0;
    case 'cast':
      return operationsOf(expr.a);
    case 'unary':
      return operationsOf(expr.a) + (free.has(expr.op) ? 0 : 1);
    case 'binary':
      return operationsOf(expr.a) + operationsOf(expr.b) + (free.has(expr.op) ? 0 : 1);
    case 'select':
      return operationsOf(expr.condition) + Math.max(operationsOf(expr.then), operationsOf(expr.otherwise));
  }
}

/** Operations that combine two tuples; a part that several results share counts once. */
function flopsOfCombination(op: ReduceOp): number {
  const { arity, combine } = reducers[op];
  const tuple = (name: string): Expr[] => Array.from({ length: arity }, (_, i) => variable(`${name}${i}`));
  const seen = new Set<Expr>();
  let total = 0;
  for (const result of combine(tuple('x'), tuple('y'), [])) {
    walkExpr(result, (node) => {
      if (seen.has(node)) return false;
      seen.add(node);
      if ((node.kind === 'unary' || node.kind === 'binary') && !free.has(node.op)) total++;
      return true;
    });
  }
  return total;
}

/**
 * Floating-point operations of one instance of a block. An addition, multiplication, division, min, max or transcendental function
 * counts 1, so that most reductions combine at a cost of 1; comparisons, signs, bits, selects, casts and index arithmetic count 0.
 * Of a select the dearer branch counts.
 */
export function flopsOfBlock(block: Block): number {
  const values = block.writes.reduce((total, write) => total + operationsOf(write.value), 0);
  return values + (block.reducer === null ? 0 : flopsOfCombination(block.reducer.op));
}

/** The blocks that run every time, whatever is made of constant inputs once. */
function repeatedBlocks(program: Program): Block[] {
  const once = blocksRunOnce(program);
  return blocksOf(program).filter(({ name }) => !once.has(name));
}

/**
 * Floating-point operations of one run of a program: every block over its whole iteration domain, guards and repeated work not counted, nor what
 * needs to run only once.
 */
export function flopsOf(program: Program): number {
  return repeatedBlocks(program).reduce((total, block) => {
    const instances = block.iters.reduce((product, iter) => product * iter.extent, 1);
    return total + instances * flopsOfBlock(block);
  }, 0);
}

/**
 * Bytes that every kernel for the program must move: inputs and outputs once each. Of an input that is read only where indices say, it is as
 * many elements as are read; repeated indices would make it fewer. Constant inputs of which only something made of them once is read do not count.
 */
export function minimumBytes(program: Program): number {
  const read = new Set(repeatedBlocks(program).flatMap((block) => readsOf(block).map(({ buffer }) => buffer)));
  const inputs = program.inputs.filter((name) => read.has(name) || !program.constants?.includes(name));
  return bytesOf(program, [...inputs, ...program.outputs], picked(program));
}

/** By buffer that is read only at positions (see nodes.ts): how many elements are read there. */
function picked(program: Program): ReadonlyMap<string, number> {
  const read = new Map<string, number>();
  const whole = new Set<string>();
  for (const block of blocksOf(program)) {
    const instances = block.iters.reduce((all, { extent }) => all * extent, 1);
    for (const { buffer, indices } of readsOf(block)) {
      if (indices.some(holdsLoad)) read.set(buffer, (read.get(buffer) ?? 0) + instances);
      else whole.add(buffer);
    }
  }
  return new Map([...read].filter(([buffer]) => !whole.has(buffer)));
}

/** Bytes that every kernel for the program must write: its outputs once each. */
export function outputBytes(program: Program): number {
  return bytesOf(program, program.outputs);
}

function bytesOf(program: Program, names: readonly string[], most: ReadonlyMap<string, number> = new Map()): number {
  const wanted = new Set(names);
  return program.buffers.reduce((total, { name, dtype, shape }) => {
    if (!wanted.has(name)) return total;
    const elements = shape.reduce((product, extent) => product * extent, 1);
    return total + Math.min(elements, most.get(name) ?? elements) * bytesPerElement(dtype);
  }, 0);
}
