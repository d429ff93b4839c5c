/**
 * Times TensorFlow.js' WebGPU backend on a square matrix product, on Dawn through the `webgpu` package, in a process of its own.
 * Prints one JSON line. The time of a product is that of its kernel alone, by the device's clock (TensorFlow.js' own profiling asks for timestamps
 * around each dispatch), while Node's thread sleeps as when our kernels are timed: polling for the answer would take a core from lavapipe.
 */
import { settleQuietly } from '../../src/measure/sampling/quiet-wait.ts';
import { startTensorflow, type Tensor } from './tensorflow.ts';

const [size = '512', samples = '7'] = process.argv.slice(2);
const n = Number(size);
const tf = await startTensorflow();

const values = (seed: number): Float32Array => Float32Array.from({ length: n * n }, (_, i) => ((i * 7 + seed) % 5) - 2);
const a = tf.tensor2d(values(1), [n, n]);
const b = tf.tensor2d(values(2), [n, n]);
const [left, right] = [values(1), values(2)];
let expected = 0;
for (let k = 0; k < n; k++) expected += (left[k] as number) * (right[k * n] as number);
const product = tf.matMul(a, b);
const first = (await settleQuietly(product.data()))[0];
product.dispose();
const kernelMs: number[] = [];
const wallMs: number[] = [];
for (let i = 0; i < Number(samples); i++) {
  const made: Tensor[] = [];
  const times = await settleQuietly(tf.time(() => made.push(tf.matMul(a, b))));
  kernelMs.push(times.kernelMs);
  wallMs.push(times.wallMs);
  for (const tensor of made) tensor.dispose();
}
if (kernelMs.some((ms) => !(ms > 0))) throw new Error('the device gave no timestamps');
console.log(JSON.stringify({ kernelMs, wallMs, right: first === expected }));
process.exit(0);
