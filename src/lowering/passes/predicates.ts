import { boundsOf } from '../../arithmetic/bounds.ts';
import type { Expr } from '../../ir/nodes.ts';
import { usesVar, varsOf } from '../../ir/visit.ts';
import { droppable } from '../analysis/domain.ts';
import type { Region } from '../analysis/regions.ts';
import { withoutLane } from '../analysis/vector-lanes.ts';
import { copiesZero, zeroOutside } from '../analysis/zero-outside.ts';
import { type BlockNode, type Body, type KernelTree, type LoopNode, type Node, walkBlocks } from '../tree.ts';
import { clampLoads } from './clamps.ts';
import { reductionVars } from './init.ts';

/**
 * Pass 4: what becomes of each conjunct of a block's predicate. A conjunct `e < E` that says "this iter is inside its extent", where the
 * iter is itself an index of what the block writes to compacted memory, needs no branch: nothing reads the element that would be hit.
 *   - a copy into workgroup or private memory stores zero there (`fill`), so that whatever reads the tile reads zeros;
 *   - a reduction into private or workgroup memory, and its init, just runs: the write-back has its own predicate.
 * A conjunct over a reduction is dropped when the sum provably adds zeros outside. Every other conjunct becomes a guard. Loads that could
 * then leave their buffer are clamped.
 */
export function lowerPredicates(tree: KernelTree, regions: ReadonlyMap<string, Region>): KernelTree {
  const copies = soleCopies(tree);
  const settle = (body: Body, vector: LoopNode | null, cut: LoopNode | null = null): Body => ({
    ...body,
    nodes: body.nodes.map((node): Node => {
      if (node.kind === 'block') {
        const settled = settlePredicate(node, vector ?? cut, regions, copies);
        const lost = node.predicate.length > settled.guards.length - node.guards.length;
        return clampLoads(settled, vector, regions, lost);
      }
      if (node.kind === 'barrier' || node.kind === 'guard') return node;
      if (node.kind === 'loop' && node.mode === 'vectorized' && cutsVector(node))
        return { ...node, mode: 'unrolled', body: settle(node.body, null, node) };
      return { ...node, body: settle(node.body, node.kind === 'loop' && node.mode === 'vectorized' ? node : null) };
    }),
  });
  return { ...tree, body: settle(tree.body, null) };
}

/** Whether a conjunct may hold for some lanes of a vector and not for others: then the loop is unrolled instead. */
function cutsVector(loop: LoopNode): boolean {
  const only = loop.body.nodes[0];
  if (only?.kind !== 'block') return true;
  return only.predicate.some(
    (conjunct) => usesVar(conjunct, loop.name) && withoutLane(conjunct, loop.name, loop.extent) === null,
  );
}

/** The writers of buffers that have one writer, which is a plain copy or computation, by buffer. */
function soleCopies(tree: KernelTree): Map<string, BlockNode> {
  const copies = new Map<string, BlockNode>();
  const several = new Set<string>();
  walkBlocks(tree.body, (block) => {
    for (const write of block.writes) {
      if (copies.has(write.buffer) || block.reducer !== null || isConstant(block)) several.add(write.buffer);
      copies.set(write.buffer, block);
    }
  });
  for (const name of several) copies.delete(name);
  return copies;
}

/** Whether a block stores constants, such as an identity: elements outside the domain may hold the same. */
function isConstant(block: BlockNode): boolean {
  return block.writes.every(({ value }) => value.kind === 'float' || value.kind === 'int');
}

function settlePredicate(
  block: BlockNode,
  vector: LoopNode | null,
  regions: ReadonlyMap<string, Region>,
  copies: ReadonlyMap<string, BlockNode>,
): BlockNode {
  if (block.predicate.length === 0) return block;
  const free = droppable(block, regions);
  const reduced = reductionVars(block);
  const guards = [...block.guards];
  const fill: Expr[] = [];
  for (const conjunct of block.predicate) {
    if (boundsOf(conjunct, block.ranges).min >= 1) continue;
    const whole = vector === null ? conjunct : (withoutLane(conjunct, vector.name, vector.extent) ?? conjunct);
    if (free.has(conjunct)) {
      if (block.reducer === null && !isConstant(block) && !copiesZero(conjunct, block, regions, copies))
        fill.push(whole);
      continue;
    }
    const ofReduction = [...varsOf(conjunct)].some((name) => reduced.has(name));
    // Lanes outside the reduction take part with a term that changes nothing.
    if (ofReduction && block.across > 1) {
      fill.push(whole);
      continue;
    }
    const beyond = block.reducer?.op === 'sum' && ofReduction ? zeroOutside(conjunct, block, regions, copies) : 'no';
    // A zero factor times a NaN or an infinity is not zero, so the whole term is made zero instead.
    if (beyond === 'if finite') fill.push(whole);
    else if (beyond === 'no') guards.push(whole);
  }
  return { ...block, predicate: [], guards, fill };
}
