import { describe, expect, it } from 'vitest';
import { createAnalyticModel } from '../../src/cost-model/analytic-model.ts';
import { createResidualModel } from '../../src/cost-model/residual-model.ts';
import { createXgboostModel } from '../../src/cost-model/xgboost-model.ts';
import type { Candidate } from '../../src/search/strategy.ts';
import { createStrategy } from '../../src/tuner/strategies.ts';
import { trainers } from '../cost-model/fixtures.ts';
import { spaceOf } from './spaces.ts';

const space = spaceOf('matmul', 'm=512,n=512,k=512');

/** Outputs that an invocation keeps in registers. */
function outputsOf({ sketch, values }: Candidate): number {
  const { decisions } = space.sketches[sketch] as (typeof space.sketches)[number];
  return decisions.reduce((all, { name }, at) => (name.endsWith('.registers') ? all * (values[at] as number) : all), 1);
}

/** On a device where only kernels of at least 8 outputs per invocation end: whether the first trials ended, until one did, and the next round. */
async function firstTrials(search: 'beam' | 'rank' | 'evolution', seed: number, isCautious: boolean) {
  const strategy = createStrategy(search, space, {
    seed,
    model: createAnalyticModel('cpu'),
    isCautious: () => isCautious,
  });
  const ended: boolean[] = [];
  while (ended.length < 8 && !ended.includes(true)) {
    const results = strategy
      .propose(strategy.round)
      .map((candidate) => ({ candidate, timeNs: outputsOf(candidate) < 8 ? null : 1e9 }));
    ended.push(...results.map(({ timeNs }) => timeNs !== null));
    await strategy.observe(results);
  }
  return { ended, nextRound: strategy.round };
}

describe('where kernels may not end in time', () => {
  it.each([1, 2, 3])('the first trial of the beam does end in time, with seed %d', async (seed) => {
    expect((await firstTrials('beam', seed, true)).ended).toEqual([true]);
  });

  it('rounds are as large as ever once one kernel has ended', async () => {
    expect((await firstTrials('beam', 1, true)).nextRound).toBe((await firstTrials('beam', 1, false)).nextRound);
  });

  it.each(['rank', 'evolution'] as const)('the search %s begins with what the model thinks fastest', async (search) => {
    expect((await firstTrials(search, 1, true)).ended).toEqual([true]);
    expect((await firstTrials(search, 1, false)).ended).toContain(false);
  });

  it.each(trainers)(
    'time-outs alone teach a model by $name nothing: the next candidate is as good',
    async (trainer) => {
      const model = createResidualModel(createAnalyticModel('cpu'), createXgboostModel(trainer, { seed: 1 }));
      const strategy = createStrategy('beam', space, { seed: 1, model, isCautious: () => true });
      for (let trial = 0; trial < 3; trial++) {
        const [candidate] = strategy.propose(1) as [Candidate];
        expect(outputsOf(candidate), `trial ${trial}`).toBeGreaterThanOrEqual(8);
        await strategy.observe([{ candidate, timeNs: null }]);
      }
    },
  );
});
