import { createRequire } from 'node:module';
import { join } from 'node:path';
import { create, globals } from 'webgpu';

export interface Tensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}
export interface Tensorflow {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  backend(): { readonly device: GPUDevice };
  tensor2d(values: Float32Array, shape: [number, number]): Tensor;
  matMul(a: Tensor, b: Tensor): Tensor;
  time(work: () => void): Promise<{ readonly kernelMs: number; readonly wallMs: number }>;
}

// Kept for the life of the process: Dawn dies when it is collected.
let gpu: GPU | null = null;

/** TensorFlow.js on its WebGPU backend, on Dawn with an exact clock; its packages come from the folder that WGTUNE_PEERS names. */
export async function startTensorflow(): Promise<Tensorflow> {
  gpu = create(['backend=vulkan', 'disable-dawn-features=timestamp_quantization']);
  Object.assign(globalThis, globals, { self: globalThis });
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: '' }, configurable: true });
  const require = createRequire(join(process.env.WGTUNE_PEERS ?? process.cwd(), 'package.json'));
  const tf = require('@tensorflow/tfjs-core') as Tensorflow;
  require('@tensorflow/tfjs-backend-webgpu');
  await tf.setBackend('webgpu');
  await tf.ready();
  return tf;
}
