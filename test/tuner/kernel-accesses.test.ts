import { describe, expect, it } from 'vitest';
import type { WorkloadWish } from '../../src/operators/parse-workload.ts';
import { sketchSpace } from '../../src/search/space/sketch-space.ts';
import { createRandomSearch } from '../../src/search/strategies/random.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate } from '../../src/space/sketch.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { accessesOf, createAccessCounter } from '../../src/tuner/kernel-accesses.ts';
import { makeDevice } from '../records/fixtures.ts';
import { programOfCase } from '../space/candidates.ts';

const workloads: readonly { readonly operator: string; readonly wish: WorkloadWish }[] = [
  { operator: 'matmul', wish: { shape: 'm=24,n=20,k=16', attributes: { epilogue: 'relu(x + shift)' } } },
  { operator: 'conv2d', wish: { shape: 'c=8,h=10,w=10,oc=8,kh=3,kw=3,pad=1' } },
  { operator: 'conv2d', wish: { shape: 'c=32,h=10,w=10,oc=32,kh=3,kw=3,pad=1', attributes: { constant: 'W' } } },
  { operator: 'attention', wish: { shape: 'h=2,m=16,n=24,d=16,dv=16' } },
  { operator: 'softmax', wish: { shape: 'rows=4,cols=512' } },
  { operator: 'layer_norm', wish: { shape: 'rows=8,cols=96' } },
];

describe('accesses that are counted tiling by tiling', () => {
  it.each(workloads)('are those of the whole program: $operator $wish.shape $wish.attributes', ({ operator, wish }) => {
    const program = programOfCase({ title: '', operator, wish });
    const space = sketchSpace(sketchesOf(program), makeDevice());
    const count = createAccessCounter(space);
    const sorted = (list: readonly number[] | null): readonly number[] | null =>
      list && [...list].sort((a, b) => a - b);
    const candidates = createRandomSearch(space, 1).propose(24);
    expect(candidates.length).toBeGreaterThan(8);
    for (const candidate of candidates) {
      const made = instantiate(space.sketches[candidate.sketch] as (typeof space.sketches)[number], candidate.values);
      const whole = accessesOf(isRefusal(made) ? made : made.program, space.device);
      expect(sorted(count(candidate))).toEqual(sorted(whole));
      // The second answer is remembered.
      expect(sorted(count(candidate))).toEqual(sorted(whole));
    }
  });
});
