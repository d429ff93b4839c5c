/**
 * Times ONNX Runtime's WebGPU provider on a square matrix product, in a process of its own, because it brings its own Dawn.
 * Prints one JSON line. The time of one product is the difference between a long and a short chain of products in one session run,
 * divided by the difference in length: uploads, downloads and the call itself cancel.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { matmulChain } from './onnx-model.ts';

interface Tensor {
  readonly data: Float32Array;
}
interface Session {
  run(feeds: Record<string, unknown>): Promise<Record<string, Tensor>>;
}
interface OnnxRuntime {
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => unknown;
  readonly InferenceSession: { create(model: Uint8Array, options: unknown): Promise<Session> };
}

const [size = '512', samples = '7', long = '5'] = process.argv.slice(2);
const n = Number(size);
const folder = process.env.WGTUNE_PEERS ?? process.cwd();
const ort = createRequire(join(folder, 'package.json'))('onnxruntime-node') as OnnxRuntime;

const values = (seed: number): Float32Array => Float32Array.from({ length: n * n }, (_, i) => ((i * 7 + seed) % 5) - 2);
const feeds = { A: new ort.Tensor('float32', values(1), [n, n]), B: new ort.Tensor('float32', values(2), [n, n]) };
const open = (length: number): Promise<Session> =>
  ort.InferenceSession.create(matmulChain(n, n, n, length), {
    executionProviders: ['webgpu'],
    graphOptimizationLevel: 'disabled',
  });
const short = await open(1);
const chain = await open(Number(long));
const time = async (session: Session): Promise<number> => {
  const started = performance.now();
  await session.run(feeds);
  return performance.now() - started;
};
const a = values(1);
const b = values(2);
const result = (await short.run(feeds)).C?.data as Float32Array;
let expected = 0;
for (let k = 0; k < n; k++) expected += (a[k] as number) * (b[k * n] as number);
await time(chain);
const kernelMs: number[] = [];
const wallMs: number[] = [];
for (let i = 0; i < Number(samples); i++) {
  const one = await time(short);
  const many = await time(chain);
  wallMs.push(one);
  kernelMs.push((many - one) / (Number(long) - 1));
}
console.log(JSON.stringify({ kernelMs, wallMs, right: result[0] === expected }));
process.exit(0);
