import { describe, expect, it } from 'vitest';
import type { KernelArtifact } from '../../src/ir/artifact.ts';
import { type DeviceLimits, defaultLimits } from '../../src/ir/limits.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { type EstimateName, estimateAt } from '../../src/space/kernel-estimate.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate, type Sketch } from '../../src/space/sketch.ts';
import { stagesOfTiling, type Tiling } from '../../src/space/tiling.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { describeValues, estimated, estimateFor, legalCandidates, programOfCase } from './candidates.ts';
import { cases, hugeCases } from './cases.ts';

const seed = 1;
const perSketch = 8;
const gpuLimits: DeviceLimits = {
  ...defaultLimits,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
  maxComputeWorkgroupSizeY: 1024,
  maxComputeWorkgroupStorageSize: 49152,
  subgroupMinSize: 8,
  subgroupMaxSize: 8,
};

interface Built {
  readonly tiling: Tiling;
  readonly kernel: KernelArtifact;
  readonly of: (name: EstimateName) => number;
}

/** Builds a candidate; a refusal is a failure, because pruning let it through. */
function build(sketch: Sketch, values: Float64Array, limits: DeviceLimits): Built[] {
  const made = instantiate(sketch, values);
  if (isRefusal(made)) throw new Error(`not emitted (${made.reason}): ${explainRefusal(made)}`);
  const lowered = lowerProgram(made.program, limits);
  if (isRefusal(lowered)) throw new Error(`not lowered (${lowered.reason}): ${explainRefusal(lowered)}`);
  const { kernels } = emit(lowered);
  expect(kernels.length).toBe(sketch.tilings.length);
  return sketch.tilings.map((tiling, t) => {
    const estimate = estimateFor(sketch, t, values);
    const stages = stagesOfTiling(tiling);
    const kernel = kernels.find(({ name }) => stages.some((stage) => name === stage.block.name));
    if (kernel === undefined) throw new Error(`no kernel of ${stages.map((stage) => stage.block.name).join()}`);
    return { tiling, kernel, of: (name) => estimate[estimateAt[name]] as number };
  });
}

/** Everything exact pruning compares with a limit must be what the kernel really has. */
function expectExact({ kernel, of }: Built): void {
  const [x, y, z] = kernel.workgroupSize;
  expect({
    invocations: of('invocations'),
    lanes: [of('lanesX'), of('lanesY')],
    dispatch: [of('dispatchX'), of('dispatchY'), of('dispatchZ')],
    workgroups: of('workgroups'),
    workgroupBytes: of('workgroupBytes'),
  }).toEqual({
    invocations: x * y * z,
    lanes: [x, y],
    dispatch: kernel.dispatch,
    workgroups: kernel.dispatch.reduce((all, next) => all * next, 1),
    workgroupBytes: kernel.workgroupBytes,
  });
}

describe.each([
  ['WebGPU’s guaranteed limits', defaultLimits],
  ['a GPU’s limits', gpuLimits],
] as const)('what pruning lets through under %s', (_, limits) => {
  it.each([...cases, ...hugeCases])('is built within the limits, as predicted: $title', (workload) => {
    const random = createRandom(seed).fork(workload.title);
    for (const dtype of ['f32', 'f16']) {
      for (const sketch of sketchesOf(programOfCase(workload, dtype), limits)) {
        for (const values of legalCandidates(sketch, limits, perSketch, random)) {
          try {
            for (const built of build(sketch, values, limits)) expectExact(built);
          } catch (error) {
            throw new Error(`seed ${seed}, ${dtype}, ${describeValues(sketch, values)}`, { cause: error });
          }
        }
      }
    }
  });
});

describe('an estimate', () => {
  const sketch = sketchesOf(programOfCase({ title: '', operator: 'matmul', wish: { shape: 'm=64,n=64,k=64' } }))[0];
  if (sketch === undefined) throw new Error('no sketch');
  const of = (values: Float64Array, name: EstimateName): number => estimated(sketch, 0, values, name);
  const decide = (decided: Readonly<Record<string, number>>, rest: 'open' | 'least' = 'open'): Float64Array =>
    Float64Array.from(
      sketch.decisions,
      ({ name, options }) =>
        decided[name.replace('matmul.', '')] ?? (rest === 'least' ? (options[0] as number) : Number.NaN),
    );

  it('is missing as long as a decision it depends on is', () => {
    const values = decide({ 'j.invocations': 8, 'j.registers': 2 });
    expect(of(values, 'lanesX')).toBe(8);
    expect(of(values, 'dispatchX')).toBe(4);
    expect(of(values, 'invocations')).toBeNaN();
    expect(of(values, 'workgroupBytes')).toBeNaN();
  });

  it('is what a calculation by hand gives for the decisions', () => {
    const values = decide(
      {
        'j.invocations': 8,
        'j.registers': 2,
        'i.invocations': 4,
        'i.registers': 4,
        'k.step': 8,
        'A.workgroup': 1,
        'B.workgroup': 0,
        vector: 2,
      },
      'least',
    );
    expect(of(values, 'invocations')).toBe(32);
    expect(of(values, 'workgroups')).toBe(16);
    // A: 16 rows of 8 elements per step.
    expect(of(values, 'workgroupBytes')).toBe(16 * 8 * 4);
    // A once per workgroup and step; B from storage by each invocation.
    expect(of(values, 'storageReadBytes')).toBe(16 * 8 * (16 * 8) * 4 + 16 * 32 * 64 * 2 * 4);
    expect(of(values, 'storageWriteBytes')).toBe(64 * 64 * 4);
    expect(of(values, 'flops')).toBe(2 * 64 ** 3);
    expect(of(values, 'useful')).toBe(1);
    expect(of(values, 'outputs')).toBe(8);
    expect(of(values, 'registers')).toBe(8 + 4 + 2);
    expect(of(values, 'barriers')).toBe(2 * 8);
  });
});
