import { errorText, type Failure, fail } from '../failure.ts';
import { settleQuietly } from '../sampling/quiet-wait.ts';

/**
 * Runs `work` and turns every error of the device into a failure: those that WebGPU reports to error scopes, and rejected
 * promises. WGSL errors, limits and bad bindings are build errors with Dawn's full text.
 */
export async function withErrorScopes<T>(gpu: GPUDevice, work: () => Promise<T>): Promise<T | Failure> {
  gpu.pushErrorScope('internal');
  gpu.pushErrorScope('out-of-memory');
  gpu.pushErrorScope('validation');
  let value: T | undefined;
  let thrown: unknown = null;
  try {
    value = await work();
  } catch (error) {
    thrown = error ?? new Error('rejected without a reason');
  }
  // Scopes are a stack: the last pushed is popped first.
  const validation = gpu.popErrorScope();
  const outOfMemory = gpu.popErrorScope();
  const internal = gpu.popErrorScope();
  const [invalid, noMemory, broken] = await settleQuietly(Promise.all([validation, outOfMemory, internal]));
  if (noMemory !== null) return fail('out-of-memory', noMemory.message);
  if (invalid !== null) return fail('build-error', invalid.message);
  if (broken !== null) return fail('build-error', broken.message);
  if (thrown === null) return value as T;
  if (isPipelineError(thrown)) return fail('build-error', errorText(thrown));
  throw thrown;
}

function isPipelineError(error: unknown): boolean {
  return error instanceof Error && (error.name === 'GPUPipelineError' || error.name === 'OperationError');
}
