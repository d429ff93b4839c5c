import { describe, expect, it } from 'vitest';
import { chooseDevice, type Device } from '../../src/device/devices.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import type { TimingBudget } from '../../src/measure/runner.ts';
import { printTrace } from '../../src/schedule/replay.ts';
import { UserError } from '../../src/support/errors.ts';
import { artifactOf } from '../../src/tuner/build.ts';
import { verificationData } from '../../src/tuner/workload-data.ts';
import { caseCount, seed, timeoutFor } from './count.ts';
import { randomCase } from './random-case.ts';

/** Verification is what counts here: one run is time enough. */
const budget: TimingBudget = {
  buildTimeoutMs: 60_000,
  runTimeoutMs: 60_000,
  minSampleMs: 0,
  minSamples: 1,
  maxSamples: 1,
  maxTotalMs: 0,
  targetSpread: 1,
};

async function deviceOf(name: string): Promise<Device | null> {
  return chooseDevice(name).catch((error: unknown) => {
    if (error instanceof UserError) return null;
    throw error;
  });
}

async function expectRight(device: Device, dtype: 'f32' | 'f16', count: number): Promise<void> {
  const runner = await createDawnRunner({ device, budget });
  const operators = new Set<string>();
  try {
    for (let index = 0; index < count; index++) {
      const { limits } = device.description;
      const { workload, program, scheduled, title } = randomCase({ seed: seed + 2, index, dtype, limits, most: 33 });
      const { data, checksFor } = verificationData(workload, program, seed + index);
      await runner.prepare(data);
      const artifact = artifactOf(scheduled.program, limits);
      const result = await runner.measure({ artifact, checks: checksFor(scheduled.program), bestNs: null });
      const { outcome, verification, error } = result;
      // A kernel of a microsecond may be `unstable`; its answer still counts.
      if (!['ok', 'unstable'].includes(outcome) || verification?.wrong !== 0 || verification.checked === 0)
        throw new Error(
          `${title}: ${outcome} ${error}\n${printTrace(scheduled.trace)}\n${artifact.kernels.map(({ wgsl }) => wgsl).join('\n')}`,
        );
      operators.add(workload.operator);
    }
  } finally {
    await runner.close();
  }
  if (count >= 40) expect(operators.size).toBe(6);
}

describe('random schedules give what the reference says', () => {
  const onSwiftshader = caseCount(80);
  it(
    `${onSwiftshader} on SwiftShader`,
    async () => {
      const device = await chooseDevice('swiftshader');
      await expectRight(device, 'f32', onSwiftshader);
    },
    timeoutFor(onSwiftshader, 5000),
  );

  const inHalves = caseCount(24);
  it(
    `${inHalves} in f16 on lavapipe, where it is installed`,
    async (context) => {
      const device = await deviceOf('lavapipe');
      if (device === null) return context.skip('lavapipe is not installed: no f16 device to test on');
      await expectRight(device, 'f16', inHalves);
    },
    timeoutFor(inHalves, 5000),
  );
});
