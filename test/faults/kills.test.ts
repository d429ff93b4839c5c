import { expect, it } from 'vitest';
import { killTuners } from './kills.ts';

// `npm run test:faults` does this 200 times.
it('kill -9 of a tuner loses no finished trial and leaves nothing that a later run refuses: 10 kills, two tuners per folder', async () => {
  const { kills, told, records, wrong } = await killTuners(10, 1);
  expect(wrong).toEqual([]);
  expect(kills).toBe(10);
  expect(told).toBeGreaterThanOrEqual(10);
  expect(records).toBeGreaterThanOrEqual(told);
}, 300_000);
