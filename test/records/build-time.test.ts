import { expect, it } from 'vitest';
import { buildMsOf } from '../../src/records/build-time.ts';
import { failedRecord, makeRecord } from './fixtures.ts';

it('the time of a build is that of the process that built first', () => {
  const phasesMs = { build: 30, verify: 1, time: 1, total: 32 };
  expect(buildMsOf(makeRecord({ phasesMs }))).toBe(30);
  expect(buildMsOf(makeRecord({ phasesMs: { ...phasesMs, ahead: 900 } }))).toBe(900);
});

it('a build that was given up took at least as long; of others that failed nothing is known', () => {
  const phasesMs = { build: 20_000, verify: 0, time: 0, total: 20_000 };
  expect(buildMsOf({ ...failedRecord('build-timeout', 'late'), phasesMs })).toBe(20_000);
  for (const outcome of ['crash', 'build-error', 'device-lost', 'refused'] as const)
    expect(buildMsOf({ ...failedRecord(outcome, 'no'), phasesMs })).toBeNull();
  expect(buildMsOf(makeRecord({ phasesMs: { ...phasesMs, build: 0 } }))).toBeNull();
});
