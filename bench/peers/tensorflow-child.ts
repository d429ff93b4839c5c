/**
 * Times TensorFlow.js' WebGPU backend on a square matrix product, on Dawn through the `webgpu` package, in a process of its own.
 * Prints one JSON line. One product's time is the difference between a long and a short chain of products with one read back,
 * divided by the difference in length.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { create, globals } from 'webgpu';

interface Tensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}
interface Tensorflow {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tensor2d(values: Float32Array, shape: [number, number]): Tensor;
  matMul(a: Tensor, b: Tensor): Tensor;
}

const [size = '512', samples = '7', long = '5'] = process.argv.slice(2);
const n = Number(size);
const require = createRequire(join(process.env.WGTUNE_PEERS ?? process.cwd(), 'package.json'));
// Kept for the life of the process: Dawn dies with it.
const gpu = create(['backend=vulkan']);
Object.assign(globalThis, globals, { self: globalThis });
Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: '' }, configurable: true });
const tf = require('@tensorflow/tfjs-core') as Tensorflow;
require('@tensorflow/tfjs-backend-webgpu');
await tf.setBackend('webgpu');
await tf.ready();

const values = (seed: number): Float32Array => Float32Array.from({ length: n * n }, (_, i) => ((i * 7 + seed) % 5) - 2);
const a = tf.tensor2d(values(1), [n, n]);
const b = tf.tensor2d(values(2), [n, n]);
const time = async (length: number): Promise<{ ms: number; first: number }> => {
  const started = performance.now();
  const made: Tensor[] = [];
  let last = a;
  for (let i = 0; i < length; i++) {
    last = tf.matMul(last, b);
    made.push(last);
  }
  const first = (await last.data())[0] as number;
  const ms = performance.now() - started;
  for (const tensor of made) tensor.dispose();
  return { ms, first };
};
const [left, right] = [values(1), values(2)];
let expected = 0;
for (let k = 0; k < n; k++) expected += (left[k] as number) * (right[k * n] as number);
const { first } = await time(1);
await time(Number(long));
const kernelMs: number[] = [];
const wallMs: number[] = [];
for (let i = 0; i < Number(samples); i++) {
  const one = (await time(1)).ms;
  const many = (await time(Number(long))).ms;
  wallMs.push(one);
  kernelMs.push((many - one) / (Number(long) - 1));
}
console.log(JSON.stringify({ kernelMs, wallMs, right: first === expected }));
process.exit(0);
