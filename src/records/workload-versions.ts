/*
 * Workloads in records of version 1 say less than later ones: each operator decided by itself in which type it kept sums of f16 elements,
 * and four had a flag for f32. Since then sums are in f32 unless `accumulate=f16`, which a record of a kernel with sums in f16 now says.
 */

/** Operators of version 1 that kept sums in f32 always, or have none. Any other, also one of a user, may have summed in f16. */
const inF32: ReadonlySet<string> = new Set([
  ...['quantized_matmul', 'max_pool2d', 'avg_pool2d', 'reduce_max', 'reduce', 'softmax', 'log_softmax', 'layer_norm'],
  ...['rms_norm', 'batch_norm', 'attention', 'elementwise', 'transpose', 'concat'],
]);

interface RawWorkload {
  readonly operator: unknown;
  readonly params: Readonly<Record<string, unknown>>;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly dtype: unknown;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isWorkload = (value: unknown): value is RawWorkload =>
  isObject(value) && isObject(value.params) && isObject(value.attributes);

/** The workload of a record of some version in the present form; a value without the shape of a workload is left for the schema to refuse. */
export function presentWorkload(version: number, workload: unknown): unknown {
  if (version > 1 || !isWorkload(workload)) return workload;
  const { accumulate_f32: flag, ...params } = workload.params;
  const wasF16 = workload.dtype === 'f16' && flag !== 1 && !inF32.has(String(workload.operator));
  const attributes = wasF16 ? { ...workload.attributes, accumulate: 'f16' } : workload.attributes;
  return { ...workload, params, attributes };
}
