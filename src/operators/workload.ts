import type { DType } from '../ir/nodes.ts';
import { hashJson } from '../support/hash.ts';

/** An operator with its shape, attributes and dtype. Every record holds it whole. */
export interface Workload {
  readonly operator: string;
  /** Shape and integer attributes by name, in declaration order; flags are 0 or 1. */
  readonly params: Readonly<Record<string, number>>;
  /** Attributes that are text, e.g. an elementwise expression. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly dtype: Extract<DType, 'f32' | 'f16'>;
}

/** Hash of the workload's canonical JSON: the name under which its records are found. */
export function workloadKey(workload: Workload): string {
  return hashJson({
    operator: workload.operator,
    params: workload.params,
    attributes: workload.attributes,
    dtype: workload.dtype,
  });
}

/** `matmul m=128 n=128 k=128 f32`, parameters in declaration order. */
export function describeWorkload(workload: Workload): string {
  const params = Object.entries(workload.params).map(([name, value]) => `${name}=${value}`);
  const attributes = Object.entries(workload.attributes).map(([name, value]) => `${name}="${value}"`);
  return [workload.operator, ...params, ...attributes, workload.dtype].join(' ');
}
