import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseDevice, type Device } from '../../src/device/devices.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import type { MeasureResult, Runner, TimingBudget } from '../../src/measure/runner.ts';
import { defaultBudget } from '../../src/measure/sampling/budget.ts';
import { rightOutcomes } from '../../src/records/outcome.ts';
import { exitCode } from '../../src/support/errors.ts';
import {
  endless,
  matmulData,
  naiveMatmul,
  vectorAdd,
  vectorAddData,
  vectorAddDataWithHalves,
  vectorAddInTwo,
  vectorAddPacked,
} from './kernels.ts';
import { isRunning, measuringChildren } from './processes.ts';
import { describeRunnerContract } from './runner.contract.ts';

/** Few samples: these tests are about outcomes, on a machine that runs other tests at the same time. */
const budget: TimingBudget = {
  ...defaultBudget('cpu'),
  minSamples: 3,
  maxSamples: 3,
  minSampleMs: 2,
  runTimeoutMs: 2_500,
};

let device: Device;
beforeAll(async () => {
  device = await chooseDevice('swiftshader');
});

describeRunnerContract('the Dawn runner', async () => createDawnRunner({ device, budget }));

describe('on SwiftShader', () => {
  let runner: Runner;
  const measure = (artifact: ReturnType<typeof vectorAdd>, bestNs: number | null = null): Promise<MeasureResult> =>
    runner.measure({ artifact, bestNs });
  beforeAll(async () => {
    runner = await createDawnRunner({ device, budget });
    await runner.prepare(vectorAddData());
  });
  afterAll(() => runner.close());

  it('runs several kernels in order over a scratch buffer', async () => {
    expect(await measure(vectorAddInTwo())).toMatchObject({ outcome: 'ok', clock: 'timestamp' });
  });

  it('runs what runs once before all others, once for each set of inputs, and times it apart', async () => {
    expect((await measure(vectorAddInTwo())).phasesMs).not.toHaveProperty('pack');
    for (const data of [vectorAddData(), vectorAddDataWithHalves()]) {
      await runner.prepare(data);
      const result = await measure(vectorAddPacked());
      expect(result, result.error).toMatchObject({ outcome: 'ok', verification: { wrong: 0 } });
      expect(result.phasesMs.pack).toBeGreaterThan(0);
      expect(await measure(vectorAddPacked(true))).toMatchObject({ outcome: 'wrong-answer' });
    }
    await runner.prepare(vectorAddData());
  });

  it('catches one wrong corner element, and says which', async () => {
    const result = await measure(vectorAdd('C[i] = A[i] + B[i] + select(0f, 1f, i == 1023u);'));
    expect(result).toMatchObject({
      outcome: 'wrong-answer',
      verification: { checked: 1024, wrong: 1, maxError: 1, firstWrong: { buffer: 'C', index: 1023 } },
    });
    expect(result.error).toMatch(/^C\[1023\] is -?\d+, expected -?\d+; 1 of 1024/);
  });

  it('catches a kernel that writes nothing, right after a right one wrote the same buffer', async () => {
    expect((await measure(vectorAdd())).outcome).toBe('ok');
    const result = await measure(vectorAdd('if (i > 4096u) { C[i] = A[i] + B[i]; }'));
    expect(result).toMatchObject({
      outcome: 'wrong-answer',
      verification: { wrong: 1024, firstWrong: { index: 0, got: 'NaN' } },
    });
  });

  it('catches a kernel that is right only the first time', async () => {
    // The poison is NaN: it tells this kernel that this is its first run.
    const result = await measure(vectorAdd('C[i] = select(A[i] + B[i], 99f, bitcast<u32>(C[i]) != 0x7fc17fc1u);'));
    expect(result).toMatchObject({
      outcome: 'wrong-answer',
      samplesNs: [],
      error: expect.stringMatching(/^right at first/),
    });
  });

  it('makes the checks that a candidate brings itself', async () => {
    const check = { buffer: 'C', positions: Uint32Array.of(7), absoluteTolerance: 0.5, relativeTolerance: 0 };
    const [shared] = vectorAddData().checks;
    const right = shared?.expected[7] ?? Number.NaN;
    const near = { ...check, expected: Float64Array.of(right + 0.4) };
    const far = { ...check, expected: Float64Array.of(right + 0.6) };
    expect(await runner.measure({ artifact: vectorAdd(), checks: [near], bestNs: null })).toMatchObject({
      outcome: 'ok',
      verification: { checked: 1025 },
    });
    expect(await runner.measure({ artifact: vectorAdd(), checks: [far], bestNs: null })).toMatchObject({
      outcome: 'wrong-answer',
      verification: { checked: 1025, wrong: 1 },
    });
  });

  it('compares with further inputs before it times, and says with which one a kernel is wrong', async () => {
    const other = await createDawnRunner({ device, budget });
    try {
      await other.prepare(vectorAddDataWithHalves());
      const right = await other.measure({ artifact: vectorAdd(), bestNs: null });
      expect(rightOutcomes).toContain(right.outcome);
      expect(right.verification).toEqual({ checked: 1024 + 2, wrong: 0, maxError: 0, further: ['halves'] });
      const inTwo = await other.measure({ artifact: vectorAddInTwo(), bestNs: null });
      expect(inTwo.verification).toMatchObject({ checked: 1024 + 2, wrong: 0 });
      // Right on the workload's own integers.
      const wrong = await other.measure({ artifact: vectorAdd('C[i] = floor(A[i] + B[i]);'), bestNs: null });
      expect(wrong).toMatchObject({
        outcome: 'wrong-answer',
        medianNs: null,
        error: 'with halves inputs C[5] is 1, expected 1.5; 2 of 1026 compared elements are wrong',
        verification: { wrong: 2, maxError: 0.5, further: ['halves'], firstWrong: { index: 5, inputs: 'halves' } },
      });
      // Only one of the two elements may be that far off.
      const data = vectorAddDataWithHalves([0.5, 0.25]);
      await other.prepare(data);
      expect(await other.measure({ artifact: vectorAdd('C[i] = floor(A[i] + B[i]);'), bestNs: null })).toMatchObject({
        outcome: 'wrong-answer',
        verification: { wrong: 1, firstWrong: { index: 9 } },
      });
    } finally {
      await other.close();
    }
  });

  it('gives the whole text of a WGSL error, with its line', async () => {
    const result = await measure(vectorAdd('C[i] = A[i] + nowhere;'));
    expect(result.outcome).toBe('build-error');
    expect(result.error).toMatch(/:7:17 error: .*nowhere/);
    expect(result.error).toContain('C[i] = A[i] + nowhere;');
  });

  it.each([
    ['a workgroup over the limit', vectorAdd(undefined, 2048), /workgroup_size\(2048/],
    ['bindings of another access', withAccess('A', 'B'), /binds input A for writing/],
    ['an input nobody gave', renamed('A', 'Z'), /input Z is not among/],
    ['more workgroups than there may be', dispatched(70_000), /70000/],
  ])('%s is a build error', async (_, artifact, message) => {
    const result = await measure(artifact);
    expect(result).toMatchObject({ outcome: 'build-error', medianNs: null });
    expect(result.error).toMatch(message);
  });

  it('stops after the first samples of a candidate far behind the best', async () => {
    const result = await measure(vectorAdd(), 1);
    expect(result).toMatchObject({ outcome: 'ok', stoppedEarly: true });
    expect(result.samplesNs.length).toBeLessThanOrEqual(5);
  });

  it('kills an endless kernel, and measures the next one', async () => {
    const killed = await measure(endless());
    expect(killed).toMatchObject({ outcome: 'run-timeout', medianNs: null });
    expect(killed.error).toMatch(/2500 ms/);
    expect(killed.phasesMs.total).toBeGreaterThanOrEqual(2_500);
    expect(await measure(vectorAdd())).toMatchObject({ outcome: 'ok' });
  });

  it.each(['SIGKILL', 'SIGSEGV'] as const)('survives its process dying of %s during a trial', async (signal) => {
    const crashed = measure(endless());
    await killSoon(signal);
    const result = await crashed;
    expect(result).toMatchObject({ outcome: 'crash', samplesNs: [] });
    // Which of the two stages depends on how fast this machine compiles; test/faults kills in every stage.
    expect(result.error).toMatch(new RegExp(`stage (build|run): ${signal}$`));
    expect(await measure(vectorAdd())).toMatchObject({ outcome: 'ok' });
  });

  it('blames no candidate for a process that died between two', async () => {
    await killSoon('SIGKILL');
    expect(await measure(vectorAdd())).toMatchObject({ outcome: 'ok' });
  });

  it('interrupts a trial when it is closed', async () => {
    const other = await createDawnRunner({ device, budget });
    await other.prepare(vectorAddData());
    const running = other.measure({ artifact: endless(), bestNs: null });
    const outcome = expect(running).rejects.toMatchObject({ exitCode: exitCode.interrupted });
    await new Promise((resolve) => setTimeout(resolve, 200));
    await other.close();
    await outcome;
  });

  it('changes from one workload to another', async () => {
    await runner.prepare(matmulData(64));
    expect(await measure(naiveMatmul(64))).toMatchObject({ outcome: 'ok', verification: { checked: 4096 } });
    expect((await measure(vectorAdd())).outcome).toBe('build-error');
  });
});

it('a device that never starts is the user’s to change, not a result', async () => {
  const broken: Device = { ...device, adapter: { backend: 'vulkan', name: 'no such adapter' } };
  await expect(createDawnRunner({ device: broken })).rejects.toMatchObject({
    name: 'UserError',
    exitCode: exitCode.noDevice,
    message: expect.stringMatching(
      /^device swiftshader failed to start 3 times in a row \(no adapter .*\); choose another/,
    ),
  });
});

function withAccess(written: string, read: string): ReturnType<typeof vectorAdd> {
  const artifact = vectorAdd();
  return {
    ...artifact,
    kernels: artifact.kernels.map((kernel) => ({
      ...kernel,
      bindings: kernel.bindings.map((binding) => ({
        ...binding,
        access: binding.buffer === written ? 'read_write' : binding.buffer === read ? 'read' : binding.access,
      })),
    })),
  };
}

function renamed(from: string, to: string): ReturnType<typeof vectorAdd> {
  return JSON.parse(JSON.stringify(vectorAdd()).replaceAll(`"${from}"`, `"${to}"`));
}

function dispatched(workgroups: number): ReturnType<typeof vectorAdd> {
  const artifact = vectorAdd();
  return { ...artifact, kernels: artifact.kernels.map((kernel) => ({ ...kernel, dispatch: [workgroups, 1, 1] })) };
}

/** Sends a signal to this process's measuring child, once the trial under way has had time to begin, and waits for its end. */
async function killSoon(signal: NodeJS.Signals): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 300));
  const [child] = measuringChildren(process.pid);
  if (child === undefined) throw new Error('there is no measuring process');
  process.kill(child, signal);
  while (isRunning(child)) await new Promise((resolve) => setTimeout(resolve, 20));
  // This process must have received the event of the child's end before the next call.
  await new Promise((resolve) => setTimeout(resolve, 100));
}
