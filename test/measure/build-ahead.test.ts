import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chooseDevice, type Device } from '../../src/device/devices.ts';
import type { Artifact } from '../../src/ir/artifact.ts';
import { createBuildAhead } from '../../src/measure/build/build-ahead.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import type { TimingBudget } from '../../src/measure/runner.ts';
import { defaultBudget } from '../../src/measure/sampling/budget.ts';
import { vectorAdd, vectorAddData } from './kernels.ts';
import { buildingChildren } from './processes.ts';

/** These tests are about outcomes, on a machine that may be busy. */
const budget: TimingBudget = { ...defaultBudget('cpu'), minSamples: 1, maxSamples: 1, buildTimeoutMs: 60_000 };
const never = (): boolean => false;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Right candidates, each with another text. */
function candidates(count: number): Artifact[] {
  return Array.from({ length: count }, (_, index) => vectorAdd(`C[i] = A[i] + B[i] + ${index}f * 0f;`));
}

/** A right candidate; compiling takes some hundredths of a second anywhere, with a few thousand steps some tenths on any machine. */
function heavy(index: number, length = 120): Artifact {
  const steps = Array.from(
    { length },
    (_, step) => `if (sum > ${1000 * (index + 1) + step}f) { sum = sum * 0.5f + f32(i ^ ${step}u); }`,
  );
  return vectorAdd(`var sum = A[i] + B[i];\n${steps.join('\n')}\nC[i] = sum;`);
}

let device: Device;
beforeAll(async () => {
  device = await chooseDevice('swiftshader');
});
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const it of open.splice(0)) await it.close();
});

