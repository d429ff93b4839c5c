import { describe, expect, it } from 'vitest';
import { driftBetween } from '../../src/measure/sampling/drift.ts';
import { type TimedBeside, timeUnder } from '../../src/measure/sampling/under-quiet.ts';

const quiet = { arithmetic: 100, memory: 50 };
/** What a machine that was `slowdown` times slower throughout leaves of a kernel of 1,000 ns, believing itself quiet. */
const measuredOn = (slowdown: number): TimedBeside => {
  const samplesNs = [1000, 1005, 1010, 1002, 1001].map((ns) => ns * slowdown);
  const quietNs = { arithmetic: quiet.arithmetic * slowdown, memory: quiet.memory * slowdown };
  return {
    samplesNs,
    references: { arithmetic: samplesNs.map(() => quietNs.arithmetic), memory: samplesNs.map(() => quietNs.memory) },
    relative: { timeNs: 1001 * slowdown, lowNs: 1000 * slowdown, highNs: 1010 * slowdown, calm: 5, quietNs },
  };
};

describe('the time of a record by what is known of the quiet machine now', () => {
  it('is what the record says where nothing more is known', () => {
    const record = measuredOn(1);
    expect(timeUnder(record, quiet)).toBe(record.relative);
  });

  it('is scaled where its quiet moments turn out to be of a slow machine, with an interval that says how little that tells', () => {
    const time = timeUnder(measuredOn(1.8), quiet);
    expect(time?.calm).toBe(0);
    expect(time?.timeNs).toBeCloseTo(1002, -1);
    expect((time?.highNs ?? 0) / (time?.lowNs ?? 1)).toBeGreaterThan(1.15);
  });

  it('is unknown where no references ran beside it', () => {
    expect(timeUnder({ ...measuredOn(1), references: null }, quiet)).toBeNull();
  });

  it('does not let the same kernel seem to drift when a run finds out how fast the machine can be', () => {
    expect(driftBetween(measuredOn(1.8), measuredOn(1))).toMatchObject({ beyondIntervals: false });
  });
});
