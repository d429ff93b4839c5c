import { expect, it } from 'vitest';
import { chooseDevice } from '../../src/device/devices.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import { createRecordedRunner } from '../../src/testing/recorded-runner.ts';
import { measurePeaks } from '../../src/tuner/peaks.ts';
import { makeDevice } from '../records/fixtures.ts';

it('measures peaks that no kernel of the device exceeds', async () => {
  const device = await chooseDevice('swiftshader');
  const runner = await createDawnRunner({ device });
  try {
    const peaks = await measurePeaks(runner, device.description);
    expect(peaks?.lanes).toBe(Math.max(1, device.description.limits.subgroupMinSize));
    // Between the slowest processor that could run this while busy, and one with a thousand cores.
    expect(peaks?.flopsPerNs).toBeGreaterThan(0.01);
    expect(peaks?.flopsPerNs).toBeLessThan(100_000);
    expect(peaks?.bytesPerNs).toBeGreaterThan(0.005);
    expect(peaks?.bytesPerNs).toBeLessThan(100_000);
  } finally {
    await runner.close();
  }
}, 60_000);

it('knows nothing where its kernels cannot be measured', async () => {
  expect(
    await measurePeaks(
      createRecordedRunner(makeDevice(), () => undefined),
      makeDevice(),
    ),
  ).toBeNull();
});
