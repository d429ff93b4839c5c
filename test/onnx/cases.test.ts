import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseDevice } from '../../src/device/devices.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import type { Runner, TimingBudget } from '../../src/measure/runner.ts';
import { describeWorkload } from '../../src/operators/workload.ts';
import { readCases } from './read-case.ts';
import { runStep } from './run-step.ts';

/*
 * Test vectors of others: a folder of ONNX backend test cases, such as onnx/backend/test/data/pytorch-converted of the onnx
 * repository. Each graph becomes workloads of our operators, and its own tensors go through scheduled kernels. What a graph computes
 * on the way comes from our reference; what it outputs is compared with what its authors say.
 */
const folder = process.env.WGTUNE_ONNX_TESTS;

/** Random candidates of each workload, beside its naive schedule. */
const candidates = Number(process.env.WGTUNE_ONNX_CANDIDATES ?? 2);
const seed = Number(process.env.WGTUNE_PROPERTY_SEED ?? 20261120);

const budget: TimingBudget = {
  buildTimeoutMs: 60_000,
  runTimeoutMs: 60_000,
  minSampleMs: 0,
  minSamples: 1,
  maxSamples: 1,
  maxTotalMs: 0,
  targetSpread: 1,
  warmUpMs: 0,
  extraSamples: 0,
  extraMs: 0,
};

const title = 'ONNX backend cases through scheduled kernels on SwiftShader';
const how = '(skipped: set WGTUNE_ONNX_TESTS to a folder of cases, each with model.onnx and test_data_set_0)';

describe.skipIf(folder === undefined)(folder === undefined ? `${title} ${how}` : title, () => {
  const cases = folder === undefined ? [] : readCases(folder);
  const mapped = cases.filter((one) => 'steps' in one);
  const skipped = cases.filter((one) => 'reason' in one);
  const faulty = cases.filter((one) => 'fault' in one);
  let passed = 0;
  let runner: Runner;

  beforeAll(async () => {
    runner = await createDawnRunner({ device: await chooseDevice('swiftshader'), budget });
  });
  afterAll(async () => {
    await runner.close();
    console.log(`ONNX: ${cases.length} cases, ${mapped.length} mapped, ${passed} passed, ${skipped.length} skipped`);
  });

  it('finds cases that correspond to our operators', () => {
    expect(mapped.length, `${folder} holds no case of our operators`).toBeGreaterThan(0);
  });

  for (const { name, fault } of faulty) {
    it(`${name}: read and mapped`, () => {
      throw fault;
    });
  }

  for (const { name, reason } of skipped) it.skip(`${name}: skipped, ${reason}`);

  for (const { name, steps, checks } of mapped) {
    const workloads = [...new Set(steps.map(({ workload }) => describeWorkload(workload)))].join('; ');
    it(
      `${name}: ${workloads}`,
      async () => {
        for (const step of steps) {
          const said = checks.filter((check) => check.step === step);
          const own = { step, positions: Uint32Array.from(step.reference.keys()), expected: step.reference };
          for (const check of said.length > 0 ? said : [own]) await runStep(runner, check, { candidates, seed });
        }
        passed++;
      },
      30_000 + steps.length * 60_000,
    );
  }

  // Intermediate steps are compared with our own reference only, which alone would prove nothing.
  it('compares every mapped case with an output of its authors', () => {
    for (const { name, checks } of mapped) expect(checks.length, name).toBeGreaterThan(0);
  });
});
