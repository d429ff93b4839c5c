import type { Pruner } from '../space/pruning.ts';
import type { History } from './history.ts';
import type { Candidate, SearchSpace } from './strategy.ts';

/** Prefixes looked at before a search for what is left of a space ends: a small space is finished, a large one is left to chance. */
const mostLooks = 20_000;

/** The first legal candidate, in the order of the options, that is not known yet; null where there is none, or too much was looked at. */
export function firstUnseen(space: SearchSpace, pruners: readonly Pruner[], history: History): Candidate | null {
  let looks = 0;
  for (const [index, sketch] of space.sketches.entries()) {
    const pruner = pruners[index] as Pruner;
    const values = new Float64Array(sketch.decisions.length).fill(Number.NaN);
    const find = (depth: number): Candidate | null => {
      if (looks++ >= mostLooks || pruner.check(values) !== null) return null;
      if (depth === values.length) {
        const candidate: Candidate = { sketch: index, values: [...values], score: null };
        return history.has(candidate) ? null : candidate;
      }
      for (const option of sketch.decisions[depth]?.options ?? []) {
        values[depth] = option;
        const found = find(depth + 1);
        if (found !== null) return found;
      }
      values[depth] = Number.NaN;
      return null;
    };
    const found = find(0);
    if (found !== null) return found;
  }
  return null;
}
