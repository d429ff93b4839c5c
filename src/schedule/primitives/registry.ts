import type { Primitive } from '../primitive.ts';
import { bind } from './bind.ts';
import { cacheRead } from './cache-read.ts';
import { cacheWrite } from './cache-write.ts';
import { computeAt } from './compute-at.ts';
import { computeInline } from './compute-inline.ts';
import { decomposeReduction } from './decompose-reduction.ts';
import { doubleBuffer } from './double-buffer.ts';
import { fuse } from './fuse.ts';
import { fuseIters } from './fuse-iters.ts';
import { loopPartition } from './loop-partition.ts';
import { mergeReductions } from './merge-reductions.ts';
import { pack } from './pack.ts';
import { pad } from './pad.ts';
import { reindex } from './reindex.ts';
import { reorder } from './reorder.ts';
import { reverseComputeAt } from './reverse-compute-at.ts';
import { reverseComputeInline } from './reverse-compute-inline.ts';
import { rfactor } from './rfactor.ts';
import { rfactorSoftmax } from './rfactor-softmax.ts';
import { setScope } from './set-scope.ts';
import { split } from './split.ts';
import { storageAlign } from './storage-align.ts';
import { subgroupMatrix } from './subgroup-matrix.ts';
import { transformLayout } from './transform-layout.ts';
import { unroll } from './unroll.ts';
import { vectorize } from './vectorize.ts';
import { winograd } from './winograd.ts';

/** Every primitive, in the order in which the documentation lists them. */
const registered = [
  split,
  fuse,
  reorder,
  bind,
  loopPartition,
  unroll,
  vectorize,
  subgroupMatrix,
  cacheRead,
  reindex,
  cacheWrite,
  setScope,
  storageAlign,
  transformLayout,
  doubleBuffer,
  computeAt,
  reverseComputeAt,
  computeInline,
  reverseComputeInline,
  decomposeReduction,
  rfactor,
  mergeReductions,
  rfactorSoftmax,
  fuseIters,
  pad,
  pack,
  winograd,
] as const;
export const primitives: readonly Primitive[] = registered;

type Registered = (typeof registered)[number];
export type PrimitiveName = Registered['name'];
/** The arguments of a primitive as a step holds them. */
export type PrimitiveArgs<Name extends PrimitiveName> =
  Extract<Registered, { readonly name: Name }> extends Primitive<Name, infer Args> ? Frozen<Args> : never;
type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [key in keyof T]: Frozen<T[key]> }
    : T;

const byName = new Map(primitives.map((primitive) => [primitive.name, primitive]));

export function findPrimitive(name: string): Primitive | undefined {
  return byName.get(name);
}
