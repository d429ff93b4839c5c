import { describe, expect, it } from 'vitest';
import { chooseDevice } from '../../src/device/devices.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import { rightOutcomes } from '../../src/records/outcome.ts';
import { UserError } from '../../src/support/errors.ts';
import { matmulData, naiveMatmul } from './kernels.ts';

const device = await chooseDevice('lavapipe', 'native').catch((error: unknown) => {
  if (error instanceof UserError) return null;
  throw error;
});

describe.skipIf(device === null)('on lavapipe', () => {
  it('measures beside SwiftShader in one run, each in its own process', async () => {
    if (device === null) return;
    const runners = await Promise.all([
      createDawnRunner({ device }),
      createDawnRunner({ device: await chooseDevice('swiftshader', 'native') }),
    ]);
    try {
      for (const runner of runners) {
        await runner.prepare(matmulData(64));
        const result = await runner.measure({ artifact: naiveMatmul(64), bestNs: null });
        // A busy machine may make times unsteady, not answers wrong.
        expect(rightOutcomes, result.error).toContain(result.outcome);
        expect(result).toMatchObject({ clock: 'timestamp', verification: { checked: 4096, wrong: 0 } });
      }
      expect(runners.map((runner) => runner.device.name)).toEqual(['lavapipe', 'swiftshader']);
    } finally {
      await Promise.all(runners.map((runner) => runner.close()));
    }
  });
});
