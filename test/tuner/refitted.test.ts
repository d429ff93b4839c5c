import { describe, expect, it } from 'vitest';
import { createAnalyticModel } from '../../src/cost-model/analytic-model.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { scoresOfModel } from '../../src/search/space/feature-rows.ts';
import { createSampler } from '../../src/search/space/sampling.ts';
import { type SketchSpace, sketchSpace } from '../../src/search/space/sketch-space.ts';
import type { Candidate } from '../../src/search/strategy.ts';
import { createRandom } from '../../src/support/random.ts';
import { programOf } from '../../src/tuner/build.ts';
import { sketchesFor } from '../../src/tuner/fits.ts';
import { refitted, scheduleOf } from '../../src/tuner/refitted.ts';
import { makeDevice } from '../records/fixtures.ts';

const device = makeDevice();
const spaceOf = (shape: string): SketchSpace =>
  sketchSpace(sketchesFor(programOf(makeWorkload('matmul', { shape })), device), device);
const [square, odd] = [spaceOf('m=64,n=64,k=64'), spaceOf('m=49,n=100,k=36')];
const scoreOf = (space: SketchSpace, candidate: Candidate): number =>
  scoresOfModel({ space, candidates: [candidate] }, createAnalyticModel(device.type))[0] as number;

describe('a schedule refitted to another shape', () => {
  it('is legal there, and no slower by what is known of machines once it is adapted', () => {
    const sampler = createSampler(square, createRandom(1), null);
    let faster = 0;
    for (let draw = 0; draw < 12; draw++) {
      const schedule = scheduleOf(square, sampler.any() as Candidate);
      const plain = refitted(odd, schedule);
      const adapted = refitted(odd, { ...schedule, adapted: true });
      if (plain === null || adapted === null) continue;
      const sketch = odd.sketches[adapted.sketch] as SketchSpace['sketches'][number];
      expect(sketch.createPruner().check(Float64Array.from(adapted.values))).toBeNull();
      expect(adapted.sketch).toBe(plain.sketch);
      expect(scoreOf(odd, adapted)).toBeGreaterThanOrEqual(scoreOf(odd, plain));
      if (scoreOf(odd, adapted) > scoreOf(odd, plain)) faster++;
      // Asking again changes nothing.
      expect(refitted(odd, { ...schedule, adapted: true })).toEqual(adapted);
    }
    expect(faster).toBeGreaterThan(0);
  });

  it('stays as it is on its own shape unless it is to be adapted', () => {
    const candidate = createSampler(square, createRandom(2), null).any() as Candidate;
    expect(refitted(square, scheduleOf(square, candidate))).toEqual(candidate);
  });

  it('is none where the shape has no such sketch', () => {
    expect(refitted(odd, { sketch: 'another', decisions: {}, adapted: true })).toBeNull();
  });
});
