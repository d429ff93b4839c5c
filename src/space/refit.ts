import type { Decision } from './decision.ts';
import type { Pruner } from './pruning.ts';
import type { Sketch } from './sketch.ts';

/** Prefixes looked at before a schedule is taken not to fit. */
const mostLooks = 4000;

/**
 * Another workload's decisions made anew in a sketch of the same name: each by its name, and where its option is not offered or not legal here, the
 * nearest one that is, by the ratio of the sizes. A decision that was not made there is left as schedules had it before it existed, or as small as can
 * be. Null where no legal candidate is found.
 */
export function refittedValues(
  { decisions }: Pick<Sketch, 'decisions'>,
  pruner: Pruner,
  recorded: Readonly<Record<string, number | string>>,
): readonly number[] | null {
  const orders = decisions.map((decision) => nearestFirst(decision, recorded[decision.name]));
  const values = new Float64Array(decisions.length).fill(Number.NaN);
  let looks = 0;
  const made = (depth: number): boolean => {
    if (depth === decisions.length) return true;
    for (const option of orders[depth] as readonly number[]) {
      if (++looks > mostLooks) return false;
      values[depth] = option;
      if (pruner.check(values) === null && made(depth + 1)) return true;
    }
    values[depth] = Number.NaN;
    return false;
  };
  return made(0) ? [...values] : null;
}

function nearestFirst(
  { options, smallest, before }: Decision,
  recorded: number | string | undefined,
): readonly number[] {
  const wanted = typeof recorded === 'number' ? recorded : (before ?? smallest ?? (options[0] as number));
  // Sizes from 0 (none) on: one more of each makes their ratio a distance.
  const distance = (option: number): number => Math.abs(Math.log((1 + option) / (1 + Math.max(0, wanted))));
  return [...options].sort((a, b) => distance(a) - distance(b) || a - b);
}
