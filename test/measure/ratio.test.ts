import { describe, expect, it } from 'vitest';
import type { PacedSample } from '../../src/measure/sampling/estimate.ts';
import { ratioApart, recordingsApart, type Verdict, verdictOf } from '../../src/measure/sampling/ratio.ts';
import { type InTurn, racesInTurn, ratioInTurn, tellInTurn } from '../../src/measure/sampling/ratio-in-turn.ts';
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
  /** A race of kernels of 1,000 ns and `factor` times as long: stretches of rounds are disturbed up to fourfold, and a sample in eight by itself. */
  const race = (random: Random, factor: number, first: 'a' | 'b', place = 1): InTurn => {
    const slow = random.unit() < 0.5 ? 1 : 1 + 3 * random.unit();
    const own = (): number => (random.unit() < 0.125 ? 1 + random.unit() : 1 + 0.05 * random.unit());
    const of = (which: 'a' | 'b', ns: number): PacedSample[] =>
      Array.from({ length: racesInTurn.rounds }, () => ({
        ns: ns * slow * own() * (which === first ? 1 : place),
        slowdown: slow * (1 + 0.2 * random.unit()),
      }));
    return { a: of('a', 1000), b: of('b', 1000 * factor), first };
  };
  const told = async (
    hold: (first: 'a' | 'b') => InTurn,
  ): Promise<{ readonly verdict: Verdict; readonly races: number }> => {
    const { ratio, races } = await tellInTurn(
      async (first) => hold(first),
      () => false,
    );
    return { verdict: ratio === null ? 'AMBIGUOUS' : verdictOf(ratio), races: races.length };
  };

  it.each([
    [1, 'SAME'],
    [1.05, 'SLOW'],
    [1 / 1.05, 'FAST'],
  ] as const)('of kernels that differ by %d is %s every time, whatever disturbs both', async (factor, right) => {
    const verdicts = [];
    for (let seed = 0; seed < 50; seed++) {
      const random = createRandom(2000 + seed);
      verdicts.push((await told((first) => race(random, factor, first))).verdict);
    }
    expect(verdicts).toEqual(Array(50).fill(right));
  });

  it('ends at the first look where it is clear, and goes on where it is not', async () => {
    const random = createRandom(1);
    const twice = await told((first) => race(random, 2, first));
    expect(twice).toEqual({ verdict: 'SLOW', races: racesInTurn.looks[0] });
    expect(await told((first) => race(random, 1.0245, first))).toMatchObject({ races: racesInTurn.looks.at(-1) });
  });

  it('is not moved by what belongs to a place, since the kernels change places', async () => {
    const random = createRandom(1);
    // The second place is 8% slower than the first.
    expect((await told((first) => race(random, 1, first, 1.08))).verdict).toBe('SAME');
  });

  it('is that of the less disturbed rounds where disturbances slow one kernel more than the other', async () => {
    const random = createRandom(1);
    const disturbed = (share: number) => (first: 'a' | 'b') => {
      const { a, b } = race(random, 1.05, first);
      const slow = a.map(() => (random.unit() < share ? 4 : 1));
      const by = (samples: readonly PacedSample[], power: number) =>
        samples.map((sample, at) => {
          const factor = slow[at] as number;
          return { ns: sample.ns * factor ** power, slowdown: sample.slowdown * factor };
        });
      return { a: by(a, 1.5), b: by(b, 0.6), first };
    };
    expect((await told(disturbed(0.4))).verdict).toBe('SLOW');
  });

  it('is wide where races differ by more than their rounds explain', () => {
    const random = createRandom(1);
    const races = (drift: number) =>
      Array.from({ length: 16 }, (_, at): InTurn => {
        const b = 1000 * Math.exp(drift * (random.unit() - 0.5));
        const of = (ns: number): PacedSample[] =>
          Array.from({ length: 16 }, () => ({ ns: ns * (1 + 0.01 * random.unit()), slowdown: 1 }));
        return { a: of(1000), b: of(b), first: at % 2 === 0 ? 'a' : 'b' };
      });
    const width = (drift: number): number => {
      const { ratio } = ratioInTurn(races(drift));
      return ratio === null ? Number.NaN : Math.log(ratio.high / ratio.low);
    };
    expect(width(0)).toBeLessThan(0.005);
    expect(width(0.2)).toBeGreaterThan(0.05);
  });

  it('is unknown with fewer than three races in either place, and when time is over before', async () => {
    const random = createRandom(1);
    const { ratio, aNs } = ratioInTurn([race(random, 1, 'a'), race(random, 1, 'b')]);
    expect(ratio).toBeNull();
    expect(aNs).toBeGreaterThan(900);
    let races = 0;
    const late = await tellInTurn(
      async (first) => race(random, 1, first),
      () => ++races > 4,
    );
    expect([late.ratio, late.races.length]).toEqual([null, 4]);
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

  it('are believed where a few of them moved much further than most', () => {
    const moves = (far: number): readonly (readonly number[])[] =>
      Array.from({ length: 20 }, (_, at) => [100, at < 2 ? far : 100.2]);
    expect(recordingsApart(moves(100.3))).toBeLessThan(0.007);
    expect(recordingsApart(moves(112))).toBeCloseTo(Math.log(1.12), 2);
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
