import { axes } from '../../ir/nodes.ts';
import type { BlockAccesses, FlatAccess } from '../analysis/accesses.ts';
import { inTurns, sameLane } from '../analysis/same-lane.ts';
import type { BlockNode, Body, KernelTree, LanesNode, LoopNode, Node } from '../tree.ts';

/** Accesses to workgroup memory that no barrier separates from the start or the end of a piece of code. */
interface Edges {
  readonly nodes: readonly Node[];
  readonly head: readonly FlatAccess[];
  readonly tail: readonly FlatAccess[];
  readonly hasBarrier: boolean;
}

/**
 * Pass 6: a barrier between two accesses of different lanes to the same workgroup buffer when one of them writes. Straight-line code gets
 * one only where an access meets another since the last barrier; a loop gets one at its end when its last accesses meet the first ones of the
 * next iteration. No lane is under an `if` here yet (guards become branches in the next pass, which puts none around a barrier), and all
 * loops have constant extents, so every barrier stands in uniform control flow.
 */
export function placeBarriers(
  tree: KernelTree,
  accesses: ReadonlyMap<BlockNode, BlockAccesses>,
  held: ReadonlySet<string>,
): KernelTree {
  const lanes = axes.filter((_, i) => (tree.workgroupSize[i] as number) > 1).map((axis) => `lid.${axis}`);
  if (lanes.length === 0) return tree;

  const isShared = ({ region: { buffer } }: FlatAccess): boolean =>
    buffer.scope === 'workgroup' && !held.has(buffer.name);
  const meet = (first: readonly FlatAccess[], second: readonly FlatAccess[], fixed: ReadonlySet<string>): boolean =>
    first.some((a) => second.some((b) => conflict(a, b) && !inTurns(a, b, fixed) && !sameLane(a, b, lanes, fixed)));

  const sequence = (body: Body, fixed: ReadonlySet<string>): Edges => {
    const nodes: Node[] = [];
    let head: FlatAccess[] = [];
    let tail: FlatAccess[] = [];
    let hasBarrier = false;
    for (const node of body.nodes) {
      const piece = edgesOf(node, fixed);
      if (meet(tail, piece.head, fixed)) {
        nodes.push({ kind: 'barrier' });
        if (!hasBarrier) head = tail;
        hasBarrier = true;
        tail = [];
      }
      nodes.push(...piece.nodes);
      if (piece.hasBarrier) {
        if (!hasBarrier) head = [...tail, ...piece.head];
        hasBarrier = true;
        tail = [...piece.tail];
      } else tail = [...tail, ...piece.tail];
    }
    return { nodes, head: hasBarrier ? head : tail, tail, hasBarrier };
  };

  const edgesOf = (node: Node, fixed: ReadonlySet<string>): Edges => {
    if (node.kind === 'block') {
      const own = accesses.get(node);
      const shared = own === undefined ? [] : [...own.loads.values(), ...own.writes].filter(isShared);
      return { nodes: [node], head: shared, tail: shared, hasBarrier: false };
    }
    if (node.kind === 'barrier' || node.kind === 'guard')
      return { nodes: [node], head: [], tail: [], hasBarrier: node.kind === 'barrier' };
    const within = node.kind === 'loop' ? new Set([...fixed, node.name]) : fixed;
    const inner = sequence(node.body, within);
    const closes = node.kind === 'loop' && meet(inner.tail, inner.head, fixed);
    const nodes = closes ? [...inner.nodes, { kind: 'barrier' } as const] : inner.nodes;
    const rebuilt: LoopNode | LanesNode = { ...node, body: { ...node.body, nodes } };
    return {
      nodes: [rebuilt],
      head: inner.head,
      tail: closes ? [] : inner.tail,
      hasBarrier: closes || inner.hasBarrier,
    };
  };

  const { nodes } = sequence(tree.body, new Set(['wg.x', 'wg.y', 'wg.z']));
  return { ...tree, body: { ...tree.body, nodes } };
}

/** Whether two accesses conflict. Two stores of one plain block never race: an element has one value, however many instances compute it. */
function conflict(a: FlatAccess, b: FlatAccess): boolean {
  if (a.region !== b.region || !(a.isWrite || b.isWrite)) return false;
  return !(a.isWrite && b.isWrite && a.block === b.block && a.block.reducer === null);
}
