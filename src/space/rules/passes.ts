import { not } from '../../arithmetic/formula.ts';
import type { DeviceLimits } from '../../ir/limits.ts';
import { createDecisions, type Decision } from '../decision.ts';
import type { Merge } from '../single-pass.ts';
import type { StageInfo } from '../stage.ts';
import type { Tiling } from '../tiling.ts';
import { rowsTiling } from './rows.ts';

/**
 * Rows with a choice: `twice`, the stages as they are, or `once`, the same with dependent reductions merged into single passes. All other
 * decisions are the same for both. One pass reads every element once less; two cost fewer operations per element.
 */
export function passesTiling(
  twice: readonly StageInfo[],
  once: readonly StageInfo[],
  merges: readonly Merge[],
  limits: DeviceLimits,
): Tiling | null {
  const list = createDecisions((twice.at(-1) as StageInfo).block.name);
  const by = list.decide({
    name: 'singlePass',
    doc: 'reductions of which one uses the other over the same elements: 1: in one pass, 0: in a pass each',
    options: [0, 1],
    before: 0,
  }) as Decision;
  const own = rowsTiling(twice, limits, list);
  if (own === null) return null;
  const shared = list.all.slice(1);
  let isSame = true;
  let taken = 0;
  const merged = rowsTiling(once, limits, {
    all: shared,
    decide(wish) {
      const alone = createDecisions('').decide(wish);
      if (typeof alone === 'number') return alone;
      const other = shared[taken++];
      isSame &&= other?.name.endsWith(`.${wish.name}`) === true && other.options.join() === wish.options.join();
      return other ?? alone;
    },
  });
  if (merged === null || !isSame || taken !== shared.length) return null;
  const second = new Set(merges.map((merge) => merge.second));
  const nests = own.nests.map((nest) =>
    // Once merged, the first of the two passes has read what the second reads.
    second.has(nest.stage.block.name) ? { ...nest, runs: not(by) } : nest,
  );
  return { ...own, nests, merged: { by, merges, tiling: merged } };
}