describe('building ahead on SwiftShader', () => {
  const started = (changes: Partial<TimingBudget> = {}, on: Device = device) => {
    const ahead = createBuildAhead({ device: on, budget: { ...budget, ...changes }, processes: 1 });
    open.push(ahead);
    // Builds in the measuring process are slow, so starting the building process is worthwhile.
    ahead.learn(null, 10_000);
    return ahead;
  };

  it('starts nothing for what is built quickly, nor for one candidate alone', async () => {
    const ahead = createBuildAhead({ device, budget, processes: 2 });
    open.push(ahead);
    ahead.learn(null, 5);
    expect(await ahead.build(candidates(16), never)).toBe(0);
    ahead.learn(null, 1e6);
    expect(await ahead.build(candidates(1), never)).toBe(0);
    expect(ahead.summary()).toMatchObject({ processes: 0, candidates: 0 });
  });

  it('starts before anything was built where builds are expected to take long', async () => {
    const ahead = createBuildAhead({ device, budget, processes: 2 });
    open.push(ahead);
    expect(await ahead.build(candidates(4), never, 500)).toBe(0);
    expect(await ahead.build(candidates(4), never, 5_000)).toBe(2);
  });

  it('builds a first few to see whether it helps, and tells of each once', async () => {
    const ahead = started();
    const [first, second, third] = candidates(3) as [Artifact, Artifact, Artifact];
    expect(await ahead.build([first, second, third], never)).toBe(2);
    expect(await ahead.outcomeOf(first)).toEqual({ kind: 'built', ms: expect.any(Number) });
    expect(await ahead.outcomeOf(second)).toMatchObject({ kind: 'built' });
    expect(await ahead.outcomeOf(first)).toBeNull();
    expect(await ahead.outcomeOf(third)).toBeNull();
    expect(ahead.summary()).toMatchObject({ processes: 1, candidates: 2, gaveUp: null });
  });

  it('leaves what WebGPU refuses to the measuring process, which tells it in full', async () => {
    const ahead = started();
    const broken = vectorAdd('C[i] = nowhere;');
    await ahead.build([broken, vectorAdd()], never);
    expect(await ahead.outcomeOf(broken)).toMatchObject({ kind: 'built' });
  });

  it('calls a build that takes too long a build-timeout of that candidate', async () => {
    const ahead = started({ buildTimeoutMs: 1 });
    const slow = heavy(1, 4000);
    await ahead.build([slow, heavy(2)], never);
    expect(await ahead.outcomeOf(slow)).toMatchObject({
      outcome: 'build-timeout',
      error: expect.stringMatching(/1 ms \(built ahead\)/),
      ms: expect.any(Number),
    });
  });

  it('calls a dead process a crash of the candidate it was building, and builds the next in another', async () => {
    const ahead = started();
    const [warm, other, victim, next] = candidates(4) as [Artifact, Artifact, Artifact, Artifact];
    await ahead.build([warm, other], never);
    const [child] = buildingChildren(process.pid);
    if (child === undefined) throw new Error('there is no building process');
    // A stopped process never finishes its build.
    process.kill(child, 'SIGSTOP');
    const building = ahead.build([victim, next], never);
    await pause(300);
    process.kill(child, 'SIGKILL');
    await building;
    expect(await ahead.outcomeOf(victim)).toMatchObject({
      outcome: 'crash',
      error: expect.stringMatching(/stage build\): SIGKILL/),
    });
    expect(await ahead.outcomeOf(next)).toMatchObject({ kind: 'built' });
  });

  it('blames no candidate for a process that died between two builds', async () => {
    const ahead = started();
    const [a, b, c, d] = candidates(4) as [Artifact, Artifact, Artifact, Artifact];
    await ahead.build([a, b], never);
    const [child] = buildingChildren(process.pid);
    process.kill(child as number, 'SIGKILL');
    await pause(500);
    await ahead.build([c, d], never);
    expect(await ahead.outcomeOf(c)).toMatchObject({ kind: 'built' });
  });

  it('begins no build once it is told to stop', async () => {
    const ahead = started();
    const [first, second] = candidates(2) as [Artifact, Artifact];
    await ahead.build([first, second], () => true);
    expect(await ahead.outcomeOf(first)).toBeNull();
    expect(ahead.summary().candidates).toBe(0);
  });

  it('gives up, and says why, where a device can be opened by no second process', async () => {
    const ahead = started({}, { ...device, adapter: { backend: 'vulkan', name: 'no such adapter' } });
    const [first, second] = candidates(2) as [Artifact, Artifact];
    expect(await ahead.build([first, second], never)).toBe(0);
    expect(await ahead.outcomeOf(first)).toBeNull();
    expect(ahead.summary().gaveUp).toMatch(/^no process could be started to build in: /);
    expect(await ahead.build([first, second], never)).toBe(0);
  });
});

describe('a runner that builds ahead', () => {
  it('measures as others do, says how long a build took elsewhere, and answers crash for a candidate that killed a builder', async () => {
    const runner = await createDawnRunner({ device, budget, builders: 2 });
    open.push(runner);
    await runner.prepare(vectorAddData());
    const build = runner.buildAhead;
    if (build === undefined) throw new Error('the Dawn runner builds ahead');
    expect((await runner.measure({ artifact: heavy(0), bestNs: null })).phasesMs).not.toHaveProperty('ahead');
    const many = Array.from({ length: 200 }, (_, index) => heavy(index + 1));
    expect(await build(many, never)).toBe(2);
    for (const child of buildingChildren(process.pid)) process.kill(child, 'SIGSTOP');
    const victims = [heavy(201), heavy(202)] as const;
    const building = build([...victims, ...many], never);
    await pause(300);
    for (const child of buildingChildren(process.pid)) process.kill(child, 'SIGKILL');
    await building;
    const built = await runner.measure({ artifact: many[0] as Artifact, bestNs: null });
    expect(built).toMatchObject({ outcome: 'ok', phasesMs: { ahead: expect.any(Number) } });
    for (const artifact of victims)
      expect(await runner.measure({ artifact, bestNs: null })).toMatchObject({ outcome: 'crash', samplesNs: [] });
    expect(await runner.measure({ artifact: heavy(203), bestNs: null })).toMatchObject({ outcome: 'ok' });
  });
});
