import { expect, it } from 'vitest';
import type { CostModel } from '../../src/cost-model/cost-model.ts';
import { createHistory } from '../../src/search/history.ts';
import type { Acquisition, Choice } from '../../src/search/scoring/acquisition.ts';
import { createTurns } from '../../src/search/strategies/bayesian.ts';
import type { Candidate, SearchSpace } from '../../src/search/strategy.ts';

const space: SearchSpace = {
  columns: 1,
  sketches: [
    {
      name: 'one',
      decisions: [{ name: 'a', doc: '', options: [1, 2, 3, 4, 5, 6] }],
      createPruner: () => ({ check: () => null }),
      createExtractor: () => ({ extract: (values, out, at) => out.set(values, at) }),
    },
  ],
};
const candidates = [1, 2, 3, 4, 5, 6].map((value): Candidate => ({ sketch: 0, values: [value], score: null }));
/** Predicts that larger values are faster. */
const model: CostModel = {
  name: 'made up',
  trained: false,
  fit: () => {},
  score: (rows, count, _, into) => into.set(rows.subarray(0, count)),
};
/** Asks for the smallest candidate that is not taken yet, or knows nothing. */
const smallest = (knows: boolean): Acquisition => ({
  observe: () => {},
  choose: (_, count, taken) => (knows ? candidates.filter((candidate) => !taken(candidate)).slice(0, count) : []),
});
const valuesOf = (chosen: readonly Candidate[]): number[] => chosen.map(({ values }) => values[0] as number);
const chosenBy = (acquisition: Acquisition, modelEvery: number, count: number): number[] =>
  valuesOf(createTurns(space, candidates, model, acquisition, createHistory(space), modelEvery).choose(count));

it('the acquisition takes turns with the model', () => {
  expect(chosenBy(smallest(true), 2, 4)).toEqual([1, 6, 2, 5]);
  expect(chosenBy(smallest(true), 3, 4)).toEqual([1, 2, 6, 3]);
});

it('the model chooses all trials while the processes know too little; where there is no model either, nothing is chosen', () => {
  expect(chosenBy(smallest(false), 2, 3)).toEqual([6, 5, 4]);
  expect(chosenBy(smallest(false), 0, 3)).toEqual([]);
});

it('no candidate is chosen twice, and none that was taken', () => {
  const history = createHistory(space);
  for (const value of [1, 6]) history.reserve({ sketch: 0, values: [value] });
  const listed = createTurns(space, candidates, model, smallest(true), history, 2);
  const chosen = valuesOf(listed.choose(6));
  expect(new Set(chosen)).toEqual(new Set([2, 3, 4, 5]));
  expect(chosen).toHaveLength(4);
});

it('where features say nothing, the processes are told which sizes are powers of two, as a mere rule of thumb', () => {
  let asked: Choice | null = null;
  const acquisition: Acquisition = {
    observe: () => {},
    choose: (choice) => {
      asked = choice;
      return [];
    },
  };
  createTurns({ ...space, decisionsOnly: true }, candidates, model, acquisition, createHistory(space), 0).choose(1);
  expect(asked).toMatchObject({ doubtful: true, base: Float32Array.of(1, 1, 0, 1, 0, 0) });
  createTurns(space, candidates, model, acquisition, createHistory(space), 0).choose(1);
  expect(asked).toEqual({ candidates, base: Float32Array.of(1, 2, 3, 4, 5, 6) });
});
