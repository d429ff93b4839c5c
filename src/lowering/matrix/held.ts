import { type Linear, linearOf } from '../../arithmetic/linear.ts';
import type { KMatrix } from '../../ir/kernel.ts';
import type { LoadExpr } from '../../ir/nodes.ts';
import { usesVar } from '../../ir/visit.ts';
import { type Refusal, refuse } from '../../support/refusal.ts';
import type { FlatAccess } from '../analysis/accesses.ts';
import { sameLane } from '../analysis/same-lane.ts';
import type { BlockNode, Body, LoopNode } from '../tree.ts';

/** One nest of matrix loops: what it does, and the loops that run over rows, columns and, in a product, the depth. */
export interface MatrixTile {
  readonly does: 'multiply' | 'fill' | 'store';
  readonly rows: LoopNode;
  readonly columns: LoopNode;
  readonly depth: LoopNode | null;
  /** The matrix that is held: the product's result, or the one that is filled or stored. */
  readonly held: FlatAccess;
  /** Where elements come from, left factor first, or go to. */
  readonly memory: readonly { readonly access: FlatAccess; readonly load: LoadExpr | null; readonly matrix: KMatrix }[];
}

/** Requires that every matrix of a held buffer belongs to one subgroup, at a place known when the kernel is written, and overlaps no other. */
export function requireOneOwner(
  list: readonly FlatAccess[],
  tiles: ReadonlyMap<BlockNode, MatrixTile>,
): Refusal | null {
  const [first] = list as [FlatAccess];
  const { name } = first.region.buffer;
  const shapeOf = (access: FlatAccess): string => {
    const { rows, columns } = tiles.get(access.block) as MatrixTile;
    return access.dims
      .map((dim) => (steps(dim, rows.name) ? `r${rows.extent}` : steps(dim, columns.name) ? `c${columns.extent}` : '-'))
      .join();
  };
  const odd = list.find((access) => shapeOf(access) !== shapeOf(first) || lanesOf(access) !== lanesOf(first));
  const strayed = list.some((a) =>
    list.some((b) => (a.isWrite || b.isWrite) && !sameLane(a, b, ['lid.y', 'lid.z'].filter(isSpread(list)), new Set())),
  );
  if (odd !== undefined || strayed)
    return refuse(
      'matrix-owner',
      () =>
        `blocks ${first.block.name} and ${(odd ?? (list.at(-1) as FlatAccess)).block.name} cut ${name} into matrices or subgroups in different ways`,
      () => 'bind the same parts of it to invocation.y and invocation.z everywhere',
    );
  for (const access of list) {
    const { rows, columns } = tiles.get(access.block) as MatrixTile;
    for (const dim of access.dims) {
      const loop = [rows, columns].find(({ name: own }) => steps(dim, own));
      const unit = loop?.extent ?? 1;
      for (const { atom, coefficient } of [...dim.terms.values(), { atom: null, coefficient: dim.constant }]) {
        if (atom?.kind === 'var' && atom.name === loop?.name) continue;
        if (coefficient % unit !== 0 || (atom !== null && atom.kind !== 'var'))
          return refuse(
            'matrix-overlap',
            () => `block ${access.block.name} touches ${name} at places that are not whole matrices apart`,
            () => 'split its loops by the extents of the matrix',
          );
      }
    }
  }
  return null;
}

const steps = (dim: Linear, name: string): boolean =>
  [...dim.terms.values()].some(({ atom }) => atom.kind === 'var' && atom.name === name);

/** The part of an index that tells subgroups apart, as text. */
function lanesOf({ dims }: FlatAccess): string {
  return dims
    .map((dim) =>
      [...dim.terms.entries()]
        .filter(([, { atom }]) => usesVar(atom, 'lid.y') || usesVar(atom, 'lid.z'))
        .map(([key, { coefficient }]) => `${coefficient}*${key}`)
        .sort()
        .join('+'),
    )
    .join();
}

const isSpread =
  (list: readonly FlatAccess[]) =>
  (lane: string): boolean =>
    list.some(({ block }) => (block.ranges.get(lane)?.max ?? 0) > 0);

/** A held matrix is a named variable, so its place must be known once the loops around it are unrolled. */
export function requireKnown(list: readonly FlatAccess[], known: ReadonlySet<string>): Refusal | null {
  for (const { block, flat, region } of list) {
    for (const [key, { atom }] of linearOf(flat).terms) {
      if (atom.kind === 'var' && (known.has(atom.name) || atom.name === 'lid.y' || atom.name === 'lid.z')) continue;
      return refuse(
        'matrix-moves',
        () => `block ${block.name} touches a matrix of ${region.buffer.name} that ${key} chooses while the kernel runs`,
        () => 'unroll the loops around the tile that choose it',
      );
    }
  }
  return null;
}

/** Loops whose iterations are written out, and the matrix loops themselves. */
export function knownLoops(body: Body, into: Set<string> = new Set()): Set<string> {
  for (const node of body.nodes) {
    if (node.kind === 'block' || node.kind === 'barrier') continue;
    if (node.kind === 'loop' && node.mode !== 'serial') into.add(node.name);
    knownLoops(node.body, into);
  }
  return into;
}
