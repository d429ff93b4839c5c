import { describe, expect, it } from 'vitest';
import { type Figure, pickOnHost, ways } from '../../bench/made-hosts/pick.ts';
import {
  createMadeHost,
  type HostCourse,
  hostCourses,
  recordedCourse,
  type Stretch,
} from '../../src/testing/made-host.ts';

const fixed = (...stretches: Stretch[]): HostCourse =>
  function* () {
    for (const stretch of stretches) yield stretch;
    for (;;) yield { slowdown: 1, lastsMs: 1e9 };
  };

describe('a made host', () => {
  it('runs work at the speed of each stretch that it lies in', () => {
    const host = createMadeHost(fixed({ slowdown: 1, lastsMs: 10 }, { slowdown: 2, lastsMs: 10 }), 1);
    host.rest(5);
    // 5 ms at full speed, 10 ms at half, and the last 2 ms at full speed again.
    expect(host.run(12e6, 1)).toBeCloseTo(17e6);
    expect(host.now()).toBeCloseTo(22);
  });

  it('slows a kernel by the power of its sensitivity', () => {
    const host = createMadeHost(fixed({ slowdown: 4, lastsMs: 1000 }), 1);
    expect([host.run(1e6, 1), host.run(1e6, 0.5), host.run(1e6, 0)]).toEqual([4e6, 2e6, 1e6]);
  });

  it('is the same for the same seed', () => {
    const course = (seed: number): number[] => {
      const host = createMadeHost(hostCourses.windows, seed);
      return Array.from({ length: 50 }, () => host.run(100e6, 1));
    };
    expect(course(3)).toEqual(course(3));
    expect(course(3)).not.toEqual(course(4));
  });

  it('replays what was recorded, again and again', () => {
    const host = createMadeHost(recordedCourse([1, 2, 4], 10), 1);
    const all = Array.from({ length: 3 }, () => {
      const [before] = [host.now()];
      host.rest(10);
      return host.now() - before;
    });
    expect(all).toEqual([10, 10, 10]);
    // Thirty milliseconds hold 10 + 5 + 2.5 of work, wherever they begin.
    expect(host.run(17.5e6, 1)).toBeCloseTo(30e6);
  });
});

describe('the fastest of 24 kernels, on hosts whose speed changes', () => {
  const play = async (host: keyof typeof hostCourses, way: keyof typeof ways): Promise<Figure[]> => {
    const figures: Figure[] = [];
    for (let seed = 1; seed <= 20; seed++)
      figures.push(await pickOnHost(hostCourses[host], ways[way] as (typeof ways)[string], seed, 24));
    return figures;
  };
  const picked = (figures: readonly Figure[]): number => figures.filter(({ lost }) => lost <= 0.03).length;

  it.each(['quiet', 'windows', 'heat', 'stalls'] as const)(
    'is picked within 3 percent on one with %s, in 19 of 20 runs',
    async (host) => {
      expect(picked(await play(host, 'both, raced'))).toBeGreaterThanOrEqual(19);
    },
  );

  it('is not picked as often by samples as they come, where half of the time is at half the speed', async () => {
    const [as, both] = [await play('windows', 'as they are'), await play('windows', 'both, raced')];
    expect(picked(as)).toBeLessThan(picked(both));
    const mean = (figures: readonly Figure[]): number =>
      figures.reduce((sum, { error }) => sum + error, 0) / figures.length;
    expect(mean(both)).toBeLessThan(0.2 * mean(as));
  });
});
