import { describe, expect, it } from 'vitest';
import { createExtractor, featureCount, featureNames, rowLength, slotOffset } from '../../src/features/extractor.ts';
import { families, kernelFeatures } from '../../src/features/families.ts';
import { defaultLimits } from '../../src/ir/limits.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { createRandom } from '../../src/support/random.ts';
import { makeDevice } from '../records/fixtures.ts';
import { describeValues, legalCandidates, programOfCase } from '../space/candidates.ts';
import { cases } from '../space/cases.ts';

/** The kinds of spaces that searches are compared on. */
const spaces = [
  ['matmul', 'm=512,n=512,k=512'],
  ['matmul', 'm=8,n=1000,k=777'],
  ['conv2d', 'n=1,c=16,h=28,w=28,oc=32'],
  ['depthwise_conv2d', 'n=1,c=32,h=28,w=28'],
  ['softmax', 'rows=128,cols=1000'],
  ['transpose', 'n=1,c=64,h=32,w=48'],
  ['reduce_sum', 'rows=256,cols=1024'],
] as const;
const limits = { ...defaultLimits, subgroupMinSize: 8, subgroupMaxSize: 8 };
const devices = {
  cpu: makeDevice(),
  gpu: makeDevice({ type: 'gpu', vendor: 'nvidia', architecture: 'hopper', environment: {} }),
};

describe('every feature', () => {
  it('says what it is and in which unit, once', () => {
    for (const { name, unit, doc } of kernelFeatures) {
      expect(unit.length, name).toBeGreaterThan(2);
      expect(doc.split(' ').length, name).toBeGreaterThan(2);
    }
    expect(new Set(kernelFeatures.map(({ name }) => name)).size).toBe(kernelFeatures.length);
    expect(families.map(({ name }) => name)).toEqual(['schedule', 'arithmetic', 'machine', 'memory']);
  });

  it.each(['cpu', 'gpu'] as const)('tells candidates apart somewhere: none is constant on a %s', (type) => {
    const seen = featureNames.map(() => new Set<number>());
    for (const [operator, shape] of spaces) {
      for (const sketch of sketchesOf(programOfCase({ title: '', operator, wish: { shape } }), limits)) {
        const extractor = createExtractor(sketch, devices[type]);
        for (const values of legalCandidates(sketch, limits, 60, createRandom(1))) {
          const row = new Float32Array(rowLength);
          extractor.extract(values, row, 0);
          row.forEach((value, column) => {
            if (!Number.isNaN(value)) seen[column]?.add(value);
          });
        }
      }
    }
    const ofHeaviest = featureNames.slice(0, slotOffset(1)).filter((name) => name !== 'fraction decided');
    expect(ofHeaviest.filter((name) => (seen[featureNames.indexOf(name)]?.size ?? 0) < 2)).toEqual([]);
  });

  it('of a prefix is what every completion has, or missing', () => {
    let compared = 0;
    for (const workload of cases) {
      const random = createRandom(4).fork(workload.title);
      for (const sketch of sketchesOf(programOfCase(workload))) {
        const complete = legalCandidates(sketch, defaultLimits, 12, random);
        const extractors = Object.values(devices).map((device) => createExtractor(sketch, device));
        const [a, b] = [new Float32Array(rowLength), new Float32Array(rowLength)];
        for (const extractor of extractors) {
          for (const values of complete) {
            extractor.extract(values, b, 0);
            for (let depth = 0; depth < values.length; depth++) {
              const prefix = values.slice().fill(Number.NaN, depth);
              extractor.extract(prefix, a, 0);
              for (let column = 0; column < featureCount; column++) {
                const value = a[column] as number;
                if (Number.isNaN(value) || featureNames[column] === 'fraction decided') continue;
                compared++;
                if (value !== b[column])
                  expect([featureNames[column], value], describeValues(sketch, prefix)).toEqual([
                    featureNames[column],
                    b[column],
                  ]);
              }
            }
          }
        }
      }
    }
    expect(compared).toBeGreaterThan(100_000);
  });
});
