import { describe, expect, it } from 'vitest';
import { createSampler } from '../../src/search/space/sampling.ts';
import type { Candidate } from '../../src/search/strategy.ts';
import { refittedValues } from '../../src/space/refit.ts';
import { createRandom } from '../../src/support/random.ts';
import { spaceOf } from '../search/spaces.ts';

const from = spaceOf('matmul', 'm=64,n=48,k=32');
const to = spaceOf('matmul', 'm=30,n=70,k=44');

const sampler = createSampler(from, createRandom(1), null);
const drawn = Array.from({ length: 40 }, () => sampler.any() as Candidate);

describe('refitting', () => {
  it('keeps a schedule of the same sizes as it is', () => {
    for (const { sketch, values } of drawn) {
      const { decisions, createPruner } = from.sketches[sketch] as (typeof from.sketches)[number];
      const recorded = Object.fromEntries(decisions.map(({ name }, at) => [name, values[at] as number]));
      expect(refittedValues({ decisions }, createPruner(), recorded)).toEqual(values);
    }
  });

  it('makes legal decisions of every schedule of other sizes, each the same where it is offered and legal', () => {
    let changed = 0;
    let kept = 0;
    for (const { sketch, values } of drawn) {
      const { name, decisions } = from.sketches[sketch] as (typeof from.sketches)[number];
      const target = to.sketches.find((other) => other.name === name) as (typeof to.sketches)[number];
      const recorded = Object.fromEntries(decisions.map((decision, at) => [decision.name, values[at] as number]));
      const refitted = refittedValues(target, target.createPruner(), recorded) as readonly number[];
      expect(target.createPruner().check(Float64Array.from(refitted))).toBeNull();
      for (const [at, decision] of target.decisions.entries())
        refitted[at] === recorded[decision.name] ? kept++ : changed++;
    }
    expect(changed).toBeGreaterThan(0);
    expect(kept).toBeGreaterThan(4 * changed);
  });

  it('takes the nearest option by ratio, and what is smallest for a decision that was not made', () => {
    const decisions = [
      { kind: 'open', name: 'a', doc: '', options: [1, 2, 8, 32] },
      { kind: 'open', name: 'b', doc: '', options: [1, 4], smallest: 4 },
      { kind: 'open', name: 'c', doc: '', options: [0, 1], before: 1 },
    ] as const;
    const anything = { check: () => null };
    expect(refittedValues({ decisions }, anything, { a: 17 })).toEqual([32, 4, 1]);
    expect(refittedValues({ decisions }, anything, { a: 3, b: 1, c: 0 })).toEqual([2, 1, 0]);
    expect(refittedValues({ decisions }, { check: ([a]) => (a === 2 ? 'no' : null) }, { a: 2 })).toEqual([1, 4, 1]);
  });

  it('says that nothing fits, also where looking for it would take for ever', () => {
    const decisions = Array.from({ length: 30 }, (_, at) => ({
      ...{ kind: 'open' as const, name: `d${at}`, doc: '', options: [1, 2, 3] },
    }));
    expect(refittedValues({ decisions }, { check: () => 'never' }, {})).toBeNull();
    const atTheEnd = { check: (values: Float64Array) => (Number.isNaN(values[29] as number) ? null : 'never') };
    expect(refittedValues({ decisions }, atTheEnd, {})).toBeNull();
  });
});
