import { describe, expect, it } from 'vitest';
import { driftBetween } from '../../src/measure/sampling/drift.ts';
import type { TimedBeside } from '../../src/measure/sampling/under-quiet.ts';

const around = (ns: number, spread: number): TimedBeside => ({
  samplesNs: [-1, -0.5, 0, 0.5, 1].map((step) => ns * (1 + step * spread)),
  relative: null,
  references: null,
});
const samples = (...samplesNs: number[]): TimedBeside => ({ samplesNs, relative: null, references: null });

describe('driftBetween', () => {
  it('sees a move that the intervals do not explain, in either direction', () => {
    expect(driftBetween(around(1000, 0.02), around(1300, 0.02))).toEqual({ ratio: 1.3, beyondIntervals: true });
    expect(driftBetween(around(1300, 0.02), around(1000, 0.02))?.beyondIntervals).toBe(true);
  });

  it('sees none where the intervals meet', () => {
    expect(driftBetween(around(1000, 0.2), around(1300, 0.2))).toEqual({ ratio: 1.3, beyondIntervals: false });
  });

  it('does not speak of a move too small to matter, however steady the samples', () => {
    expect(driftBetween(around(1000, 0.0001), around(1030, 0.0001))?.beyondIntervals).toBe(false);
  });

  it('cannot judge samples without an interval', () => {
    expect(driftBetween(samples(1000), around(1300, 0.02))).toBeNull();
    expect(driftBetween(around(1000, 0.02), samples())).toBeNull();
  });
});
