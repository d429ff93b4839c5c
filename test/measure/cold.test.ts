import { describe, expect, it } from 'vitest';
import { hasColdCaches, lastLevelCacheBytes, withColdCaches } from '../../src/device/caches.ts';
import { chooseDevice } from '../../src/device/devices.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import { defaultBudget } from '../../src/measure/sampling/budget.ts';
import { deviceKey, differingFacts, kinshipOf } from '../../src/records/device-key.ts';
import { makeDevice } from '../records/fixtures.ts';
import { vectorAdd, vectorAddData, vectorAddInTwo, vectorAddPacked } from './kernels.ts';

describe('cold caches', () => {
  it('are a condition of the device: such times are never taken for warm ones, and are their nearest relatives', () => {
    const warm = makeDevice();
    const cold = withColdCaches(warm);
    expect([hasColdCaches(warm), hasColdCaches(cold)]).toEqual([false, true]);
    expect(deviceKey(cold)).not.toBe(deviceKey(warm));
    expect(kinshipOf(warm, cold)).toBe('same-architecture');
    expect(differingFacts(warm, cold)).toEqual(['environment']);
  });

  it('are as large as the system says, or as a guess on the large side', () => {
    expect(lastLevelCacheBytes('cpu', '/no/such/folder')).toBe(64 << 20);
    expect(lastLevelCacheBytes('gpu')).toBe(128 << 20);
    expect(lastLevelCacheBytes('cpu')).toBeGreaterThanOrEqual(1 << 18);
  });

  it('change no answer: kernels are right over all copies, wrong ones are found, on SwiftShader', async () => {
    const device = await chooseDevice('swiftshader', 'browser', true);
    expect(hasColdCaches(device.description)).toBe(true);
    const budget = { ...defaultBudget('cpu', true), minSamples: 3, maxSamples: 3 };
    const runner = await createDawnRunner({ device, budget });
    try {
      expect(runner.device.environment.CACHES).toBe('cold');
      await runner.prepare(vectorAddData());
      const result = await runner.measure({ artifact: vectorAddInTwo(), bestNs: null });
      expect(result, result.error).toMatchObject({ outcome: 'ok', verification: { checked: 1024, wrong: 0 } });
      expect(result.samplesNs.length).toBeGreaterThan(0);
      // What runs once has run for the first copy; the others have its results.
      const packed = await runner.measure({ artifact: vectorAddPacked(), bestNs: null });
      expect(packed, packed.error).toMatchObject({ outcome: 'ok', verification: { wrong: 0 } });
      // Buffers return to the pool and come out again with another candidate's results in them.
      expect(await runner.measure({ artifact: vectorAdd('C[i] = A[i];'), bestNs: null })).toMatchObject({
        outcome: 'wrong-answer',
      });
      const first = await runner.measure({
        artifact: vectorAdd('C[i] = select(A[i] + B[i], 99f, bitcast<u32>(C[i]) != 0x7fc17fc1u);'),
        bestNs: null,
      });
      expect(first).toMatchObject({ outcome: 'wrong-answer', error: expect.stringMatching(/^right at first/) });
    } finally {
      await runner.close();
    }
  });
});
