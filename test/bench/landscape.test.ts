import { describe, expect, it } from 'vitest';
import { measuredBefore } from '../../bench/landscape/earlier.ts';
import { agreementOf } from '../../bench/landscape/held-out.ts';
import { createLandscape } from '../../bench/landscape/landscape.ts';
import { type Measured, ofSpace } from '../../bench/ranking/measured.ts';
import { loadXgboost } from '../../src/cost-model/xgboost-library.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { readKernelSpace } from '../../src/search/recorded/kernel-space.ts';
import { sketchSpace } from '../../src/search/space/sketch-space.ts';
import { createRandomSearch } from '../../src/search/strategies/random.ts';
import { candidateKey } from '../../src/search/strategy.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { programOf } from '../../src/tuner/build.ts';

const sampleFile = new URL('../../tuning-logs/samples/softmax-32x1024.space.json.gz', import.meta.url).pathname;

describe('the agreement of predictions with measurements', () => {
  const logTimes = Array.from({ length: 40 }, (_, at) => at / 10);

  it('is whole where predictions are right', () => {
    const found = agreementOf(logTimes, logTimes);
    expect(found.correlation).toBeCloseTo(1);
    expect(found).toMatchObject({ topDecile: 1, topTimes: 1, error: 0, fastError: 0 });
  });

  it('sees a reversed order, and fast candidates that were missed', () => {
    const reversed = agreementOf(
      logTimes.map((time) => -time),
      logTimes,
    );
    expect(reversed.correlation).toBeCloseTo(-1);
    expect(reversed.topDecile).toBe(0);
    expect(reversed.topTimes).toBeGreaterThan(10);
    // The four fastest are thought to be slow: nothing of the tenth is hit, while the order of the others is right.
    const missed = agreementOf(
      logTimes.map((time, at) => (at < 4 ? 10 : time)),
      logTimes,
    );
    expect(missed.topDecile).toBe(0);
    expect(missed.correlation).toBeGreaterThan(0.4);
  });

  it('tells the spread of errors without the gross ones', () => {
    const found = agreementOf(
      logTimes.map((time, at) => (at === 0 ? 50 : time + (at % 2 === 0 ? 0.1 : -0.1))),
      logTimes,
    );
    expect(found.error).toBeCloseTo(0.148, 2);
  });
});

describe('what was measured before', () => {
  const recorded = readKernelSpace(sampleFile);

  it('joins a landscape with its times, each candidate under the sketches of the whole space', async () => {
    const { workload, device, rows } = await recorded;
    const space = sketchSpace(sketchesOf(programOf(workload), device.limits), device);
    const taken = await measuredBefore([sampleFile], workload, space);
    expect(taken.size).toBeGreaterThan(0.9 * rows.length);
    const times = new Set(rows.map(({ t }) => t.join()));
    for (const [key, row] of taken) {
      expect(key).toBe(candidateKey({ sketch: row.s, values: row.v }));
      expect(times.has(row.t.join())).toBe(true);
    }
  });

  it('is refused where the file is of another workload', async () => {
    const { device } = await recorded;
    const other = makeWorkload('softmax', { shape: 'rows=8,cols=64', attributes: {} });
    const space = sketchSpace(sketchesOf(programOf(other), device.limits), device);
    await expect(measuredBefore([sampleFile], other, space)).rejects.toThrow(/it holds softmax/);
  });
});

describe.skipIf(isRefusal(loadXgboost()))('a landscape (skips without XGBoost)', () => {
  const whole = readKernelSpace(sampleFile).then(ofSpace);
  const quick = { rounds: 60, members: 1, folds: 2 };

  it('gives measured candidates their times and all others plausible ones, the same for the same seed', async () => {
    const measured = await whole;
    const [one, again, other] = [1, 1, 2].map((seed) => createLandscape('softmax', measured, { ...quick, seed }));
    if (one === undefined || again === undefined || other === undefined) throw new Error('there are three');
    expect(measured.candidates.map((candidate) => one.timeOf(candidate))).toEqual(measured.timesNs);
    const known = new Set(measured.candidates.map(candidateKey));
    const unseen = createRandomSearch(one.space, 5)
      .propose(60)
      .filter((candidate) => !known.has(candidateKey(candidate)));
    expect(unseen.length).toBeGreaterThan(20);
    const [fastest, slowest] = [Math.min(...measured.timesNs), Math.max(...measured.timesNs)];
    for (const candidate of unseen) {
      expect(one.timeOf(candidate)).toBe(again.timeOf(candidate));
      expect(one.timeOf(candidate)).toBeGreaterThan(fastest / 4);
      expect(one.timeOf(candidate)).toBeLessThan(slowest * 4);
    }
    expect(unseen.map((candidate) => one.timeOf(candidate))).not.toEqual(
      unseen.map((candidate) => other.timeOf(candidate)),
    );
    expect(one.bestNs).toBe(again.bestNs);
    expect(one.bestNs).toBeLessThanOrEqual(fastest);
  });

  it('knows what it was not shown: candidates kept aside are ranked', async () => {
    const measured = await whole;
    const half = (of: number): Measured => ({
      ...measured,
      candidates: measured.candidates.filter((_, at) => at % 2 === of),
      timesNs: measured.timesNs.filter((_, at) => at % 2 === of),
    });
    const [shown, kept] = [half(0), half(1)];
    const landscape = createLandscape('softmax', shown, quick);
    const predicted = kept.candidates.map((candidate) => Math.log(landscape.timeOf(candidate) as number));
    expect(agreementOf(predicted, kept.timesNs.map(Math.log)).correlation).toBeGreaterThan(0.6);
  });
});
