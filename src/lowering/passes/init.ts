import { rangeOfExtent } from '../../arithmetic/bounds.ts';
import { simplify } from '../../arithmetic/simplify.ts';
import { int, variable } from '../../ir/builders.ts';
import type { Expr } from '../../ir/nodes.ts';
import { reducers } from '../../ir/reducers.ts';
import { freshName, substitute, varsOf } from '../../ir/visit.ts';
import {
  type BlockNode,
  type Body,
  bodyOf,
  type KernelTree,
  type LanesNode,
  type LoopNode,
  type Node,
  walkBlocks,
} from '../tree.ts';

/**
 * Pass 2: a block that initialises its reduction -> the store of the identity in front of its outermost reduction loop, under copies
 * of the spatial loops in between, and the block without its init. It does what decomposeReduction does in a schedule, for all other
 * blocks.
 */
export function hoistInits(tree: KernelTree): KernelTree {
  const before = new Map<string, Node[]>();
  const taken = new Set(tree.ranges.keys());
  const ranges = new Map(tree.ranges);
  walkBlocks(tree.body, (block, path) => {
    if (!block.reducer?.initialises) return;
    const reduced = reductionVars(block);
    let at = path.findIndex((node) => node.kind === 'loop' && reduced.has(node.name));
    const last = path[path.length - 1];
    if (at < 0) at = last?.kind === 'loop' && last.mode === 'vectorized' ? path.length - 1 : path.length;
    // The init goes in front of all matrix loops of a tile, which must stay together.
    const tile = path.findIndex((node) => node.kind === 'loop' && node.mode === 'matrix');
    if (tile >= 0) at = Math.min(at, tile);
    const anchor = path[at]?.name ?? block.name;
    const nest = initNest(block, path.slice(at), reduced, tree, taken, ranges);
    before.set(anchor, [...(before.get(anchor) ?? []), nest]);
  });
  if (before.size === 0) return tree;
  return { ...tree, ranges, body: insert(tree.body, before) };
}

/** Loop variables that the block's reduction iters depend on. */
export function reductionVars(block: BlockNode): Set<string> {
  const names = new Set<string>();
  for (const iter of block.iters) if (iter.reduction) varsOf(iter.binding, names);
  return names;
}

function insert(body: Body, before: ReadonlyMap<string, readonly Node[]>): Body {
  const nodes: Node[] = [];
  for (const node of body.nodes) {
    if (node.kind === 'loop' || node.kind === 'lanes') {
      nodes.push(...(before.get(node.name) ?? []), { ...node, body: insert(node.body, before) });
    } else if (node.kind === 'block') {
      nodes.push(...(before.get(node.name) ?? []));
      nodes.push(node.reducer === null ? node : { ...node, reducer: { ...node.reducer, initialises: false } });
    } else nodes.push(node);
  }
  return { ...body, nodes };
}

function initNest(
  block: BlockNode,
  path: readonly (LoopNode | LanesNode)[],
  reduced: ReadonlySet<string>,
  tree: KernelTree,
  taken: Set<string>,
  allRanges: Map<string, { readonly min: number; readonly max: number }>,
): Node {
  const indexed = new Set<string>();
  for (const write of block.writes) for (const index of write.indices) varsOf(index, indexed);
  const asked = new Set<string>();
  for (const conjunct of block.predicate) varsOf(conjunct, asked);
  const renamed = new Map<string, Expr>();
  const ranges = new Map(block.ranges);
  // A loop that was fused from spatial and reduction loops is both: its copy stores the identity several times.
  const isKept = ({ kind, name }: LoopNode | LanesNode): boolean =>
    kind === 'lanes' || indexed.has(name) || (asked.has(name) && !reduced.has(name));
  const kept = path.filter(isKept);
  // The identity is stored where the reduction starts, so the predicate is evaluated there.
  for (const node of path) if (!isKept(node)) renamed.set(node.name, int(0));
  const copies = kept.map((node) => {
    if (node.kind === 'lanes') return node;
    const name = freshName(taken, `${node.name}_init`);
    taken.add(name);
    renamed.set(node.name, variable(name));
    ranges.set(name, rangeOfExtent(node.extent));
    allRanges.set(name, rangeOfExtent(node.extent));
    return { ...node, name };
  });
  const rename = (expr: Expr): Expr => substitute(expr, renamed);
  const dtypes = block.writes.map((write) => tree.buffers.get(write.buffer)?.dtype ?? 'f32');
  const identity = reducers[block.reducer?.op ?? 'sum'].identity(dtypes);
  // All lanes that share a reduction store the identity, under the conditions of its first lane.
  const first = new Map<string, Expr>(block.across > 1 ? [['lid.x', int(0)]] : []);
  const init: BlockNode = {
    ...block,
    name: `${block.name}_init`,
    iters: block.iters.filter((iter) => !iter.reduction).map((iter) => ({ ...iter, binding: rename(iter.binding) })),
    writes: block.writes.map((write, i) => ({
      ...write,
      indices: write.indices.map(rename),
      value: identity[i] as Expr,
    })),
    reducer: null,
    predicate: block.predicate
      .map((conjunct) => simplify(substitute(rename(conjunct), first), ranges))
      .filter((conjunct) => !(conjunct.kind === 'int' && conjunct.value !== 0)),
    ranges,
  };
  return copies.reduceRight<Node>((inner, node) => ({ ...node, body: bodyOf([inner]) }), init);
}
