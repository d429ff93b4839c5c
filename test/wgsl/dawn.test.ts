import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseDevice } from '../../src/device/devices.ts';
import type { Buffer, Program } from '../../src/ir/nodes.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import type { Runner, WorkloadData } from '../../src/measure/runner.ts';
import { defaultBudget } from '../../src/measure/sampling/budget.ts';
import { encode } from '../../src/operators/inputs.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { lowered, smallInputs } from '../lowering/equality.ts';
import { goldenCases } from './golden-cases.ts';

function dataOf(program: Program): WorkloadData {
  const inputs = smallInputs(program);
  const expected = interpret(program, inputs, { rounding: true });
  const dtypeOf = (name: string): Buffer['dtype'] =>
    program.buffers.find((buffer) => buffer.name === name)?.dtype ?? 'f32';
  return {
    inputs: program.inputs.map((name) => ({
      buffer: name,
      bytes: encode(inputs[name] as Float64Array, dtypeOf(name)),
    })),
    checks: program.outputs.map((name) => ({
      buffer: name,
      positions: null,
      expected: expected[name] as Float64Array,
      absoluteTolerance: 0,
      relativeTolerance: 0,
    })),
  };
}

describe.each(['browser', 'native'] as const)('on SwiftShader under the profile %s', (profile) => {
  let runner: Runner;
  beforeAll(async () => {
    const device = await chooseDevice('swiftshader', profile);
    const budget = { ...defaultBudget('cpu'), minSamples: 1, maxSamples: 1, minSampleMs: 0.1 };
    runner = await createDawnRunner({ device, budget });
  });
  afterAll(() => runner?.close());

  it.each(goldenCases)('%s compiles and gives the expected result bit for bit', async (_name, program) => {
    const artifact = emit(lowered(program));
    const needsHalf = artifact.kernels.some(({ features }) => features.includes('shader-f16'));
    if (needsHalf && !runner.device.features.includes('shader-f16')) return;
    await runner.prepare(dataOf(program));
    const result = await runner.measure({ artifact, bestNs: null });
    expect({ outcome: result.outcome, error: result.error }).toEqual({ outcome: 'ok', error: '' });
    expect(result.verification?.wrong).toBe(0);
  });
});
