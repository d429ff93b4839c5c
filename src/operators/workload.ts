import type { DType } from '../ir/nodes.ts';
import { hashJson } from '../support/hash.ts';

/** An operator with its parameters (shape and attributes, all integers; flags are 0 or 1) and dtype. Whole in every record. */
export interface Workload {
  readonly operator: string;
  readonly params: Readonly<Record<string, number>>;
  readonly dtype: Extract<DType, 'f32' | 'f16'>;
}

/** Hash of the workload's canonical JSON: the name under which its records are found. */
export function workloadKey(workload: Workload): string {
  return hashJson({ operator: workload.operator, params: workload.params, dtype: workload.dtype });
}

/** `matmul m=128 n=128 k=128 f32`, parameters in declaration order. */
export function describeWorkload(workload: Workload): string {
  const params = Object.entries(workload.params).map(([name, value]) => `${name}=${value}`);
  return [workload.operator, ...params, workload.dtype].join(' ');
}
