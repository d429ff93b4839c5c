import { describe, expect, it } from 'vitest';
import type { CostModel } from '../../src/cost-model/cost-model.ts';
import { type BeamOptions, createBeamSearch } from '../../src/search/strategies/beam.ts';
import type { SearchSketch, SearchSpace } from '../../src/search/strategy.ts';

/** Sketches of three free decisions, of which a model sees the sketch alone. */
function sketchOf(name: string, index: number): SearchSketch {
  const decisions = ['a', 'b', 'c'].map((letter) => ({
    name: `${name}.${letter}`,
    doc: '',
    options: [1, 2, 4, 8],
  }));
  return {
    name,
    decisions,
    createPruner: () => ({ check: () => null }) as unknown as ReturnType<SearchSketch['createPruner']>,
    createExtractor: () => ({
      extract: (_, row, at) => {
        row[at] = index;
      },
    }),
  };
}

const space: SearchSpace = { sketches: ['x', 'y', 'z'].map(sketchOf), columns: 1 };

/** Thinks that the candidates of each sketch take so many times as long as those of the first, and never learns. */
function stubborn(times: readonly number[]): CostModel {
  return {
    name: 'stubborn',
    trained: true,
    fit: () => {},
    score: (rows, count, columns, into) => {
      for (let row = 0; row < count; row++) into[row] = -Math.log(times[rows[row * columns] as number] as number);
    },
  };
}

async function sketchesTried(times: readonly number[], rounds: number, options: Partial<BeamOptions> = {}) {
  const strategy = createBeamSearch(space, {
    seed: 1,
    model: stubborn(times),
    epsilon: 0,
    acquisition: null,
    ...options,
  });
  const tried: number[][] = [];
  for (let round = 0; round < rounds; round++) {
    const proposals = strategy.propose(8);
    tried.push(proposals.map(({ sketch }) => sketch));
    await strategy.observe(proposals.map((candidate) => ({ candidate, timeNs: 1000 })));
  }
  return tried;
}

describe('a beam and sketches that its model thinks slower', () => {
  it('tries each once in its first round, behind the best of all', async () => {
    expect(await sketchesTried([1, 3, 2], 2)).toEqual([
      [0, 2, 1, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0, 0, 0],
    ]);
  });

  it('leaves out what is thought to be far behind, and all of them where it is told to', async () => {
    expect((await sketchesTried([1, 5, 2], 2)).flat().sort()).toEqual([...Array(15).fill(0), 2]);
    expect(new Set((await sketchesTried([1, 3, 2], 3, { eachSketch: false })).flat())).toEqual(new Set([0]));
  });

  it('does not try again what others have measured', async () => {
    const strategy = createBeamSearch(space, { seed: 1, model: stubborn([1, 3, 2]), epsilon: 0, acquisition: null });
    await strategy.observe([{ candidate: { sketch: 2, values: [1, 1, 1], score: null }, timeNs: 1000 }]);
    expect(strategy.propose(8).map(({ sketch }) => sketch)).toEqual([0, 1, 0, 0, 0, 0, 0, 0]);
  });
});
