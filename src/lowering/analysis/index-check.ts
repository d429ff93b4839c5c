import { boundsOf } from '../../arithmetic/bounds.ts';
import { isIndex } from '../../arithmetic/simplify.ts';
import { int } from '../../ir/builders.ts';
import type { BinaryOp, Expr } from '../../ir/nodes.ts';
import { printExpr } from '../../ir/printer.ts';
import { isPosition, mapChildren, walkExpr } from '../../ir/visit.ts';
import { type Refusal, refuse } from '../../support/refusal.ts';
import { type BlockNode, type KernelTree, walkBlocks } from '../tree.ts';

/** Operations on words of packed values, and powers: index arithmetic has no such operations. */
const notForIndices: ReadonlySet<BinaryOp> = new Set(['pow', 'shr', 'bitAnd']);

/**
 * Refuses arithmetic on indices that does not fit unsigned 32 bits, or for which they have no operation. From here on every index, and every
 * value and condition that is made of indices alone, has finite bounds and positive divisors.
 */
export function checkIndices(trees: readonly KernelTree[]): Refusal | null {
  let refused: Refusal | null = null;
  const written = new Set<string>();
  for (const { body } of trees)
    walkBlocks(body, ({ writes }) => {
      for (const { buffer } of writes) written.add(buffer);
    });
  for (const { body } of trees) {
    walkBlocks(body, (block) => {
      for (const { indices, value } of block.writes) {
        for (const index of indices) refused ??= requireIndex(index, block);
        walkExpr(value, (node) => {
          if (node.kind === 'load') for (const index of node.indices) refused ??= requireAddress(index, block, written);
          if (!isIndex(node)) return true;
          refused ??= requireArithmetic(node, block);
          return false;
        });
      }
      for (const condition of block.predicate) refused ??= requireIndex(condition, block);
    });
  }
  return refused;
}

/** The index of a load, which may have positions in it: what they are made of must stay as it is while the kernel runs. */
function requireAddress(expr: Expr, block: BlockNode, written: ReadonlySet<string>): Refusal | null {
  let changing: string | null = null;
  const plain = (node: Expr): Expr => {
    if (!isPosition(node)) return mapChildren(node, plain);
    walkExpr(node, (part) => {
      if (part.kind === 'load' && written.has(part.buffer)) changing = part.buffer;
    });
    return int(0);
  };
  const rest = plain(expr);
  if (changing === null) return requireIndex(rest === expr ? expr : rest, block);
  return refuse(
    'position-changes',
    () =>
      `block ${block.name} has a position from ${changing} in ${printExpr(expr)}, and this kernel writes ${changing}`,
    () => 'only what another kernel made, or an input, can say where an element lies',
  );
}

function requireIndex(expr: Expr, block: BlockNode): Refusal | null {
  if (expr.kind === 'int' || expr.kind === 'var') return null;
  const inner = expr.kind === 'unary' && expr.op === 'not' ? expr.a : expr;
  if (isIndex(inner)) return requireArithmetic(inner, block);
  return refuse(
    'index-not-arithmetic',
    () => `block ${block.name} has ${printExpr(expr)} as an index; expected integer arithmetic on its iters`,
    () => 'an element becomes a position by a conversion to u32, and only where something is loaded',
  );
}

function requireArithmetic(expr: Expr, block: BlockNode): Refusal | null {
  let refused: Refusal | null = null;
  walkExpr(expr, (node) => {
    if (node.kind === 'binary') refused ??= requireOperation(node, block);
  });
  return refused;
}

function requireOperation(node: Extract<Expr, { kind: 'binary' }>, block: BlockNode): Refusal | null {
  const { op, a, b } = node;
  if (notForIndices.has(op))
    return refuse(
      'index-operation',
      () => `block ${block.name} computes ${printExpr(node)} on indices, for which there is no ${op}`,
      () => 'cast the operands to a type of values first',
    );
  if ((op === 'div' || op === 'mod') && !(b.kind === 'int' && b.value > 0) && boundsOf(b, block.ranges).min <= 0)
    return refuse(
      'index-divisor',
      () => `block ${block.name} computes ${printExpr(node)}, where ${printExpr(b)} may be zero or less`,
      () => 'divide by max(.., 1)',
    );
  if (op !== 'mul' || a.kind === 'int' || b.kind === 'int') return null;
  const { min, max } = boundsOf(node, block.ranges);
  if (Math.max(-min, max) < 2 ** 31) return null;
  return refuse(
    'index-too-large',
    () => `block ${block.name} computes ${printExpr(node)}, which reaches from ${min} to ${max}`,
    () => 'products of indices must stay below 2^31; cast them to f32 first',
  );
}
