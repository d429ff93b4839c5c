import type { Random } from '../support/random.ts';
import { type Constructed, type ConstructOptions, constructCandidates } from './construct.ts';
import type { Judge } from './judge.ts';
import type { SearchSketch } from './strategy.ts';
import type { TallyKeeper } from './tally.ts';

/** Fraction of a pass' width that the next pass may start from: the rest of its width is for what lies behind these. */
const startsShare = 0.25;

/**
 * Beams one after the other, the idea of Halide's coarse-to-fine passes (Adams and others, 2019): a later one enters only first halves of
 * the decisions that the best ends of the one before have, and so spends its whole width on the second halves. Ends of all
 * passes, best first, each once. With one pass it is `constructCandidates`.
 */
export function constructInPasses(
  sketch: Pick<SearchSketch, 'decisions' | 'createPruner'>,
  judge: Judge,
  options: ConstructOptions,
  passes: number,
  tally: TallyKeeper,
  random: Random,
): Constructed[] {
  const coarse = Math.floor(sketch.decisions.length / 2);
  const found = new Map<string, Constructed>();
  let within: ConstructOptions['within'];
  for (let pass = 0; pass < passes; pass++) {
    const made = constructCandidates(
      sketch,
      judge,
      within === undefined ? options : { ...options, within },
      tally,
      random,
    );
    for (const end of made) {
      const key = end.values.join();
      if (!found.has(key)) found.set(key, end);
    }
    if (coarse === 0) break;
    within = behind(made, coarse, Math.max(1, Math.floor(options.width * startsShare)));
  }
  return [...found.values()].sort((a, b) => b.score - a.score);
}

/** Whether a prefix begins, or continues, one of the first `starts` different first halves of the ends. */
function behind(ends: readonly Constructed[], coarse: number, starts: number): NonNullable<ConstructOptions['within']> {
  const entered = new Set<string>();
  const halves = new Set<string>();
  for (const { values } of ends) {
    if (halves.size >= starts) break;
    halves.add(values.slice(0, coarse).join());
    for (let depth = 1; depth <= coarse; depth++) entered.add(values.slice(0, depth).join());
  }
  return (prefix, depth) => depth > coarse || entered.has(prefix.subarray(0, depth).join());
}
