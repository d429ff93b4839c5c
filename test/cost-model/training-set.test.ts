import { describe, expect, it } from 'vitest';
import { calibrate, groupMeans, labelFloor, logLabels, rankingOf, subset } from '../../src/cost-model/training-set.ts';
import { createRandom } from '../../src/support/random.ts';

describe('training set', () => {
  const data = {
    rows: new Float32Array(6),
    columns: 1,
    count: 6,
    labels: new Float32Array(6),
    groups: Uint32Array.of(2, 1, 1, 2, 1, 1),
  };

  it('puts the rows of a group together, in their order', () => {
    const { order, sizes } = rankingOf(data, () => true);
    expect([...order]).toEqual([1, 2, 4, 5, 0, 3]);
    expect([...sizes]).toEqual([4, 2]);
  });

  it('leaves rows out', () => {
    const { order, sizes } = rankingOf(data, (row) => row !== 4);
    expect([...order]).toEqual([1, 2, 5, 0, 3]);
    expect([...sizes]).toEqual([3, 2]);
  });

  it('gives members different rows, about four fifths, and all rows where they are few', () => {
    const kept = (name: string) => {
      const keep = subset(1000, 3, createRandom(1).fork(name));
      return Array.from({ length: 1000 }, (_, row) => keep(row));
    };
    expect(kept('a').filter(Boolean).length).toBeGreaterThan(750);
    expect(kept('a').filter(Boolean).length).toBeLessThan(850);
    expect(kept('a')).toEqual(kept('a'));
    expect(kept('a')).not.toEqual(kept('b'));
    const few = subset(10, 3, createRandom(1));
    expect(Array.from({ length: 10 }, (_, row) => few(row)).every(Boolean)).toBe(true);
  });

  it('weighs a group by the mean of its rows', () => {
    expect([...groupMeans(Float32Array.of(1, 3, 5), Uint32Array.of(2, 1))]).toEqual([2, 5]);
  });

  it('takes logarithms of failures without becoming infinite', () => {
    const [one, none] = logLabels(Float32Array.of(1, 0));
    expect(one).toBe(0);
    expect(none).toBeCloseTo(Math.log(labelFloor), 5);
  });

  it('finds what a base is worth', () => {
    const labels = Float32Array.of(1, 0.5, 0.25, 0.125);
    const line = calibrate(
      logLabels(labels).map((value) => 2 * value + 5),
      labels,
      4,
    );
    expect(line.scale).toBeCloseTo(0.5, 4);
    expect(line.shift).toBeCloseTo(-2.5, 4);
    expect(calibrate(Float32Array.of(1, 1, 1, 1), labels, 4).scale).toBe(0);
    expect(calibrate(Float32Array.of(1, 2, 3, 4), labels, 4).scale).toBe(0);
  });

  it('trusts a base until measurements of what it tells apart contradict it', () => {
    const alike = Float32Array.of(3.02, 3.01, 3, 3);
    const labels = Float32Array.of(0.5, 0.8, 1, 0);
    expect(calibrate(alike, labels, 4).scale).toBeGreaterThan(100);
    expect(calibrate(alike, labels, 3).scale).toBe(0);
    const trusted = calibrate(alike, labels, 4, undefined, 1);
    expect(trusted.scale).toBeGreaterThan(0.9);
    // The failure does not move the level.
    expect(trusted.shift + 3 * trusted.scale).toBeCloseTo(-0.31, 1);
    expect(calibrate(Float32Array.of(0, 1, 2, 3), Float32Array.of(1, 0.5, 0.25, 0.1), 4, undefined, 1).scale).toBe(0);
    expect(calibrate(alike, Float32Array.of(0, 0, 0, 0), 4, undefined, 1)).toMatchObject({ scale: 1, shift: 0 });
  });

  it('compares base scores within a group only', () => {
    const labels = Float32Array.of(1, 0.5, 1, 0.5);
    const { scale, margins } = calibrate(
      Float32Array.of(0, Math.log(0.5), 100, 100 + Math.log(0.5)),
      labels,
      4,
      Uint32Array.of(0, 0, 1, 1),
    );
    expect(scale).toBeCloseTo(1, 4);
    expect([...margins].map((margin, row) => margin - Math.log(labels[row] as number))).toEqual(
      [0, 0, 0, 0].map(() => expect.closeTo(0, 4)),
    );
  });
});
