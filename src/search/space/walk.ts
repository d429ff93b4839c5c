import type { Pruner } from '../../space/pruning.ts';
import type { Candidate, SearchSpace } from '../strategy.ts';
import type { TallyKeeper } from '../tally.ts';

/** One pruner per sketch of a space, whose answers are counted. */
export function countingPruners(space: SearchSpace, tally: TallyKeeper): Pruner[] {
  return space.sketches.map((sketch) => {
    const pruner = sketch.createPruner();
    return {
      check(values, made) {
        const reason = pruner.check(values, made);
        let depth = 0;
        while (depth < values.length && !Number.isNaN(values[depth] as number)) depth++;
        tally.count(reason, depth);
        return reason;
      },
    };
  });
}

/**
 * Every legal candidate in the order of the sketches, decisions and options: a depth-first walk of the legal prefixes. Returns true when the
 * space was walked to its end, false when `mostLooks` prefixes had been looked at before.
 */
export function* walkCandidates(
  space: SearchSpace,
  pruners: readonly Pruner[],
  mostLooks = Number.POSITIVE_INFINITY,
): Generator<Candidate, boolean> {
  let looks = 0;
  for (const [index, { decisions }] of space.sketches.entries()) {
    const pruner = pruners[index] as Pruner;
    const depths = decisions.length;
    const values = new Float64Array(depths).fill(Number.NaN);
    if (looks++ >= mostLooks) return false;
    if (pruner.check(values) !== null) continue;
    if (depths === 0) {
      yield { sketch: index, values: [], score: null };
      continue;
    }
    // The option to be tried next at each depth of the path.
    const next = new Int32Array(depths);
    for (let depth = 0; depth >= 0; ) {
      const option = decisions[depth]?.options[next[depth] as number];
      if (option === undefined) {
        values[depth] = Number.NaN;
        next[depth] = 0;
        depth--;
        continue;
      }
      next[depth] = (next[depth] as number) + 1;
      values[depth] = option;
      if (looks++ >= mostLooks) return false;
      if (pruner.check(values, depth) !== null) continue;
      if (depth + 1 < depths) depth++;
      else yield { sketch: index, values: [...values], score: null };
    }
  }
  return true;
}
