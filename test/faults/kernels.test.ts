import { beforeAll, describe, expect, it } from 'vitest';
import { planted } from './planted.ts';
import { type FaultyRun, isMeasured, scratch, tuneWithFaults } from './tune-with-faults.ts';

/** Every second trial measures a planted kernel, so that a sound one follows each. */
const trialOf = (index: number): number => 2 * index + 1;

describe('a kernel that goes wrong gives a record, and the run goes on', () => {
  let run: FaultyRun;
  beforeAll(async () => {
    const faults = new Map(planted.map(({ artifact }, index) => [trialOf(index), { artifact }]));
    run = await tuneWithFaults(faults, { logFolder: scratch(), trials: 2 * planted.length });
  }, 900_000);

  it.each(planted.map((fault, index) => [fault.title, fault, index] as const))('%s', (_, { outcome, error }, index) => {
    const record = run.records[trialOf(index)];
    expect(record).toMatchObject({ outcome, medianNs: null, samplesNs: [] });
    expect(record?.error).toMatch(error);
    const next = run.records[trialOf(index) + 1];
    expect(next?.error ?? 'missing').not.toMatch(error);
    expect(isMeasured(next)).toBe(true);
  });

  it('no such record is lost, and none becomes the best', () => {
    expect(run.thrown).toBeNull();
    expect(run.result).toMatchObject({ trials: 2 * planted.length, stoppedBy: 'trials' });
    expect(run.records.map(({ trial }) => trial)).toEqual(run.records.map((_, index) => index));
    const best = run.records.find(({ id }) => id === run.result?.best?.record);
    expect(isMeasured(best)).toBe(true);
  });
});
