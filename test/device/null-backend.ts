import { matrixFeature, matrixSyntaxOf } from '../../src/device/subgroup-matrix.ts';
import { killSelf } from '../../src/device/watchdog.ts';

/**
 * A process of its own with Dawn's null backend: it offers every feature and runs nothing, so that Dawn's own WGSL compiler can be asked
 * about extensions that no device here has. Answers whether each text compiles, with its errors, and which matrix syntax is found.
 */
export interface NullAnswer {
  readonly syntax: string | null;
  readonly errors: readonly (readonly string[])[];
}

// Kept for the life of the process: see src/device/dawn.ts.
const kept: unknown[] = [];

process.once('message', (texts) => {
  void compileAll(texts as readonly string[]).then((answer) => {
    process.send?.(answer, undefined, undefined, killSelf);
  });
});

async function compileAll(texts: readonly string[]): Promise<NullAnswer> {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  const gpu = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);
  kept.push(gpu);
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error('Dawn has no null backend');
  const features = ['shader-f16', 'subgroups', matrixFeature] as GPUFeatureName[];
  const device = await adapter.requestDevice({ requiredFeatures: features });
  kept.push(device);
  const errors: string[][] = [];
  for (const code of texts) {
    device.pushErrorScope('validation');
    const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
    const error = await device.popErrorScope();
    const wrong = messages.filter(({ type }) => type === 'error').map(({ message }) => message);
    errors.push(error === null ? wrong : [...wrong, error.message]);
  }
  return { syntax: await matrixSyntaxOf(device), errors };
}
