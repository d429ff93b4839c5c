import { createPruner } from '../space/pruning.ts';
import { createRandom } from '../support/random.ts';
import { completeAtRandom } from './completion.ts';
import { createHistory } from './history.ts';
import type { Candidate, SearchSpace, SearchStrategy } from './strategy.ts';
import { createTally } from './tally.ts';
import { firstUnseen } from './unseen.ts';

/** After this many draws in a row that were all known or refused, what is left is looked for in order. */
const drawsBeforeGivingUp = 400;

/** Legal candidates at random, none twice: the baseline every other strategy must beat. */
export function createRandomSearch(space: SearchSpace, seed: number): SearchStrategy {
  const random = createRandom(seed).fork('random-search');
  const history = createHistory(space);
  const tally = createTally();
  const pruners = space.sketches.map((sketch) => {
    const pruner = createPruner(sketch, space.device.limits);
    return {
      check: (values: Float64Array) => {
        const reason = pruner.check(values);
        let depth = 0;
        while (depth < values.length && !Number.isNaN(values[depth] as number)) depth++;
        tally.count(reason, depth);
        return reason;
      },
    };
  });
  let proposeMs = 0;
  return {
    name: 'random',
    propose(count) {
      const started = performance.now();
      const proposals: Candidate[] = [];
      const take = (candidate: Candidate): void => {
        history.reserve(candidate);
        proposals.push(candidate);
      };
      let failures = 0;
      while (proposals.length < count) {
        if (failures >= drawsBeforeGivingUp) {
          const left = firstUnseen(space, pruners, history);
          if (left === null) break;
          take(left);
          continue;
        }
        const index = random.below(space.sketches.length);
        const sketch = space.sketches[index] as SearchSpace['sketches'][number];
        const values = new Float64Array(sketch.decisions.length).fill(Number.NaN);
        const complete = completeAtRandom(sketch, pruners[index] as (typeof pruners)[number], values, 0, random);
        const candidate: Candidate = { sketch: index, values: [...values], score: null };
        if (!complete || history.has(candidate)) {
          failures++;
          continue;
        }
        failures = 0;
        take(candidate);
      }
      proposeMs += performance.now() - started;
      return proposals;
    },
    async observe(results) {
      for (const result of results) history.add(result);
    },
    tally,
    get spentMs() {
      return { propose: proposeMs, fit: 0 };
    },
  };
}
