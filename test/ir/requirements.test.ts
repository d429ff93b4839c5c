import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { unmetNeed } from '../../bundle/core.mjs';
import type { Artifact, BufferSpec, KernelArtifact } from '../../src/ir/artifact.ts';
import type { LoweredProgram } from '../../src/ir/kernel.ts';
import { type DeviceLimits, defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { requirementsOf, targetOf } from '../../src/ir/requirements.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import type { Trace } from '../../src/schedule/trace.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { artifactOf, buildArtifact, scheduleProgram } from '../../src/tuner/build.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { lowered, smallInputs } from '../lowering/equality.ts';
import { eight, f32MatrixProgram, limitsWith } from '../lowering/matrix-programs.ts';
import { runLowered } from '../lowering/simt.ts';
import { makeDevice } from '../records/fixtures.ts';

const kernel: KernelArtifact = {
  name: 'k',
  entryPoint: 'main',
  wgsl: '',
  workgroupSize: [64, 1, 1],
  dispatch: [1, 1, 1],
  bindings: [],
  workgroupBytes: 0,
  features: [],
  subgroups: null,
  subgroupMatrix: null,
};
const of = (...changes: readonly Partial<KernelArtifact>[]): Artifact => ({
  buffers: [],
  kernels: changes.map((change) => ({ ...kernel, ...change })),
});
const buffer = (name: string, ...shape: number[]): BufferSpec => ({ name, role: 'scratch', dtype: 'f32', shape });
const bound = (buffers: readonly BufferSpec[]): Artifact => ({
  buffers,
  kernels: [
    {
      ...kernel,
      bindings: buffers.map(({ name }, binding) => ({ group: 0, binding, buffer: name, access: 'read_write' })),
    },
  ],
});

describe('the requirements of an artifact', () => {
  it('are nothing beyond the defaults for a plain kernel', () => {
    const { requiredFeatures, requiredLimits, subgroups, subgroupMatrix } = requirementsOf(of({}));
    expect({ requiredFeatures, requiredLimits, subgroups, subgroupMatrix }).toEqual({
      requiredFeatures: [],
      requiredLimits: {},
      subgroups: null,
      subgroupMatrix: null,
    });
  });

  it.each<[string, Artifact, Readonly<Record<string, number>>]>([
    [
      '1,024 invocations',
      of({ workgroupSize: [64, 16, 1] }, { workgroupSize: [8, 1, 1] }),
      { maxComputeInvocationsPerWorkgroup: 1024 },
    ],
    [
      'a long workgroup along x',
      of({ workgroupSize: [512, 1, 1] }),
      { maxComputeInvocationsPerWorkgroup: 512, maxComputeWorkgroupSizeX: 512 },
    ],
    [
      'along y',
      of({ workgroupSize: [1, 512, 1] }),
      { maxComputeInvocationsPerWorkgroup: 512, maxComputeWorkgroupSizeY: 512 },
    ],
    ['along z', of({ workgroupSize: [1, 1, 128] }), { maxComputeWorkgroupSizeZ: 128 }],
    ['workgroup memory', of({ workgroupBytes: 16388 }), { maxComputeWorkgroupStorageSize: 16388 }],
    ['a wide grid', of({ dispatch: [1, 65536, 1] }), { maxComputeWorkgroupsPerDimension: 65536 }],
    [
      'nine storage buffers',
      bound(Array.from({ length: 9 }, (_, i) => buffer(`b${i}`, 4))),
      { maxStorageBuffersPerShaderStage: 9 },
    ],
    [
      'a binding of more than 128 MiB, scratch too',
      bound([buffer('S', 1 << 20, 33)]),
      { maxStorageBufferBindingSize: 138412032 },
    ],
    [
      'a buffer of more than 256 MiB',
      bound([buffer('S', 1 << 20, 65)]),
      { maxStorageBufferBindingSize: 272629760, maxBufferSize: 272629760 },
    ],
  ])('%s: raise limits that are to be asked for', (_, artifact, limits) => {
    const requirements = requirementsOf(artifact);
    expect(requirements.requiredLimits).toEqual(limits);
    expect(unmetNeed(requirements, targetOf({ limits: defaultLimits }))).toMatch(/^it needs \d+ .*allows \d+$/);
    expect(unmetNeed(requirements, targetOf({ limits: { ...defaultLimits, ...limits } }))).toBeNull();
  });

  it('list the features of all kernels, each once', () => {
    const artifact = of({ features: ['subgroups'] }, { features: ['shader-f16', 'subgroups'] });
    expect(requirementsOf(artifact).requiredFeatures).toEqual(['shader-f16', 'subgroups']);
  });

  it('give the sizes of subgroups on which all kernels are right', () => {
    const wide = { subgroups: { minSize: 8, maxSize: null } };
    const exact = { subgroups: { minSize: 4, maxSize: 32 } };
    const sizesOf = (artifact: Artifact): unknown => requirementsOf(artifact).subgroups;
    expect(sizesOf(of(wide, {}))).toEqual({ minSize: 8, maxSize: null, laneOrder: 'local-index' });
    expect(sizesOf(of(wide, exact))).toEqual({ minSize: 8, maxSize: 32, laneOrder: 'local-index' });
  });
});

function programOfFile(name: string, shape?: string): Program {
  const url = new URL(`../../schedules/${name}.json`, import.meta.url);
  const { workload, trace } = JSON.parse(readFileSync(url, 'utf8')) as {
    readonly workload: { readonly operator: string; readonly params: Readonly<Record<string, number>> };
    readonly trace: Trace;
  };
  return scheduleProgram(makeWorkload(workload.operator, { shape: shape ?? workload.params }), trace);
}

const sizes = (least: number, most = least): DeviceLimits => ({
  ...defaultLimits,
  subgroupMinSize: least,
  subgroupMaxSize: most,
});

/** Whether a lowered program gives what its plain program does on subgroups of a size, lane by lane. */
function isRightOn(kernels: LoweredProgram, program: Program, size: number): boolean {
  const inputs = smallInputs(program);
  const expected = interpret(program, inputs, { rounding: true });
  try {
    const got = runLowered(kernels, inputs, { subgroupSize: size });
    return program.outputs.every((name) => JSON.stringify(got[name]) === JSON.stringify(expected[name]));
  } catch {
    return false;
  }
}

describe('the sizes of subgroups, read off the statements,', () => {
  const needsOf = (program: Program, limits: DeviceLimits): unknown =>
    emit(lowered(program, limits)).kernels.map(({ subgroups }) => subgroups);
  const broadcasts = programOfFile('matmul-broadcast-small-subgroups', 'm=16,n=64,k=8');

  it('are exactly the lanes of a group where lanes are counted from the first of their subgroup', () => {
    const kernels = lowered(broadcasts, sizes(4));
    expect(needsOf(broadcasts, sizes(4))).toEqual([{ minSize: 4, maxSize: 4 }]);
    expect([4, 16].map((size) => isRightOn(kernels, broadcasts, size))).toEqual([true, false]);
    expect(emit(kernels).kernels[0]?.wgsl).toContain('\n// right on subgroups of exactly 4 lanes');
  });

  it('are at least the lanes of a group where lanes are counted from its first, as for a device with several sizes', () => {
    const kernels = lowered(broadcasts, sizes(4, 16));
    expect(needsOf(broadcasts, sizes(4, 16))).toEqual([{ minSize: 4, maxSize: null }]);
    expect([2, 4, 8, 16].map((size) => isRightOn(kernels, broadcasts, size))).toEqual([false, true, true, true]);
  });

  it('are at least the lanes that reduce a row together, whatever the device has', () => {
    const rows = programOfFile('gemv-small-subgroups', 'm=8,k=256');
    for (const limits of [sizes(4), sizes(4, 32), sizes(16)])
      expect(needsOf(rows, limits)).toEqual([{ minSize: 4, maxSize: null }]);
    const kernels = lowered(rows, sizes(4));
    expect([2, 4, 8, 32].map((size) => isRightOn(kernels, rows, size))).toEqual([false, true, true, true]);
  });

  it('of matrices reach over the end of no row of lanes, and products are listed by type', () => {
    const program = f32MatrixProgram('m=16,n=16,k=16', [1, 2]);
    const artifact = emit(lowered(program, limitsWith([eight], 32)));
    expect(requirementsOf(artifact)).toMatchObject({
      requiredFeatures: ['chromium-experimental-subgroup-matrix'],
      subgroups: { minSize: 1, maxSize: 32 },
      subgroupMatrix: { orderAs: 'template', configs: [eight] },
    });
    const kernels = lowered(program, limitsWith([eight], 32));
    expect([8, 16, 32].map((size) => isRightOn(kernels, program, size))).toEqual([true, true, true]);
  });
});

describe('a build refuses, by the same list,', () => {
  it('f16 without the feature', () => {
    const workload = makeWorkload('elementwise', { shape: 'n=1,c=1,h=4,w=8', dtype: 'f16' });
    const program = scheduleProgram(workload, 'naive');
    const refused = buildArtifact(program, makeDevice({ features: [] }));
    expect(isRefusal(refused) && refused.message()).toBe(
      'it needs the feature shader-f16, which this adapter does not have',
    );
    expect(isRefusal(buildArtifact(program, makeDevice({ features: ['shader-f16'] })))).toBe(false);
    expect(() => artifactOf(program, makeDevice({ features: [] }))).toThrow(/makes no kernel here: it needs/);
  });

  it('scratch that is larger than a binding', () => {
    const workload = makeWorkload('attention', { shape: 'h=16,m=2048,n=2048,d=8,dv=8' });
    const refused = buildArtifact(scheduleProgram(workload, 'naive'), makeDevice());
    expect(isRefusal(refused) && refused.message()).toMatch(
      /^the intermediate result \w+ of 1 x 16 x 2048 x 2048 elements takes 268435456 bytes$/,
    );
  });
});
