import { describe, expect, it } from 'vitest';
import { createAnalyticModel } from '../../src/cost-model/analytic-model.ts';
import { fitCosts } from '../../src/cost-model/fit-costs.ts';
import { createFittedModel } from '../../src/cost-model/fitted-model.ts';
import { costTermNames } from '../../src/features/cost-terms.ts';
import { createExtractor, featureCount, rowLength } from '../../src/features/extractor.ts';
import { defaultLimits } from '../../src/ir/limits.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { createRandom } from '../../src/support/random.ts';
import { makeDevice } from '../records/fixtures.ts';
import { legalCandidates, programOfCase } from '../space/candidates.ts';
import { pairwiseAccuracy } from './fixtures.ts';

const device = makeDevice();

/** Feature rows of some candidates of all sketches of a workload. */
function rowsOf(operator: string, shape: string, each: number): { rows: Float32Array; count: number } {
  const candidates = sketchesOf(programOfCase({ title: '', operator, wish: { shape } })).flatMap((sketch) =>
    legalCandidates(sketch, defaultLimits, each, createRandom(5)).map((values) => ({ sketch, values })),
  );
  const rows = new Float32Array(candidates.length * rowLength);
  for (const [at, { sketch, values }] of candidates.entries())
    createExtractor(sketch, device).extract(values, rows, at * rowLength);
  return { rows, count: candidates.length };
}

/** Times on a machine where workgroup memory costs much and scattered loads little, the opposite of what is assumed. */
function labelsOf({ rows, count }: { rows: Float32Array; count: number }): Float32Array {
  const costs = createAnalyticModel('cpu').costs.slice();
  for (const [t, name] of costTermNames.entries()) {
    if (/workgroup memory|barriers/.test(name)) costs[t] = 20 * (costs[t] as number);
    if (/scattered|contiguous/.test(name)) costs[t] = 0.1 * (costs[t] as number);
  }
  const times = Float64Array.from({ length: count }, (_, row) => {
    const counts = rows.subarray(row * rowLength + featureCount, (row + 1) * rowLength);
    return counts.reduce((sum, each, t) => sum + each * (costs[t] as number), 0);
  });
  const best = Math.min(...times);
  return Float32Array.from(times, (time) => best / time);
}

const accuracyOn = (model: ReturnType<typeof createFittedModel>, at: ReturnType<typeof rowsOf>): number => {
  const scores = new Float32Array(at.count);
  model.score(at.rows, at.count, rowLength, scores);
  return pairwiseAccuracy(scores, labelsOf(at));
};

describe('the fitted model', () => {
  const product = rowsOf('matmul', 'm=64,n=96,k=128', 120);
  const other = rowsOf('conv2d', 'n=1,c=16,h=14,w=14,oc=32', 60);
  const data = {
    rows: product.rows,
    columns: rowLength,
    count: product.count,
    labels: labelsOf(product),
  };

  it('is the analytic model until it learns', () => {
    const [a, b] = [new Float32Array(product.count), new Float32Array(product.count)];
    createFittedModel('cpu').score(product.rows, product.count, rowLength, a);
    createAnalyticModel('cpu').score(product.rows, product.count, rowLength, b);
    expect(a).toEqual(b);
    expect(createFittedModel('cpu').trained).toBe(false);
  });

  it('learns the costs of a device and applies them to an operator it has not seen', async () => {
    const model = createFittedModel('cpu');
    const before = [accuracyOn(model, product), accuracyOn(model, other)];
    await model.fit(data);
    expect(model.trained).toBe(true);
    const after = [accuracyOn(model, product), accuracyOn(model, other)];
    expect(before[0]).toBeLessThan(0.9);
    expect(after[0]).toBeGreaterThan(0.97);
    expect(after[1]).toBeGreaterThan(Math.max(0.93, before[1] as number));
  });

  it('learns nothing from failures', async () => {
    const model = createFittedModel('cpu');
    await model.fit({ ...data, labels: data.labels.map(() => 0) });
    expect(model.trained).toBe(false);
  });
});

describe('fitted costs', () => {
  const random = createRandom(2);
  const counts = Float64Array.from({ length: 120 * 3 }, () => 1 + 99 * random.unit());
  const truth = [1, 30, 0.2];
  const timeOf = (row: number): number =>
    truth.reduce((sum, cost, term) => sum + cost * (counts[row * 3 + term] as number), 0);
  // Every group of rows has its own unit of time.
  const groups = Uint32Array.from({ length: 120 }, (_, row) => row % 3);
  const logTimes = Float64Array.from({ length: 120 }, (_, row) =>
    Math.log(timeOf(row) * 10 ** (groups[row] as number)),
  );

  it('are the true ones up to a common factor, whatever unit each group is timed in', () => {
    const [a, b] = fitCosts(counts, logTimes, groups, Float64Array.of(1, 1, 1)) as unknown as [number, number];
    expect(Math.log(b / a)).toBeCloseTo(Math.log(30), 0);
  });

  it('hold against a few measurements that were disturbed', () => {
    const disturbed = logTimes.map((time, row) => (row % 12 === 0 ? time + 4 : time));
    const [a, b] = fitCosts(counts, disturbed, groups, Float64Array.of(1, 1, 1)) as unknown as [number, number];
    expect(Math.abs(Math.log(b / a / 30))).toBeLessThan(1);
  });

  it('stay where they were when nothing was counted', () => {
    const none = new Float64Array(120 * 3);
    for (let row = 0; row < 120; row++) none[row * 3] = 1;
    const costs = fitCosts(none, new Float64Array(120), groups, Float64Array.of(2, 5, 7));
    expect((costs[2] as number) / (costs[1] as number)).toBeCloseTo(7 / 5, 5);
  });
});
