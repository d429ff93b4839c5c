import type { Decision } from '../decision.ts';
import type { Conflict, Plan } from '../plan.ts';
import { quantityCount } from '../quantities.ts';
import type { Merge } from '../single-pass.ts';

/**
 * A plan that decides between two: stages as they are, or with their dependent reductions merged into single passes. All other decisions
 * are the same for both, though perhaps named after another block. One pass reads every element once less; two cost fewer operations an element.
 */
export function passesPlan(twice: Plan, once: Plan, merges: readonly Merge[]): Plan | null {
  const same = (own: Decision, other: Decision | undefined): boolean =>
    other !== undefined && whatOf(own) === whatOf(other) && own.options.join() === other.options.join();
  if (once.decisions.length !== twice.decisions.length) return null;
  if (!twice.decisions.every((own, i) => same(own, once.decisions[i]))) return null;
  const named = new Map(once.decisions.map((own, i) => [own.name, twice.decisions[i]?.name as string]));
  const name = `${twice.stages.at(-1)?.block.name}.singlePass`;
  const decision = {
    name,
    doc: 'reductions of which one uses the other over the same elements: 1: in one pass, 0: in a pass each',
    options: [0, 1],
    before: 0,
  };
  const row = new Float64Array(quantityCount);
  const merged = new Set(merges.map(({ second }) => second));
  return {
    rule: twice.rule,
    stages: twice.stages,
    decisions: [decision, ...twice.decisions],
    quantities(values, first, out, offset) {
      const single = values[first] as number;
      (single === 1 ? once : twice).quantities(values, first + 1, out, offset);
      if (!Number.isNaN(single)) return;
      // What either way is the same is known already.
      once.quantities(values, first + 1, row, 0);
      for (let i = 0; i < quantityCount; i++) if (row[i] !== out[offset + i]) out[offset + i] = Number.NaN;
    },
    sizes: (values, first, out, offset) => (values[first] === 1 ? once : twice).sizes(values, first + 1, out, offset),
    conflicts: [
      ...twice.conflicts.map((own) => conflictIf(own, (single) => single !== 1)),
      ...once.conflicts.map((own) => conflictIf(own, (single) => single === 1)),
    ],
    nests: twice.nests.map((nest) => ({
      ...nest,
      describe(values, first, into) {
        nest.describe(values, first + 1, into);
        // What it reads the first of the two has read already.
        if (merged.has(nest.stage.block.name)) into.runs = 1 - (values[first] as number);
      },
    })),
    emit(builder, value) {
      if (value(name) !== 1) return twice.emit(builder, value);
      for (const merge of merges) builder.apply('mergeReductions', { ...merge });
      return once.emit(builder, (own) => value(named.get(own) as string));
    },
  };
}

/** What a decision is about, whatever block it is named after. */
const whatOf = ({ name }: Decision): string => name.slice(name.indexOf('.'));

/** A conflict of one of the two plans, of which the decision in front says whether it is the one. */
function conflictIf({ about, find }: Conflict, isChosen: (single: number) => boolean): Conflict {
  return {
    about: [0, ...about.filter((index) => index >= 0).map((index) => index + 1)],
    find: (values, first) => (isChosen(values[first] as number) ? find(values, first + 1) : null),
  };
}
