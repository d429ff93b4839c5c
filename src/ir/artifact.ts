import type { DType } from './nodes.ts';

/** A kernel as text with everything needed to dispatch it; the form that is measured, exported and printed. */
export interface KernelArtifact {
  readonly name: string;
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
}

export interface BufferSpec {
  readonly name: string;
  readonly role: 'input' | 'output' | 'scratch';
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** The kernels of one candidate, to be dispatched in order, and the buffers they share. */
export interface Artifact {
  readonly buffers: readonly BufferSpec[];
  readonly kernels: readonly KernelArtifact[];
}
