import type { ReferenceName } from '../../records/reference-names.ts';
import type { BuiltKernel } from '../build/build-kernels.ts';
import type { Pass } from './passes.ts';
import { settleQuietly } from './quiet-wait.ts';

/**
 * Two small kernels that every device can run, built once per process. Timed beside a candidate, they tell how fast the machine is in the same
 * moments. One does what a tile of a matrix product does, from the nearest cache; the other fetches lines of memory that are in no cache.
 */
export interface References {
  /** One timed pass of each, in the order of `referenceNames`. */
  passes(): readonly Pass[];
  destroy(): void;
}

const workgroup = 64;
/** Workgroups of the arithmetic kernel, such that all cores of a processor have an equal share and a graphics card is full. */
const workgroups = { cpu: 4, gpu: 4096 } as const;
/** The arithmetic kernel holds this many rows of four sums, as a small tile of a matrix product does. */
const rowsEach = 4;
const depth = 64;
const rounds = 256;
/** Bytes one run of the memory kernel reads; each run reads the next such part of a buffer larger than the last-level cache. */
const sliceBytes = 2 << 20;
/** Reading one word per cache line is enough to have the line fetched, and takes the fewest instructions. */
const wordsALine = 16;
/** Lines that one invocation reads. */
const linesEach = 16;
const invocationBytes = linesEach * wordsALine * 4;
const mostStreamBytes = 256 << 20;
/** Runs per pass: always the same number, because the time of a run depends on how many share a pass. A pass takes some 0.4 ms on a processor. */
const repeats: Readonly<Record<'cpu' | 'gpu', Readonly<Record<ReferenceName, number>>>> = {
  cpu: { arithmetic: 2, memory: 2 },
  gpu: { arithmetic: 1, memory: 8 },
};

/** Creates pipelines and buffers; errors go to the caller's error scopes. `cacheBytes`: size of the device's last-level cache. */
export async function createReferences(gpu: GPUDevice, type: 'cpu' | 'gpu', cacheBytes: number): Promise<References> {
  const build = (label: string, code: string): Promise<GPUComputePipeline> =>
    gpu.createComputePipelineAsync({
      label,
      layout: 'auto',
      compute: { module: gpu.createShaderModule({ label, code }), entryPoint: 'main' },
    });
  const [arithmetic, memory] = await settleQuietly(
    Promise.all([
      build('arithmetic reference', arithmeticText(workgroups[type])),
      build('memory reference', memoryText),
    ]),
  );
  const buffer = (size: number): GPUBuffer => gpu.createBuffer({ size, usage: GPUBufferUsage.STORAGE });
  const sums = buffer(workgroup * workgroups[type] * 4);
  const factors = buffer(2 * depth * 16);
  const slices = Math.ceil(Math.min(2 * cacheBytes, mostStreamBytes) / sliceBytes);
  const stream = buffer(slices * sliceBytes);
  const tile = [bound(gpu, arithmetic, workgroups[type], [{ buffer: sums }, { buffer: factors }])];
  const reads = Array.from({ length: slices }, (_, slice) => [
    bound(gpu, memory, sliceBytes / (workgroup * invocationBytes), [
      { buffer: sums },
      { buffer: stream, offset: slice * sliceBytes, size: sliceBytes },
    ]),
  ]);
  let next = 0;
  return {
    passes: () => {
      const { arithmetic: tiles, memory: parts } = repeats[type];
      const sequences = Array.from({ length: parts }, (_, at) => reads[(next + at) % slices] as BuiltKernel[]);
      next = (next + parts) % slices;
      return [
        { sequences: [tile], repeats: tiles },
        { sequences, repeats: parts },
      ];
    },
    destroy: () => {
      for (const made of [sums, factors, stream]) made.destroy();
    },
  };
}

function bound(
  gpu: GPUDevice,
  pipeline: GPUComputePipeline,
  dispatch: number,
  resources: readonly GPUBindingResource[],
): BuiltKernel {
  const group = gpu.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: resources.map((resource, binding) => ({ binding, resource })),
  });
  const built: BuiltKernel = {
    pipeline,
    groups: [{ index: 0, group }],
    dispatch: [dispatch, 1, 1],
    rebind: () => built,
  };
  return built;
}

const each = (count: number, line: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => line(at)).join('\n');

const arithmeticText = (groups: number): string => `
@group(0) @binding(0) var<storage, read_write> sums: array<f32, ${workgroup * groups}>;
@group(0) @binding(1) var<storage, read_write> factors: array<vec4<f32>, ${2 * depth}>;
@compute @workgroup_size(${workgroup})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let at = min(group.x, ${groups - 1}u) * ${workgroup}u + local;
  let own = sums[at];
${each(rowsEach, (r) => `  var row${r} = vec4<f32>(own);`)}
  for (var round = 0u; round < ${rounds}u; round++) {
    let k = (round & ${depth - 1}u) * 2u;
    let a = factors[k];
    let b = factors[k + 1u];
${each(rowsEach, (r) => `    row${r} = fma(vec4<f32>(a.${'xyzw'[r]} + own), b, row${r});`)}
  }
  let sum = ${Array.from({ length: rowsEach }, (_, r) => `row${r}`).join(' + ')};
  // Never true of these numbers, yet no compiler knows.
  if (dot(sum, vec4<f32>(1f)) == 12345.678f) { sums[at] = sum.x; }
}
`;

const memoryText = `
@group(0) @binding(0) var<storage, read_write> sums: array<f32>;
@group(0) @binding(1) var<storage, read_write> stream: array<f32, ${sliceBytes / 4}>;
@compute @workgroup_size(${workgroup})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let first = (min(group.x, ${sliceBytes / (workgroup * invocationBytes) - 1}u) * ${workgroup * linesEach}u + local) * ${wordsALine}u;
  var total = 0f;
  for (var i = 0u; i < ${linesEach}u; i++) {
    total += stream[first + i * ${workgroup * wordsALine}u];
  }
  if (total == 12345.678f) { sums[local] = total; }
}
`;
