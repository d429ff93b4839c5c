import { describe, expect, it } from 'vitest';
import { createTimeBound, type Peaks } from '../../src/space/roofline.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import type { Sketch } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { estimated, programOfCase } from './candidates.ts';

const peaks: Peaks = { flopsPerNs: 10, bytesPerNs: 4, lanes: 8 };
const sketchesFor = (operator: string, shape: string): readonly Sketch[] =>
  sketchesOf(programOfCase({ title: '', operator, wish: { shape } }));
const undecided = (sketch: Sketch): Float64Array => new Float64Array(sketch.decisions.length).fill(Number.NaN);

describe('the roofline of a prefix', () => {
  it.each([
    ['matmul', 'm=64,n=64,k=64'],
    ['conv2d', 'c=8,h=9,w=9,oc=8'],
    ['softmax', 'rows=16,cols=100'],
    ['attention', 'b=1,h=1,m=8,n=8,d=8,dv=8'],
  ])('only rises as decisions of %s are made', (operator, shape) => {
    const random = createRandom(7);
    for (const sketch of sketchesFor(operator, shape)) {
      const bound = createTimeBound(sketch, peaks);
      for (let walk = 0; walk < 30; walk++) {
        const values = undecided(sketch);
        let before = bound(values);
        for (const [at, { options }] of sketch.decisions.entries()) {
          values[at] = random.pick(options);
          const after = bound(values);
          expect(after).toBeGreaterThanOrEqual(before);
          before = after;
        }
        expect(before).toBeGreaterThan(0);
      }
    }
  });

  it('is the operations at the peak of the lanes that have work, kernel after kernel', () => {
    const [sketch] = sketchesFor('matmul', 'm=64,n=64,k=64') as readonly [Sketch];
    const values = Float64Array.from(sketch.decisions, ({ options }) => options[0] as number);
    const bound = createTimeBound(sketch, peaks);
    const set = (name: string, value: number): void => {
      values[sketch.decisions.findIndex((decision) => decision.name === name)] = value;
    };
    const alone = bound(values);
    expect(alone).toBeCloseTo((2 * 64 ** 3) / (10 / 8), 6);
    expect(estimated(sketch, 0, values, 'invocations')).toBe(1);
    set('matmul.j.invocations', 4);
    expect(bound(values)).toBeCloseTo(alone / 4, 6);
    set('matmul.j.invocations', 8);
    expect(bound(values)).toBeCloseTo(alone / 8, 6);
    // Three eighths of a second group of lanes do nothing.
    set('matmul.j.invocations', 13);
    expect(bound(values)).toBeCloseTo((alone / 8) * (16 / 13), 6);
  });

  it('is the distinct bytes at the peak rate where that takes longer', () => {
    const [sketch] = sketchesFor('transpose', 'n=1,c=1,h=64,w=64') as readonly [Sketch];
    const values = undecided(sketch);
    expect(createTimeBound(sketch, peaks)(values)).toBeCloseTo((2 * 4 * 64 * 64) / 4, 6);
  });
});
