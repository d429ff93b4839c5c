import { describe, expect, it } from 'vitest';
import { type CostTermName, costTermNames } from '../../src/features/cost-terms.ts';
import { createExtractor, featureCount, featureNames, kernelSlots, rowLength } from '../../src/features/extractor.ts';
import { defaultLimits } from '../../src/ir/limits.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import type { Sketch } from '../../src/space/sketch.ts';
import type { Tiling } from '../../src/space/tiling.ts';
import { createRandom } from '../../src/support/random.ts';
import { makeDevice } from '../records/fixtures.ts';
import { describeValues, legalCandidates, programOfCase } from '../space/candidates.ts';
import { cases, hugeCases } from '../space/cases.ts';

const devices = [makeDevice(), makeDevice({ type: 'gpu', environment: {} })];
const perKernel = (featureCount - 2) / kernelSlots;
const slotOf = (column: number): number => (column < 2 ? 0 : Math.floor((column - 2) / perKernel));

function wholeRowOf(sketch: Sketch, values: Float64Array, device = devices[0]): Float32Array {
  const row = new Float32Array(rowLength);
  createExtractor(sketch, device as (typeof devices)[number]).extract(values, row, 0);
  return row;
}

/** The features without the terms of cost. */
function rowOf(sketch: Sketch, values: Float64Array, device = devices[0]): Float32Array {
  return wholeRowOf(sketch, values, device).subarray(0, featureCount);
}

/** Features of an operand are missing where a kernel has none. */
function appliesTo(name: string, tiling: Tiling): boolean {
  const operand = ['first operand', 'second operand'].findIndex((which) => name.includes(which));
  return operand < new Set(tiling.nests.flatMap(({ reads }) => reads.map(({ buffer }) => buffer.name))).size;
}

function firstSketch(operator: string, shape: string): Sketch {
  return sketchesOf(programOfCase({ title: '', operator, wish: { shape } }))[0] as Sketch;
}

