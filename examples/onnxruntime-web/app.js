import { createKernel, workload } from './matmul/matmul.js';
import * as ort from './node_modules/onnxruntime-web/dist/ort.webgpu.bundle.min.mjs';
import { oneNodeModel } from './one-node-model.js';

const { m, n, k } = workload.params;

/** Small integers, so that sums are exact and the comparison below can ask for equality. */
const filled = (length, factor) => Float32Array.from({ length }, (_, at) => ((at * factor) % 7) - 3);

/** A part of the model, whose results stay on the device. */
const partOf = (operator, shape, location) =>
  ort.InferenceSession.create(oneNodeModel(operator, shape), {
    executionProviders: ['webgpu'],
    preferredOutputLocation: location,
  });

async function main() {
  ort.env.wasm.wasmPaths = new URL('./node_modules/onnxruntime-web/dist/', import.meta.url).href;
  ort.env.wasm.numThreads = 1;
  const [before, beforeB] = [await partOf('Neg', [m, k], 'gpu-buffer'), await partOf('Neg', [k, n], 'gpu-buffer')];
  const after = await partOf('Neg', [m, n], 'cpu');
  // ONNX Runtime makes the device; there is one once a session is.
  const device = await ort.env.webgpu.device;
  const kernel = await createKernel(device);

  const [a, b] = [filled(m * k, 5), filled(k * n, 3)];
  const { y: A } = await before.run({ x: new ort.Tensor('float32', a, [m, k]) });
  const { y: B } = await beforeB.run({ x: new ort.Tensor('float32', b, [k, n]) });
  const C = device.createBuffer({
    size: 4 * m * n,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  kernel.bind({ A: A.gpuBuffer, B: B.gpuBuffer, C }).encode(pass);
  pass.end();
  device.queue.submit([encoder.finish()]);
  const { y } = await after.run({ x: ort.Tensor.fromGpuBuffer(C, { dataType: 'float32', dims: [m, n] }) });

  const c = await y.getData();
  const wrong = c.filter((value, at) => value !== -dot(a, b, Math.floor(at / n), at % n)).length;
  return `${kernel.variant}: ${c.length - wrong} of ${c.length} elements are right`;
}

function dot(a, b, row, column) {
  let sum = 0;
  for (let at = 0; at < k; at++) sum += a[row * k + at] * b[at * n + column];
  return sum;
}

const result = document.getElementById('result');
main().then(
  (text) => {
    result.textContent = text;
  },
  (error) => {
    result.textContent = `failed: ${error.message}`;
  },
);
