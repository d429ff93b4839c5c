import type { Ranges } from '../arithmetic/bounds.ts';
import type { Buffer, Expr, GridAxis, LoadExpr, Reducer } from '../ir/nodes.ts';

/**
 * One kernel while it is being lowered: the loop nest with iters resolved to loop variables, and with two things that the IR does not
 * have, guards and barriers. Workgroup and invocation loops have become the variables `wg.{x,y,z}` and `lid.{x,y,z}`; the place of an
 * invocation loop stays as a `lanes` node until regions are known.
 */
export interface Body {
  /** Buffers that live here and not further out. */
  readonly allocations: readonly string[];
  readonly nodes: readonly Node[];
}

export interface LoopNode {
  readonly kind: 'loop';
  readonly name: string;
  readonly extent: number;
  readonly mode: 'serial' | 'unrolled' | 'vectorized' | 'matrix';
  readonly body: Body;
}
export interface LanesNode {
  readonly kind: 'lanes';
  readonly name: string;
  readonly axis: GridAxis;
  readonly extent: number;
  /** Lanes of a subgroup: groups of `extent` invocations along the axis run the same iterations. */
  readonly subgroup: boolean;
  readonly body: Body;
}
export interface GuardNode {
  readonly kind: 'guard';
  readonly conditions: readonly Expr[];
  readonly body: Body;
}
interface BarrierNode {
  readonly kind: 'barrier';
}

export interface ResolvedIter {
  readonly name: string;
  readonly extent: number;
  readonly reduction: boolean;
  /** In terms of loop variables. */
  readonly binding: Expr;
}
interface ResolvedWrite {
  readonly buffer: string;
  /** In terms of loop variables, as `value`. */
  readonly indices: readonly Expr[];
  /** For each dimension the iter that is its index, where the index is one iter and nothing else. */
  readonly iters: readonly (string | null)[];
  readonly value: Expr;
}
export interface BlockNode {
  readonly kind: 'block';
  readonly name: string;
  readonly iters: readonly ResolvedIter[];
  readonly writes: readonly ResolvedWrite[];
  readonly reducer: Reducer | null;
  /** How many lanes of a subgroup combine their terms; 1 where each has a reduction of its own. */
  readonly across: number;
  /** The program's predicate; emptied by the predicate pass. */
  readonly predicate: readonly Expr[];
  /** Conditions that end as an `if` around the block; those on lanes stand here from the start. */
  readonly guards: readonly Expr[];
  /** Conditions whose failing instances store zero, or in a reduction combine its identity. */
  readonly fill: readonly Expr[];
  /** Loads whose flat index is clamped to the buffer. */
  readonly clamped: ReadonlySet<LoadExpr>;
  /** Bounds of the variables where the block's guards on lanes hold. */
  readonly ranges: Ranges;
}

export type Node = LoopNode | LanesNode | GuardNode | BarrierNode | BlockNode;

export interface KernelTree {
  readonly name: string;
  readonly dispatch: readonly [number, number, number];
  readonly workgroupSize: readonly [number, number, number];
  /** Bounds of every variable over all lanes. */
  readonly ranges: Ranges;
  readonly buffers: ReadonlyMap<string, Buffer>;
  readonly body: Body;
}

export const noLoads: ReadonlySet<LoadExpr> = new Set();

export function bodyOf(nodes: readonly Node[]): Body {
  return { allocations: [], nodes };
}

/** Calls `visit` on every block with the loops and lanes around it, outermost first. */
export function walkBlocks(
  body: Body,
  visit: (block: BlockNode, path: readonly (LoopNode | LanesNode)[]) => void,
  path: readonly (LoopNode | LanesNode)[] = [],
): void {
  for (const node of body.nodes) {
    if (node.kind === 'block') visit(node, path);
    else if (node.kind === 'guard') walkBlocks(node.body, visit, path);
    else if (node.kind !== 'barrier') walkBlocks(node.body, visit, [...path, node]);
  }
}
