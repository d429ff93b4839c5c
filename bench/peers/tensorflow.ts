import { createRequire } from 'node:module';
import { join } from 'node:path';

export interface Tensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}

export type Padding = readonly (readonly [number, number])[];
interface Convolution {
  readonly x: Tensor;
  readonly filter: Tensor;
  readonly strides: readonly [number, number];
  readonly pad: Padding;
  readonly dilations: readonly [number, number];
  readonly bias?: Tensor;
  readonly activation?: string;
}
interface Product {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly bias?: Tensor;
  readonly activation?: string;
}

/** The part of TensorFlow.js that layers are made of. */
export interface Tensorflow {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  backend(): { readonly device: GPUDevice };
  time(work: () => void): Promise<{ readonly kernelMs: number; readonly wallMs: number }>;
  tidy(work: () => Tensor): Tensor;
  tensor(values: Float32Array | Int32Array, shape: readonly number[], dtype?: 'int32'): Tensor;
  readonly fused: {
    conv2d(options: Convolution): Tensor;
    depthwiseConv2d(options: Convolution): Tensor;
    matMul(options: Product): Tensor;
  };
  conv2dTranspose(
    x: Tensor,
    filter: Tensor,
    outputShape: readonly number[],
    strides: readonly [number, number],
    pad: Padding,
    rounding: 'floor',
  ): Tensor;
  maxPool(x: Tensor, window: readonly [number, number], strides: readonly [number, number], pad: Padding): Tensor;
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  softmax(x: Tensor): Tensor;
  moments(x: Tensor, axis: number, keepDims: boolean): { readonly mean: Tensor; readonly variance: Tensor };
  batchNorm(x: Tensor, mean: Tensor, variance: Tensor, offset: Tensor, scale: Tensor, epsilon: number): Tensor;
  mean(x: Tensor, axis: readonly number[] | number, keepDims?: boolean): Tensor;
  transpose(x: Tensor, order: readonly number[]): Tensor;
  concat(tensors: readonly Tensor[], axis: number): Tensor;
  add(a: Tensor, b: Tensor | number): Tensor;
  sub(a: Tensor, b: Tensor): Tensor;
  mul(a: Tensor, b: Tensor | number): Tensor;
  square(x: Tensor): Tensor;
  rsqrt(x: Tensor): Tensor;
  split(x: Tensor, parts: number, axis: number): readonly Tensor[];
  reshape(x: Tensor, shape: readonly number[]): Tensor;
  gather(table: Tensor, indices: Tensor): Tensor;
  readonly image: { resizeNearestNeighbor(x: Tensor, size: readonly [number, number]): Tensor };
  relu(x: Tensor): Tensor;
  relu6(x: Tensor): Tensor;
  tanh(x: Tensor): Tensor;
  sigmoid(x: Tensor): Tensor;
  erf(x: Tensor): Tensor;
}

// Kept for the life of the process: Dawn dies when it is collected.
let gpu: GPU | null = null;

/** TensorFlow.js on its WebGPU backend, on an adapter of Dawn with an exact clock; its packages are in `folder`. */
export async function startTensorflow(
  folder: string,
  create: (options: string[]) => GPU,
  { backend, name }: { readonly backend: string; readonly name: string },
): Promise<Tensorflow> {
  gpu = create([`backend=${backend}`, `adapter=${name}`, 'disable-dawn-features=timestamp_quantization']);
  Object.assign(globalThis, { self: globalThis });
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: '' }, configurable: true });
  const require = createRequire(join(folder, 'package.json'));
  const tf = require('@tensorflow/tfjs-core') as Tensorflow;
  require('@tensorflow/tfjs-backend-webgpu');
  await tf.setBackend('webgpu');
  await tf.ready();
  return tf;
}
