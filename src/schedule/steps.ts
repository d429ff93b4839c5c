import type { PrimitiveArgs, PrimitiveName } from './primitives/registry.ts';

/** A primitive's name and its arguments, which the compiler has checked. */
export type Step = {
  readonly [Name in PrimitiveName]: readonly [primitive: Name, args: PrimitiveArgs<Name>];
}[PrimitiveName];

type Target = PrimitiveArgs<'bind'>['to'];
type Scope = PrimitiveArgs<'setScope'>['scope'];

/* Constructors of steps, as short as the code that a trace prints. */
export const split = (loop: string, ...factors: (number | null)[]): Step => ['split', { loop, factors }];
export const fuse = (...loops: string[]): Step => ['fuse', { loops }];
export const reorder = (...loops: string[]): Step => ['reorder', { loops }];
export const bind = (loop: string, to: Target): Step => ['bind', { loop, to }];
export const unroll = (loop: string): Step => ['unroll', { loop }];
export const vectorize = (loop: string): Step => ['vectorize', { loop }];
export const cacheRead = (block: string, buffer: string, scope: Scope): Step => ['cacheRead', { block, buffer, scope }];
export const cacheWrite = (block: string, scope: PrimitiveArgs<'cacheWrite'>['scope']): Step => [
  'cacheWrite',
  { block, scope },
];
export const setScope = (buffer: string, scope: Scope): Step => ['setScope', { buffer, scope }];
export const computeAt = (block: string, loop: string): Step => ['computeAt', { block, loop }];
export const computeInline = (block: string): Step => ['computeInline', { block }];
export const decomposeReduction = (block: string, loop: string): Step => ['decomposeReduction', { block, loop }];
export const rfactor = (block: string, loop: string): Step => ['rfactor', { block, loop }];
export const reverseComputeInline = (block: string): Step => ['reverseComputeInline', { block }];
export const reverseComputeAt = (block: string, loop: string): Step => ['reverseComputeAt', { block, loop }];
export const storageAlign = (buffer: string, padding: number): Step => ['storageAlign', { buffer, padding }];
export const loopPartition = (loop: string, at?: number): Step => [
  'loopPartition',
  at === undefined ? { loop } : { loop, at },
];
export const transformLayout = (buffer: string, blocks: readonly (number | null)[], order: readonly number[]): Step => [
  'transformLayout',
  { buffer, blocks, order },
];
export const pack = (buffer: string, blocks: readonly (number | null)[], order: readonly number[]): Step => [
  'pack',
  { buffer, blocks, order },
];
export const doubleBuffer = (buffer: string): Step => ['doubleBuffer', { buffer }];
export const pad = (block: string, iter: string, multiple: number): Step => ['pad', { block, iter, multiple }];
export const subgroupMatrix = (loop: string): Step => ['subgroupMatrix', { loop }];
export const fuseIters = (block: string, ...iters: string[]): Step => ['fuseIters', { block, iters }];
export const reindex = (block: string, buffer: string, scope: Scope): Step => ['reindex', { block, buffer, scope }];
export const winograd = (block: string, outputs: 2 | 4): Step => ['winograd', { block, outputs }];
