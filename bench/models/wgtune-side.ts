import { loadDawn, openDevice } from '../../src/device/dawn.ts';
import { buildKernels } from '../../src/measure/build/build-kernels.ts';
import { withErrorScopes } from '../../src/measure/child/error-scopes.ts';
import { bindBuffers, openSession } from '../../src/measure/child/session.ts';
import { isFailure } from '../../src/measure/failure.ts';
import { compileByEmptyDispatch, type Pass, runPass } from '../../src/measure/sampling/passes.ts';
import { settleQuietly } from '../../src/measure/sampling/quiet-wait.ts';
import { encode } from '../../src/operators/inputs.ts';
import { artifactOf, scheduleProgram } from '../../src/tuner/build.ts';
import type { Side, SideOptions } from './side.ts';

/** The kernels of a schedule, all in one pass, each run in a submission of its own, as a peer's profiler times its kernels. */
export async function openWgtuneSide({ device, workload, inputs, trace }: SideOptions): Promise<Side> {
  const { driver, adapter, description } = device;
  const { gpu } = await openDevice(await loadDawn(driver), driver, adapter, description.profile);
  const program = scheduleProgram(workload, trace);
  const artifact = artifactOf(program, description);
  const given = program.inputs.map((buffer) => {
    const dtype = program.buffers.find(({ name }) => name === buffer)?.dtype ?? 'f32';
    return { buffer, bytes: encode(inputs[buffer] as Float64Array, dtype) };
  });
  const session = await openSession(gpu, { inputs: given, checks: [] }, null);
  if (isFailure(session)) throw new Error(session.error);
  const bound = bindBuffers(session, artifact.buffers, []);
  if (isFailure(bound)) throw new Error(bound.error);
  const kernels = await withErrorScopes(gpu, async () => {
    const built = await buildKernels(gpu, artifact, bound.buffers);
    await compileByEmptyDispatch(gpu, built);
    return built;
  });
  if (isFailure(kernels)) throw new Error(kernels.error);
  const pass: Pass = { sequences: [kernels], repeats: 1 };
  const times: number[] = [];
  const run = async (): Promise<void> => {
    const expectedMs = (0.8 * (times.at(-1) ?? 0)) / 1e6;
    times.push((await runPass(gpu, session.pool, pass, { expectedMs })).deviceNs);
  };
  const output = async (): Promise<Float32Array> => {
    await run();
    const source = bound.buffers.get(program.outputs[0] as string) as GPUBuffer;
    const mapped = gpu.createBuffer({ size: source.size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, mapped, 0, source.size);
    gpu.queue.submit([encoder.finish()]);
    await settleQuietly(mapped.mapAsync(GPUMapMode.READ));
    const found = new Float32Array(mapped.getMappedRange().slice(0));
    mapped.destroy();
    return found;
  };
  const way = artifact.kernels.map(({ name }) => name).join(', ');
  return { way, gpu, run, output, finish: async () => times };
}
