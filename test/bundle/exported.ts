import type { Artifact } from '../../src/ir/artifact.ts';
import { type DeviceDescription, defaultLimits } from '../../src/ir/limits.ts';
import { findOperator } from '../../src/operators/catalog.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import type { Workload } from '../../src/operators/workload.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate, type Scheduled, type Sketch } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { buildArtifact } from '../../src/tuner/build.ts';
import type { BestKernel } from '../../src/tuner/events.ts';
import { smallShape } from '../operators/small-shapes.ts';
import { makeDevice } from '../records/fixtures.ts';
import { legalCandidates } from '../space/candidates.ts';

/** The device that lavapipe on 256-bit vectors is: subgroups of 8 lanes, 1,024 invocations, 32 KiB. Its kernels can be made without it. */
export const eightLanes: DeviceDescription = makeDevice({
  features: ['shader-f16', 'subgroups', 'timestamp-query'],
  limits: {
    maxComputeInvocationsPerWorkgroup: 1024,
    maxComputeWorkgroupSizeX: 1024,
    maxComputeWorkgroupSizeY: 1024,
    maxComputeWorkgroupSizeZ: 1024,
    maxComputeWorkgroupStorageSize: 32768,
    maxComputeWorkgroupsPerDimension: 65535,
    maxStorageBufferBindingSize: 134217728,
    maxBufferSize: 4294967295,
    maxStorageBuffersPerShaderStage: 16,
    subgroupMinSize: 8,
    subgroupMaxSize: 8,
  },
});

/** Shapes large enough for wide workgroups and for rows that subgroups share; operators not named here get small shapes. */
const roomy: Readonly<Record<string, string>> = {
  matmul: 'm=64,n=64,k=32',
  gemv: 'm=8,k=1024',
  quantized_matmul: 'm=4,n=16,k=128',
  conv2d: 'n=1,c=4,h=16,w=16,oc=16',
  conv2d_nhwc: 'n=1,c=4,h=16,w=16,oc=16',
  depthwise_conv2d: 'n=1,c=8,h=16,w=16',
  depthwise_conv2d_nhwc: 'n=1,c=8,h=16,w=16',
  conv1d: 'n=1,c=8,l=64,oc=16',
  conv_transpose2d: 'n=1,c=4,h=8,w=8,oc=8',
  max_pool2d: 'n=1,c=4,h=32,w=32',
  avg_pool2d: 'n=1,c=4,h=32,w=32',
  reduce_sum: 'rows=2,cols=4096',
  reduce_max: 'rows=2,cols=4096',
  reduce: 'n=1,c=2,h=2,w=2048',
  softmax: 'rows=2,cols=1024',
  log_softmax: 'rows=2,cols=1024',
  layer_norm: 'rows=2,cols=1024',
  rms_norm: 'rows=2,cols=1024',
  batch_norm: 'n=2,c=4,h=16,w=16',
  attention: 'h=2,m=16,n=64,d=16,dv=16',
  elementwise: 'n=1,c=4,h=32,w=32',
  transpose: 'n=1,c=8,h=32,w=32',
  concat: 'outer=16,inner=64',
};

export interface Made {
  readonly workload: Workload;
  readonly scheduled: Scheduled;
  readonly artifact: Artifact;
}

/** Kernels of an operator for that device, one per kind of requirements, the shortest text of each. */
export function madeForEightLanes(operator: string, kindOf: (artifact: Artifact) => string): readonly Made[] {
  const workload = makeWorkload(operator, { shape: roomy[operator] ?? smallShape(operator) });
  const program = findOperator(operator).build(workload);
  const kinds = new Map<string, Made>();
  for (const sketch of sketchesOf(program, eightLanes.limits)) {
    for (const values of mixedCandidates(sketch)) {
      const scheduled = instantiate(sketch, values);
      if (isRefusal(scheduled)) continue;
      const artifact = buildArtifact(scheduled.program, eightLanes);
      if (isRefusal(artifact)) continue;
      const kind = kindOf(artifact);
      const held = kinds.get(kind);
      if (held === undefined || lengthOf(artifact) < lengthOf(held.artifact))
        kinds.set(kind, { workload, scheduled, artifact });
    }
  }
  return [...kinds.values()];
}

/** A product with a constant operand that is turned, once, before tiles read it; it runs on every device. */
export function madePacked(): Made {
  const attributes = { constant: 'B' };
  const workload = makeWorkload('matmul', { shape: 'm=8,n=64,k=64,transpose_b=1', attributes });
  const program = findOperator('matmul').build(workload);
  const sketch = sketchesOf(program, defaultLimits).find(({ packings }) => packings.length > 0) as Sketch;
  const whole = legalCandidates(sketch, defaultLimits, 30, createRandom(3)).find(
    (values) => values[sketch.decisions.findIndex(({ name }) => name.endsWith('.blocks'))] === 0,
  ) as Float64Array;
  const scheduled = instantiate(sketch, whole);
  if (isRefusal(scheduled)) throw new Error(scheduled.message());
  const artifact = buildArtifact(scheduled.program, { ...eightLanes, limits: defaultLimits });
  if (isRefusal(artifact)) throw new Error(artifact.message());
  return { workload, scheduled, artifact };
}

/** A few legal candidates of a sketch, some of which share rows among 8 lanes of subgroups, where the sketch offers that. */
function mixedCandidates(sketch: Sketch): readonly Float64Array[] {
  const shares = (values: Float64Array): boolean =>
    sketch.decisions.some(({ name }, d) => name.endsWith('subgroup') && (values[d] as number) > 4);
  const drawn = legalCandidates(sketch, eightLanes.limits, 60, createRandom(7).fork(sketch.name));
  return [...drawn.filter(shares).slice(0, 6), ...drawn.filter((values) => !shares(values)).slice(0, 6)];
}

const lengthOf = ({ kernels }: Artifact): number => kernels.reduce((sum, { wgsl }) => sum + wgsl.length, 0);

/** The kernel as the best one, as a record of that device would name it. */
export function bestKernelOf({ workload, scheduled, artifact }: Made): BestKernel {
  return {
    workload,
    artifact,
    trace: scheduled.trace,
    sketch: null,
    decisions: {},
    timeNs: 1000,
    packNs: artifact.kernels.some(({ runsOnce }) => runsOnce) ? 500 : null,
    record: 'run.0',
    device: eightLanes,
    whose: 'same-device',
    differs: [],
    startedAt: '2026-11-30T00:00:00.000Z',
    place: null,
    doubt: null,
    passedOver: [],
    shipped: false,
    broken: [],
  };
}
