import { describe, expect, it } from 'vitest';
import { chooseDevice, type Device } from '../../src/device/devices.ts';
import { UserError } from '../../src/support/errors.ts';
import { caseCount, seed, timeoutFor } from './count.ts';
import { createDeviceJudge } from './judge-on-device.ts';
import { randomCase } from './random-case.ts';

async function deviceOf(name: string): Promise<Device | null> {
  return chooseDevice(name).catch((error: unknown) => {
    if (error instanceof UserError) return null;
    throw error;
  });
}

async function expectRight(device: Device, dtype: 'f32' | 'f16', count: number): Promise<void> {
  const { judge, close } = await createDeviceJudge(device);
  const operators = new Set<string>();
  try {
    for (let index = 0; index < count; index++) {
      const { limits } = device.description;
      const made = randomCase({ seed: seed + 2, index, dtype, limits, most: 33 });
      const fault = await judge(made, seed + index);
      if (fault !== null) throw new Error(fault.why);
      operators.add(made.workload.operator);
    }
  } finally {
    await close();
  }
  if (count >= 40) expect(operators.size).toBeGreaterThanOrEqual(12);
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
