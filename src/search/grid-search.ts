import { createHistory } from './history.ts';
import { createPlainSearch } from './random-search.ts';
import type { Candidate, SearchSpace, SearchStrategy } from './strategy.ts';
import { createTally, type TallyKeeper } from './tally.ts';

/** Every legal candidate in the order of the sketches, decisions and options: exhaustive, and the same for every seed. */
export function createGridSearch(space: SearchSpace): SearchStrategy {
  const history = createHistory(space);
  const tally = createTally();
  const walk = inOrder(space, tally);
  return createPlainSearch('grid', { history, tally }, () => {
    for (;;) {
      const step = walk.next();
      if (step.done) return null;
      if (!history.has(step.value)) return step.value;
    }
  });
}

function* inOrder(space: SearchSpace, tally: TallyKeeper): Generator<Candidate, undefined> {
  for (const [index, sketch] of space.sketches.entries()) {
    const pruner = sketch.createPruner();
    const values = new Float64Array(sketch.decisions.length).fill(Number.NaN);
    const walk = function* (depth: number): Generator<Candidate, undefined> {
      const reason = pruner.check(values);
      tally.count(reason, depth);
      if (reason !== null) return;
      if (depth === values.length) {
        yield { sketch: index, values: [...values], score: null };
        return;
      }
      for (const option of sketch.decisions[depth]?.options ?? []) {
        values[depth] = option;
        yield* walk(depth + 1);
      }
      values[depth] = Number.NaN;
    };
    yield* walk(0);
  }
}
