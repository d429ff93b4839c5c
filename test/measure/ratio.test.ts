import { describe, expect, it } from 'vitest';
import type { PacedSample } from '../../src/measure/sampling/estimate.ts';
import { ratioApart, ratioInTurn, recordingsApart, type Verdict, verdictOf } from '../../src/measure/sampling/ratio.ts';
import type { TimedBeside } from '../../src/measure/sampling/under-quiet.ts';
import { createRandom, type Random } from '../../src/support/random.ts';

const quietNs = { arithmetic: 400, memory: 300 };

/** A recording of a kernel of 1,000 ns: samples within 1.5%, one in four lengthened by a neighbour, every fourth moment disturbed as the references show. */
function recording(random: Random, count: number, factor = 1): TimedBeside {
  const slowdowns = Array.from({ length: count }, (_, at) =>
    at % 4 === 3 ? 1.5 + random.unit() : 1 + 0.05 * random.unit(),
  );
  const samplesNs = slowdowns.map((slowdown) => {
    const stolen = random.unit() < 0.25 ? 1 + 0.2 * random.unit() : 1;
    return 1000 * factor * (slowdown > 1.15 ? slowdown : 1) * stolen * (1 + 0.015 * random.unit());
  });
  return {
    samplesNs,
    references: {
      arithmetic: slowdowns.map((slowdown) => slowdown * quietNs.arithmetic),
      memory: slowdowns.map((slowdown) => slowdown * quietNs.memory),
    },
    relative: { timeNs: 1000, lowNs: 990, highNs: 1010, calm: Math.ceil((3 * count) / 4), quietNs },
  };
}

function verdicts(count: number, of: (random: Random) => Verdict): Partial<Record<Verdict, number>> {
  const said: Partial<Record<Verdict, number>> = {};
  for (let at = 0; at < count; at++) {
    const verdict = of(createRandom(1000 + at));
    said[verdict] = (said[verdict] ?? 0) + 1;
  }
  return said;
}

const apart =
  (factor: number) =>
  (random: Random): Verdict => {
    const ratio = ratioApart(recording(random, 40), recording(random, 40, factor), random, { sameMachine: true });
    return ratio === null ? 'AMBIGUOUS' : verdictOf(ratio);
  };

describe('the ratio of two recordings', () => {
  it.each([
    [1, 'SAME'],
    [1.05, 'SLOW'],
    [1 / 1.05, 'FAST'],
  ] as const)(
    'of kernels that differ by %d says %s in at least 95 of 100 recordings, and never the wrong way',
    (factor, right) => {
      const said = verdicts(100, apart(factor));
      expect(said[right] ?? 0).toBeGreaterThanOrEqual(95);
      const wrong = { SAME: [], SLOW: ['FAST'], FAST: ['SLOW'] } as const satisfies Record<string, readonly Verdict[]>;
      for (const verdict of wrong[right]) expect(said[verdict]).toBeUndefined();
    },
  );

  it('is wide where there was no quiet moment, so that 5% is ambiguous then', () => {
    const random = createRandom(1);
    const slow = recording(random, 40);
    const disturbed = recording(random, 40, 1.05);
    const busy = {
      ...disturbed,
      samplesNs: disturbed.samplesNs.map((ns) => 2.5 * ns),
      references: { arithmetic: Array(40).fill(1000), memory: Array(40).fill(750) },
    };
    const ratio = ratioApart(slow, busy, random, { sameMachine: true });
    expect(ratio === null ? null : verdictOf(ratio)).toBe('AMBIGUOUS');
  });

  it('is unknown with fewer than three samples on a side', () => {
    const random = createRandom(1);
    expect(ratioApart(recording(random, 2), recording(random, 40), random, { sameMachine: true })).toBeNull();
  });

  it('is the same for the same seed', () => {
    const of = (seed: number) => {
      const random = createRandom(seed);
      return ratioApart(recording(createRandom(5), 20), recording(createRandom(6), 20), random, { sameMachine: true });
    };
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });

  it('takes what either recording knows of the quiet machine for both, where they are of one machine', () => {
    const random = createRandom(3);
    // The second recording took a machine that was slow throughout for a quiet one.
    const honest = recording(random, 40);
    const fooled = recording(random, 40);
    const slowed: TimedBeside = {
      samplesNs: fooled.samplesNs.map((ns) => 1.4 * ns),
      references: {
        arithmetic: (fooled.references?.arithmetic ?? []).map((ns) => 1.4 * ns),
        memory: (fooled.references?.memory ?? []).map((ns) => 1.4 * ns),
      },
      relative: fooled.relative && { ...fooled.relative, quietNs: { arithmetic: 560, memory: 420 } },
    };
    expect(ratioApart(honest, slowed, random, { sameMachine: true })?.ratio).toBeCloseTo(1, 1);
    expect(ratioApart(honest, slowed, random, { sameMachine: false })?.ratio).toBeCloseTo(1.4, 1);
  });
});

