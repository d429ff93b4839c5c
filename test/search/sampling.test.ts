import { describe, expect, it } from 'vitest';
import { createSampler } from '../../src/search/space/sampling.ts';
import type { Candidate } from '../../src/search/strategy.ts';
import { createRandom } from '../../src/support/random.ts';
import { spaceOf } from './spaces.ts';

describe('a candidate with one decision made otherwise', () => {
  const space = spaceOf('matmul', 'm=64,n=64,k=64');
  const index = space.sketches.findIndex(({ name }) => name === 'tiled');
  const sketch = space.sketches[index] as (typeof space.sketches)[number];
  const place = (end: string): number => sketch.decisions.findIndex(({ name }) => name.endsWith(end));
  const tiles = [place('.A.workgroup'), place('.B.workgroup')];
  const doubled = place('.double-buffer');
  const sampler = createSampler(space, createRandom(1), null);
  /** Has one tile in workgroup memory, and this one twice. */
  const doubling = ((): Candidate => {
    for (let draw = 0; draw < 5000; draw++) {
      const candidate = sampler.any();
      if (candidate?.sketch !== index || candidate.values[doubled] !== 1) continue;
      if (tiles.filter((at) => candidate.values[at] === 1).length === 1) return candidate;
    }
    throw new Error('no such candidate was drawn');
  })();
  const mutants = Array.from({ length: 400 }, () => sampler.mutated(doubling)).filter((one) => one !== null);

  it('is another legal one of the same sketch', () => {
    const pruner = sketch.createPruner();
    expect(mutants.length).toBeGreaterThan(390);
    for (const { sketch: at, values } of mutants) {
      expect(at).toBe(index);
      expect(pruner.check(Float64Array.from(values))).toBeNull();
      expect(values).not.toEqual(doubling.values);
    }
  });

  it('differs in one decision alone where that is legal', () => {
    const changed = mutants.map(({ values }) => values.filter((value, at) => value !== doubling.values[at]).length);
    expect(changed.filter((count) => count === 1).length / changed.length).toBeGreaterThan(0.5);
  });

  it('gives up a tile on which a later decision rests, together with that decision', () => {
    const without = doubling.values.map((value, at) => (tiles.includes(at) ? 0 : value));
    expect(sketch.createPruner().check(Float64Array.from(without))).not.toBeNull();
    const gaveUp = mutants.filter(({ values }) => tiles.every((at) => values[at] === 0));
    expect(gaveUp.length).toBeGreaterThan(0);
    for (const { values } of gaveUp) expect(values[doubled]).toBe(0);
  });
});
