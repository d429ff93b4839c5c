import { keyOf } from '../../arithmetic/linear.ts';
import type { Expr } from '../../ir/nodes.ts';
import { usesVar } from '../../ir/visit.ts';
import { type Body, bodyOf, type KernelTree, type Node } from '../tree.ts';

/** A piece of code, and the conditions that all of it has in common, taken off it. */
interface Lifted {
  readonly node: Node;
  readonly conditions: readonly Expr[];
  readonly hasBarrier: boolean;
}

/**
 * Pass 7: guards of blocks become `if`s, each as far out as its variables are known and everything below shares it; neighbours with the
 * same guards share one `if`. Code that holds a barrier is never put under an `if`. From here on the guards of a block are those around it.
 */
export function placeGuards(tree: KernelTree): KernelTree {
  return { ...tree, body: close(tree.body) };
}

function close(body: Body): Body {
  const pieces = body.nodes.flatMap(lift);
  return { ...body, nodes: group(pieces) };
}

/** Puts each run of neighbours that share conditions under one guard: those of the first piece that the following ones have too. */
function group(pieces: readonly Lifted[]): Node[] {
  const nodes: Node[] = [];
  let at = 0;
  while (at < pieces.length) {
    const first = pieces[at] as Lifted;
    if (first.conditions.length === 0) {
      nodes.push(first.node);
      at++;
      continue;
    }
    let shared = first.conditions;
    let end = at + 1;
    while (end < pieces.length) {
      const next = common(shared, (pieces[end] as Lifted).conditions);
      if (next.length === 0) break;
      shared = next;
      end++;
    }
    const rest = pieces.slice(at, end).map((piece) => ({ ...piece, conditions: without(piece.conditions, shared) }));
    nodes.push({ kind: 'guard', conditions: shared, body: bodyOf(group(rest)) });
    at = end;
  }
  return nodes;
}

function lift(node: Node): Lifted[] {
  if (node.kind === 'barrier') return [{ node, conditions: [], hasBarrier: true }];
  if (node.kind === 'guard') return [{ node, conditions: [], hasBarrier: false }];
  if (node.kind === 'block') return [{ node, conditions: node.guards, hasBarrier: false }];
  const pieces = node.body.nodes.flatMap(lift);
  const hasBarrier = pieces.some((piece) => piece.hasBarrier);
  const shared = hasBarrier ? [] : pieces.map((piece) => piece.conditions).reduce(common, pieces[0]?.conditions ?? []);
  const movable = node.kind === 'loop' ? shared.filter((condition) => !usesVar(condition, node.name)) : shared;
  const inner = pieces.map((piece) => ({ ...piece, conditions: without(piece.conditions, movable) }));
  return [{ node: { ...node, body: { ...node.body, nodes: group(inner) } }, conditions: movable, hasBarrier }];
}

function common(a: readonly Expr[], b: readonly Expr[]): readonly Expr[] {
  const keys = new Set(b.map(keyOf));
  return a.filter((condition) => keys.has(keyOf(condition)));
}

function without(a: readonly Expr[], b: readonly Expr[]): readonly Expr[] {
  if (b.length === 0) return a;
  const keys = new Set(b.map(keyOf));
  return a.filter((condition) => !keys.has(keyOf(condition)));
}