describe('the ratio of kernels timed in turn', () => {
  it('is not moved by what disturbs both, however much', () => {
    const said = verdicts(50, (random) => {
      const rounds = Array.from({ length: 41 }, () => 1 + 3 * random.unit());
      const timed = (factor: number): PacedSample[] =>
        rounds.map((slowdown) => ({ ns: 1000 * factor * slowdown * (1 + 0.02 * random.unit()), slowdown }));
      const ratio = ratioInTurn([{ a: timed(1), b: timed(1.05) }], random);
      return ratio === null ? 'AMBIGUOUS' : verdictOf(ratio);
    });
    expect(said).toEqual({ SLOW: 50 });
  });

  it('is not moved by what belongs to a place, where the kernels change places', () => {
    const random = createRandom(1);
    const timed = (ns: number): PacedSample[] =>
      Array.from({ length: 25 }, () => ({ ns: ns * (1 + 0.01 * random.unit()), slowdown: 1 }));
    // The second place is 8% slower than the first.
    const races = [
      { a: timed(1000), b: timed(1080) },
      { a: timed(1080), b: timed(1000) },
    ];
    const ratio = ratioInTurn(races, random);
    expect(ratio === null ? null : verdictOf(ratio)).toBe('SAME');
  });
});

describe('kernels that a log timed more than once', () => {
  it('tell how far recordings lie apart, so that a log of a busy machine accuses no kernel', () => {
    expect(recordingsApart([[100, 101], [200]])).toBeNull();
    const steady = recordingsApart([
      [100, 100.2],
      [200, 199.8],
      [300, 300.1, 300.5],
    ]) as number;
    expect(steady).toBeLessThan(0.006);
    const busy = recordingsApart([
      [100, 120],
      [200, 170],
      [300, 350],
    ]) as number;
    expect(busy).toBeGreaterThan(0.3);
    const random = createRandom(1);
    const [a, b] = [recording(random, 40), recording(random, 40, 1.2)];
    const verdict = (apart: number): Verdict | null => {
      const ratio = ratioApart(a, b, random, { sameMachine: true, apart });
      return ratio === null ? null : verdictOf(ratio);
    };
    expect([verdict(steady), verdict(busy)]).toEqual(['SLOW', 'AMBIGUOUS']);
  });
});

describe('a verdict', () => {
  it.each([
    [{ ratio: 1.01, low: 1.0, high: 1.02 }, 'SAME'],
    [{ ratio: 1.01, low: 1.005, high: 1.02 }, 'SAME'],
    [{ ratio: 1.04, low: 1.01, high: 1.07 }, 'SLOW'],
    [{ ratio: 0.9, low: 0.85, high: 0.95 }, 'FAST'],
    [{ ratio: 1.04, low: 0.99, high: 1.09 }, 'AMBIGUOUS'],
    [{ ratio: 1.02, low: 1.01, high: 1.03 }, 'AMBIGUOUS'],
  ] as const)('of %j is %s', (ratio, verdict) => {
    expect(verdictOf(ratio)).toBe(verdict);
  });
});
