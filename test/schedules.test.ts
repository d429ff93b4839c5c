import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listDevices } from '../src/device/devices.ts';
import { checkSpec } from '../src/ir/spec.ts';
import { lowerProgram } from '../src/lowering/lower.ts';
import { createDawnRunner } from '../src/measure/dawn-runner.ts';
import type { Runner } from '../src/measure/runner.ts';
import { defaultBudget } from '../src/measure/sampling/budget.ts';
import { makeWorkload } from '../src/operators/parse-workload.ts';
import type { Workload } from '../src/operators/workload.ts';
import type { Trace } from '../src/schedule/trace.ts';
import { explainRefusal, isRefusal } from '../src/support/refusal.ts';
import { artifactOf, programOf, scheduleProgram } from '../src/tuner/build.ts';
import { verificationData } from '../src/tuner/workload-data.ts';

interface ScheduleFile {
  readonly about: string;
  readonly workload: Workload;
  readonly trace: Trace;
}

const folder = new URL('../schedules/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const read = (name: string): ScheduleFile => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as ScheduleFile;

/** Every device of this machine, SwiftShader among them. */
const { devices } = await listDevices();

it('the hand-made schedules exist', () => {
  expect(files.length).toBeGreaterThanOrEqual(18);
  expect(devices.map((device) => device.description.name)).toContain('swiftshader');
});

/** Hand-made schedules after kernels of others: each replays, lowers, and gives the right answer. */
describe.each(devices)('hand-made schedules on $description.name', (device) => {
  let runner: Runner;
  beforeAll(async () => {
    // Only the answers matter here.
    const budget = { ...defaultBudget('cpu'), minSampleMs: 1, minSamples: 1, maxSamples: 1, buildTimeoutMs: 100_000 };
    runner = await createDawnRunner({ device, budget });
  }, 60_000);
  afterAll(() => runner.close());

  it.for(files)('%s', { timeout: 120_000 }, async (name, context) => {
    const { about, workload: written, trace } = read(name);
    expect(about.length).toBeGreaterThan(20);
    const workload = makeWorkload(written.operator, {
      shape: written.params,
      attributes: written.attributes,
      dtype: written.dtype,
    });
    const program = scheduleProgram(workload, trace);
    expect(checkSpec(program)).toBeNull();
    const { limits } = runner.device;
    const lowered = lowerProgram(program, limits);
    // Like some features, subgroups of enough lanes may be missing; any other refusal is a fault.
    if (isRefusal(lowered) && lowered.reason === 'subgroups') return context.skip(explainRefusal(lowered));
    const artifact = artifactOf(program, { limits });
    const missing = artifact.kernels
      .flatMap(({ features }) => features)
      .find((feature) => !runner.device.features.includes(feature));
    // test/lowering executes these lane by lane.
    if (missing !== undefined) return context.skip(`${runner.device.name} has no ${missing}`);
    const { data, checksFor } = verificationData(workload, programOf(workload), 1);
    await runner.prepare(data);
    const result = await runner.measure({ artifact, checks: checksFor({ program, trace }), bestNs: null });
    expect(result.error).toBe('');
    expect(result.verification?.wrong).toBe(0);
    expect(result.verification?.checked).toBeGreaterThan(0);
  });
});
