import { createBufferPool } from '../child/session.ts';
import { runPasses } from '../sampling/passes.ts';

/** Steps below this matter to nothing that is timed, and what is found of them varies by chance. */
export const coarseStepNs = 10_000;

/** Readings of which the step is the greatest common divisor; chance hides a step no longer. */
const readings = 12;

/**
 * The step, ns, in which the device's clock goes: browsers round it, Chrome to 65,536 ns unless told otherwise. Null where it has no clock. Each
 * reading is of a longer pass than the one before, until passes are longer than any step that is in use.
 */
export async function clockStep(gpu: GPUDevice): Promise<number | null> {
  if (!gpu.features.has('timestamp-query')) return null;
  const pool = createBufferPool(gpu);
  const pipeline = await gpu.createComputePipelineAsync({
    layout: 'auto',
    compute: { module: gpu.createShaderModule({ code: text }), entryPoint: 'main' },
  });
  const sums = gpu.createBuffer({ size: 256, usage: GPUBufferUsage.STORAGE });
  const group = gpu.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer: sums } }],
  });
  const dispatch = [1, 1, 1] as const;
  const kernel = { pipeline, groups: [{ index: 0, group }], dispatch, rebind: () => kernel };
  let step = 0;
  for (let reading = 0; reading < readings; reading++) {
    const { deviceNs } = await runPasses(gpu, pool, [{ sequences: [[kernel]], repeats: 1 + 7 * reading }], {
      expectedMs: 0,
    });
    let rest = Math.round(deviceNs[0] ?? 0);
    while (rest !== 0) [step, rest] = [rest, step % rest];
  }
  sums.destroy();
  pool.destroy();
  return step === 0 ? null : step;
}

const text = `
@group(0) @binding(0) var<storage, read_write> sums: array<f32, 64>;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) at: u32) {
  var sum = sums[at];
  for (var i = 0u; i < 2000u; i++) { sum = fma(sum, 0.5f, 1f); }
  sums[at] = sum;
}
`;
