import { hashJson } from '../support/hash.ts';
import type { SubgroupMatrixSupport } from './limits.ts';
import type { DType } from './nodes.ts';

/**
 * The sizes of subgroups on which a kernel is right: powers of two from the least to the most. A device may choose among several sizes when
 * it compiles, so all of its sizes must be in this range. Lanes are assumed to follow the local index, x fastest.
 */
export interface SubgroupNeeds {
  readonly minSize: number;
  /** Null where no size is too large. */
  readonly maxSize: number | null;
}

/** A kernel as text with everything needed to dispatch it; the form that is measured, exported and printed. */
export interface KernelArtifact {
  readonly name: string;
  /** It reads constant inputs alone: it runs before the others and need not run again while these stay the same. */
  readonly runsOnce?: true;
  readonly entryPoint: string;
  readonly wgsl: string;
  /** Invocations in x, y, z. */
  readonly workgroupSize: readonly [number, number, number];
  /** Workgroups in x, y, z. */
  readonly dispatch: readonly [number, number, number];
  readonly bindings: readonly {
    readonly group: number;
    readonly binding: number;
    readonly buffer: string;
    readonly access: 'read' | 'read_write';
  }[];
  /** Workgroup memory in bytes. */
  readonly workgroupBytes: number;
  /** WebGPU features the text needs, e.g. `shader-f16`. */
  readonly features: readonly string[];
  /** Null where the kernel does not use subgroups. */
  readonly subgroups: SubgroupNeeds | null;
  /** The matrix products that subgroups compute in it, in the syntax of its text; null where there are none. */
  readonly subgroupMatrix: SubgroupMatrixSupport | null;
}

export interface BufferSpec {
  readonly name: string;
  /** Scratch is written anew in every run; what is packed is made by kernels that run once, and kept. */
  readonly role: 'input' | 'output' | 'scratch' | 'packed';
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** The kernels of one candidate, to be dispatched in order, and the buffers they share. */
export interface Artifact {
  readonly buffers: readonly BufferSpec[];
  readonly kernels: readonly KernelArtifact[];
}

/** A key that identifies a candidate by everything it does on a device: its kernels and buffers. */
export function artifactKey(artifact: Artifact): string {
  return hashJson(artifact);
}

/** The text of all kernels in their order; what records keep a hash of. */
export function wgslOf({ kernels }: Artifact): string {
  return kernels.map(({ wgsl }) => wgsl).join('\n');
}
