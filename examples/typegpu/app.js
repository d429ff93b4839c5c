import tgpu, { d } from 'typegpu';
import { createKernel, requires, workload } from './matmul/matmul.js';

const { m, n, k } = workload.params;

/** Small integers, so that sums are exact and the comparison below can ask for equality. */
const filled = (length, factor) => Array.from({ length }, (_, at) => ((at * factor) % 7) - 3);

async function main() {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter.requestDevice(requires(adapter));
  const root = tgpu.initFromDevice({ device });
  const [a, b] = [filled(m * k, 5), filled(k * n, 3)];
  const A = root.createBuffer(d.arrayOf(d.f32, m * k), a).$usage('storage');
  const B = root.createBuffer(d.arrayOf(d.f32, k * n), b).$usage('storage');
  const C = root.createBuffer(d.arrayOf(d.f32, m * n)).$usage('storage');

  const kernel = await createKernel(device);
  const bound = kernel.bind({ A: root.unwrap(A), B: root.unwrap(B), C: root.unwrap(C) });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  bound.encode(pass);
  pass.end();
  device.queue.submit([encoder.finish()]);

  const c = await C.read();
  const wrong = c.filter((value, at) => value !== dot(a, b, Math.floor(at / n), at % n)).length;
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