describe('features', () => {
  it('have names of their own and a fixed number', () => {
    expect(featureNames.length).toBe(featureCount);
    expect(new Set(featureNames).size).toBe(featureCount);
    expect(Number.isInteger(perKernel)).toBe(true);
  });

  it.each([...cases, ...hugeCases])(
    'of complete candidates are finite wherever there is a kernel: $title',
    (workload) => {
      const random = createRandom(3).fork(workload.title);
      for (const sketch of sketchesOf(programOfCase(workload))) {
        for (const values of legalCandidates(sketch, defaultLimits, 5, random)) {
          for (const device of devices) {
            const row = rowOf(sketch, values, device);
            const what = describeValues(sketch, values);
            row.forEach((value, column) => {
              const tiling = sketch.tilings[slotOf(column)];
              const used = tiling !== undefined && appliesTo(featureNames[column] as string, tiling);
              expect([featureNames[column], used ? Number.isFinite(value) : Number.isNaN(value)], what).toEqual([
                featureNames[column],
                true,
              ]);
            });
            expect(row[featureNames.indexOf('fraction decided')]).toBe(1);
            expect(row[featureNames.indexOf('kernels')]).toBe(sketch.tilings.length);
          }
        }
      }
    },
  );

  it('of a prefix are those of its completions where they are known, and missing elsewhere', () => {
    for (const workload of cases.filter(({ operator }) => operator !== 'softmax')) {
      const random = createRandom(3).fork(workload.title);
      for (const sketch of sketchesOf(programOfCase(workload))) {
        const [values] = legalCandidates(sketch, defaultLimits, 1, random);
        if (values === undefined || values.length === 0) continue;
        const complete = rowOf(sketch, values);
        let known = -1;
        for (let depth = 0; depth <= values.length; depth++) {
          const prefix = values.slice().fill(Number.NaN, depth);
          const row = rowOf(sketch, prefix);
          row.forEach((value, column) => {
            if (featureNames[column] === 'fraction decided' || Number.isNaN(value)) return;
            expect([featureNames[column], value], describeValues(sketch, prefix)).toEqual([
              featureNames[column],
              complete[column],
            ]);
          });
          const present = row.filter((value) => !Number.isNaN(value)).length;
          expect(present).toBeGreaterThanOrEqual(known);
          known = present;
        }
      }
    }
  });

  it.each([
    ['matmul', 'm=64,n=64,k=64'],
    ['reduce_sum', 'rows=64,cols=64'],
    ['elementwise', 'n=1,c=4,h=8,w=8'],
  ])('of the empty prefix of %s are missing where they depend on decisions', (operator, shape) => {
    const sketch = firstSketch(operator, shape);
    const empty = rowOf(sketch, new Float64Array(sketch.decisions.length).fill(Number.NaN));
    for (const name of ['log2(1+invocations)', 'log2(1+statements)', 'log2(1+registers)', 'wave use', 'useful'])
      expect(empty[featureNames.indexOf(`kernel 0: ${name}`)], name).toBeNaN();
    expect(empty[featureNames.indexOf('kernel 0: log2(1+flops)')]).toBeGreaterThan(1);
    expect(empty[featureNames.indexOf('fraction decided')]).toBe(0);
  });

  it('are written where they are asked for and nowhere else, the same each time', () => {
    const sketch = firstSketch('matmul', 'm=64,n=64,k=64');
    const [first, second] = legalCandidates(sketch, defaultLimits, 2, createRandom(1)) as [Float64Array, Float64Array];
    const extractor = createExtractor(sketch, makeDevice());
    const out = new Float32Array(rowLength * 3 + 7).fill(-7);
    extractor.extract(second, out, rowLength + 7);
    extractor.extract(first, out, rowLength + 7);
    expect(out.subarray(rowLength + 7, 2 * rowLength + 7)).toEqual(wholeRowOf(sketch, first));
    expect(out.subarray(0, rowLength + 7).every((value) => value === -7)).toBe(true);
    expect(out.subarray(2 * rowLength + 7).every((value) => value === -7)).toBe(true);
  });

  it('are the same whatever was asked before, of candidates and of prefixes', () => {
    const sketch = sketchesOf(
      programOfCase({ title: '', operator: 'attention', wish: { shape: 'h=2,m=16,n=24,d=16' } }),
    )[0];
    if (sketch === undefined) throw new Error('attention has no sketch');
    const random = createRandom(1);
    const used = createExtractor(sketch, makeDevice());
    const row = new Float32Array(rowLength);
    for (const values of legalCandidates(sketch, defaultLimits, 40, random)) {
      values.fill(Number.NaN, random.below(2 * values.length));
      for (let repeat = 0; repeat < 2; repeat++) {
        used.extract(values, row, 0);
        expect(row).toEqual(wholeRowOf(sketch, values));
      }
    }
  });

  it('tell candidates apart', () => {
    const sketch = firstSketch('matmul', 'm=64,n=64,k=64');
    const candidates = legalCandidates(sketch, defaultLimits, 60, createRandom(1));
    const different = new Set(candidates.map((values) => values.join()));
    expect(new Set(candidates.map((values) => rowOf(sketch, values).join())).size).toBe(different.size);
  });

  it('know the device where speed depends on it', () => {
    const sketch = firstSketch('matmul', 'm=64,n=64,k=64');
    const [values] = legalCandidates(sketch, defaultLimits, 1, createRandom(1)) as [Float64Array];
    const column = featureNames.indexOf('kernel 0: wave use');
    const few = makeDevice({ environment: { LP_NUM_THREADS: '2' } });
    const many = makeDevice({ environment: { LP_NUM_THREADS: '48' } });
    expect(rowOf(sketch, values, few)[column]).not.toBe(rowOf(sketch, values, many)[column]);
  });

  it('are followed by the terms of the cost, which are finite for every prefix and count all kernels', () => {
    for (const workload of cases) {
      const random = createRandom(4).fork(workload.title);
      for (const sketch of sketchesOf(programOfCase(workload))) {
        const [values] = legalCandidates(sketch, defaultLimits, 1, random);
        if (values === undefined) continue;
        for (const depth of [0, values.length >> 1, values.length]) {
          const prefix = values.slice().fill(Number.NaN, depth);
          const terms = wholeRowOf(sketch, prefix).subarray(featureCount);
          expect(terms.every((term) => Number.isFinite(term) && term >= 0)).toBe(true);
          expect(terms[costTermNames.indexOf('kernels')]).toBe(sketch.tilings.length);
        }
        const term = (name: CostTermName): number =>
          wholeRowOf(sketch, values)[featureCount + costTermNames.indexOf(name)] as number;
        expect(term('arithmetic')).toBeGreaterThan(0);
        expect(term('stores')).toBeGreaterThan(0);
      }
    }
  });
});
