import { createKernel, workload } from './matmul/matmul.js';

/* global tf */
const { m, n, k } = workload.params;

/** Small integers, so that both products are exact and must be equal. */
const filled = (rows, columns, factor) =>
  tf.tensor2d(
    Float32Array.from({ length: rows * columns }, (_, at) => ((at * factor) % 7) - 3),
    [rows, columns],
  );

async function main() {
  // Small operations would run on the processor, and their results lie there.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  await tf.setBackend('webgpu');
  await tf.ready();
  const { device } = tf.backend();
  const kernel = await createKernel(device);

  // What an operation made lies on the device; a tensor of numbers from JavaScript may not yet.
  const [a, b] = [tf.neg(filled(m, k, 5)), tf.neg(filled(k, n, 3))];
  const [lentA, lentB] = [a.dataToGPU(), b.dataToGPU()];
  const C = device.createBuffer({
    size: 4 * m * n,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });

  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  kernel.bind({ A: lentA.buffer, B: lentB.buffer, C }).encode(pass);
  pass.end();
  device.queue.submit([encoder.finish()]);

  const ours = tf.tensor({ buffer: C, zeroCopy: true }, [m, n], 'float32');
  const theirs = tf.matMul(a, b);
  const equal = (await tf.sum(tf.cast(tf.equal(ours, theirs), 'int32')).data())[0];
  return `${kernel.variant}: ${equal} of ${m * n} elements equal those of tf.matMul`;
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
