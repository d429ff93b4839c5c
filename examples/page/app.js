import { createKernel, requires, workload } from './matmul/matmul.js';

const { m, n, k } = workload.params;

/** Small integers, so that sums are exact and the comparison below can ask for equality. */
const filled = (length, factor) => Float32Array.from({ length }, (_, at) => ((at * factor) % 7) - 3);

async function main() {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter.requestDevice(requires(adapter));
  const kernel = await createKernel(device);

  const [a, b] = [filled(m * k, 5), filled(k * n, 3)];
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const [A, B, C] = [m * k, k * n, m * n].map((length) => device.createBuffer({ size: 4 * length, usage }));
  device.queue.writeBuffer(A, 0, a);
  device.queue.writeBuffer(B, 0, b);

  // Once, and again only where buffers change; `encode` then allocates nothing.
  const bound = kernel.bind({ A, B, C });

  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  bound.encode(pass);
  pass.end();
  const answer = device.createBuffer({ size: C.size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  encoder.copyBufferToBuffer(C, 0, answer, 0, C.size);
  device.queue.submit([encoder.finish()]);

  await answer.mapAsync(GPUMapMode.READ);
  const c = new Float32Array(answer.getMappedRange());
  const wrong = c.filter((value, at) => value !== dot(a, b, Math.floor(at / n), at % n)).length;
  kernel.dispose();
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
