import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MeasureResult, Runner } from '../../src/measure/runner.ts';
import { vectorAdd, vectorAddData } from './kernels.ts';

/** The candidates every runner is asked about; a recorded runner needs an answer for each. */
export const contractCandidates = {
  right: vectorAdd(),
  wrong: vectorAdd('C[i] = A[i] - B[i];'),
  notWgsl: vectorAdd('C[i] = A[i] +;'),
} as const;

/** What every Runner promises, however it is implemented. */
export function describeRunnerContract(name: string, create: () => Promise<Runner>): void {
  describe(`${name} keeps the runner's contract`, () => {
    let runner: Runner;
    const measure = (artifact: (typeof contractCandidates)[keyof typeof contractCandidates]): Promise<MeasureResult> =>
      runner.measure({ artifact, bestNs: null });

    beforeAll(async () => {
      runner = await create();
    });
    afterAll(() => runner.close());

    it('describes its device', () => {
      expect(runner.device.name).not.toBe('');
    });

    it('wants the data before the first candidate', async () => {
      await expect(measure(contractCandidates.right)).rejects.toThrow(/prepare/);
      await runner.prepare(vectorAddData());
    });

    it('times a right candidate', async () => {
      const result = await measure(contractCandidates.right);
      expect(result).toMatchObject({
        outcome: 'ok',
        error: '',
        stoppedEarly: false,
        verification: { checked: 1024, wrong: 0 },
      });
      expect(result.samplesNs.length).toBeGreaterThan(0);
      expect(result.medianNs).toBeGreaterThan(0);
      expect(result.medianNs).toBeGreaterThanOrEqual(Math.min(...result.samplesNs));
      expect(result.medianNs).toBeLessThanOrEqual(Math.max(...result.samplesNs));
      expect(['timestamp', 'wall']).toContain(result.clock);
      const { build, verify, time, total } = result.phasesMs;
      expect(total).toBeGreaterThanOrEqual(build + verify + time - 1);
    });

    it.each([
      ['wrong', 'wrong-answer'],
      ['notWgsl', 'build-error'],
    ] as const)('answers a %s candidate with %s and no time', async (candidate, outcome) => {
      const result = await measure(contractCandidates[candidate]);
      expect(result).toMatchObject({ outcome, samplesNs: [], medianNs: null, clock: null });
      expect(result.error).not.toBe('');
    });

    it('answers each of several calls made at once with its own result', async () => {
      const results = await Promise.all([
        measure(contractCandidates.wrong),
        measure(contractCandidates.right),
        measure(contractCandidates.notWgsl),
      ]);
      expect(results.map(({ outcome }) => outcome)).toEqual(['wrong-answer', 'ok', 'build-error']);
    });

    it('gives results that survive JSON', async () => {
      for (const candidate of Object.values(contractCandidates)) {
        const result = await measure(candidate);
        expect(JSON.parse(JSON.stringify(result))).toEqual(result);
      }
    });

    it('refuses to measure once closed, and may be closed twice', async () => {
      await runner.close();
      await expect(measure(contractCandidates.right)).rejects.toThrow(/closed/);
      await runner.close();
    });
  });
}
