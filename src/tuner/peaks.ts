import type { Artifact } from '../ir/artifact.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import type { Peaks } from '../ir/roofline.ts';
import type { InputData, Runner } from '../measure/runner.ts';
import type { Workload } from '../operators/workload.ts';
import type { Sketch } from '../space/sketch.ts';

const workgroup = 64;
/** Enough workgroups to fill the device for about a millisecond: processors do a thousandth of what graphics cards do. */
const workgroups = { cpu: 64, gpu: 32_768 } as const;
/** Chains of scalars, not vectors: a software device has registers for eight of them, and a graphics card has other invocations to fill in. */
const chains = 8;
const rounds = 512;
const reads = 64;
/** Vectors of four that all workgroups read again and again: small enough to stay in the nearest cache. */
const vectors = 512;
/**
 * How far these kernels, on a machine that is busy just then, may fall short of the device's best. A bound on times that is
 * too low catches less; one that is too high would be wrong.
 */
export const margin = 4;

/**
 * Measures what the device can do at most: independent chains of multiply-adds that touch no memory, and reads that stay in the
 * nearest cache. Both are verified as candidates are. Null where either failed: then nothing is bounded. Leaves the runner with
 * data of its own, so a workload must be prepared afterwards. Takes some tenths of a second.
 */
export async function measurePeaks(runner: Runner, { type, limits }: DeviceDescription): Promise<Peaks | null> {
  const invocations = workgroup * workgroups[type];
  const input = new Float32Array(4 * vectors).fill(1);
  const inputs: InputData[] = [{ buffer: 'ones', bytes: new Uint8Array(input.buffer) }];
  await runner.prepare({ inputs, checks: [] });
  const nanoseconds = async (body: string, expected: number): Promise<number | null> => {
    const { outcome, samplesNs } = await runner.measure({
      artifact: peakArtifact(body, invocations),
      checks: [
        {
          buffer: 'sums',
          positions: Uint32Array.of(0, invocations - 1),
          expected: Float64Array.of(expected, expected),
          absoluteTolerance: 0,
          relativeTolerance: 0,
        },
      ],
      bestNs: null,
    });
    // The fastest sample: a peak is what the device does when nothing disturbs it, however disturbed the other samples were.
    return outcome === 'ok' || (outcome === 'unstable' && samplesNs.length > 0) ? Math.min(...samplesNs) : null;
  };
  const computing = await nanoseconds(multiplyAdds, chains * rounds);
  const moving = await nanoseconds(cachedReads, 4 * reads);
  if (computing === null || moving === null) return null;
  return {
    flopsPerNs: (margin * invocations * rounds * chains * 2) / computing,
    bytesPerNs: (margin * invocations * reads * 16) / moving,
    lanes: Math.max(1, limits.subgroupMinSize),
  };
}

/** Peaks hold for single precision and ordinary lanes: half precision and matrix instructions have others, which are not measured. */
export function peaksHoldFor(workload: Workload, sketches: readonly Sketch[]): boolean {
  return workload.dtype === 'f32' && sketches.every(({ tilings }) => tilings.every(({ rule }) => rule !== 'matrix'));
}

const each = (count: number, line: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => line(at)).join('\n');

const multiplyAdds = `let factor = ones[local & 3u].x;
  let term = ones[4u + (local & 3u)].x;
${each(chains, (c) => `  var chain${c} = 0f;`)}
  for (var round = 0u; round < ${rounds}u; round++) {
${each(chains, (c) => `    chain${c} = chain${c} * factor + term;`)}
  }
  var sum = 0f;
${each(chains, (c) => `  sum += chain${c};`)}`;

const cachedReads = `var total = vec4<f32>();
  for (var round = 0u; round < ${reads / 8}u; round++) {
${each(8, (r) => `    total += ones[(local + round * 64u + ${r * workgroup}u) & ${vectors - 1}u];`)}
  }
  let sum = dot(total, vec4<f32>(1f));`;

function peakArtifact(body: string, invocations: number): Artifact {
  return {
    buffers: [
      { name: 'ones', role: 'input', dtype: 'f32', shape: [vectors, 4] },
      { name: 'sums', role: 'output', dtype: 'f32', shape: [invocations] },
    ],
    kernels: [
      {
        name: 'peak',
        entryPoint: 'main',
        wgsl: `@group(0) @binding(0) var<storage, read> ones: array<vec4<f32>, ${vectors}>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32, ${invocations}>;
@compute @workgroup_size(${workgroup})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  ${body}
  sums[group.x * ${workgroup}u + local] = sum;
}
`,
        workgroupSize: [workgroup, 1, 1],
        dispatch: [invocations / workgroup, 1, 1],
        bindings: [
          { group: 0, binding: 0, buffer: 'ones', access: 'read' },
          { group: 0, binding: 1, buffer: 'sums', access: 'read_write' },
        ],
        workgroupBytes: 0,
        features: [],
        subgroups: null,
        subgroupMatrix: null,
      },
    ],
  };
}
