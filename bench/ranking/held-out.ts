import { createRandom } from '../../src/support/random.ts';
import { joined, judged, rowsOf } from './judging.ts';
import type { Measured } from './measured.ts';
import { figuresOf } from './measures.ts';
import { prefixesOf } from './prefixes.ts';
import type { Ranked } from './tables.ts';
import type { NamedWay } from './ways.ts';

export const fractions = [0, 0.25, 0.5, 0.75, 1];

export interface Plan {
  readonly ways: readonly NamedWay[];
  /** Repetitions: seeds of the models and of what they draw. */
  readonly seeds: number;
  /** Whether a workload is held out and judged; all workloads teach. */
  readonly judges: (group: Measured) => boolean;
}

/** Each workload judged by models that learned from other workloads: all of them, or those of its class. */
export async function heldOutWorkloads(
  groups: readonly Measured[],
  plan: Plan,
  taughtBy: readonly string[],
): Promise<Ranked[]> {
  const ranked: Ranked[] = [];
  for (const group of groups.filter(plan.judges))
    for (const taught of taughtBy) {
      const others = groups.filter(({ key, kind }) => key !== group.key && (taught !== 'own' || kind === group.kind));
      if (others.length === 0) continue;
      const lessons = others.map((other) => ({ group: other, of: all(other) }));
      ranked.push(...(await judgedBy(lessons, group, all(group), plan, taught === 'own' ? 'own class' : 'all others')));
    }
  return ranked;
}

/** The candidates of one fold of a workload judged by models that learned from its other folds. */
export async function heldOutCandidates(groups: readonly Measured[], plan: Plan, folds: number): Promise<Ranked[]> {
  const ranked: Ranked[] = [];
  for (const group of groups.filter(plan.judges)) {
    const order = createRandom(1).shuffled(all(group));
    for (let fold = 0; fold < folds; fold++) {
      const tested = order.filter((_, at) => at % folds === fold);
      const known = order.filter((_, at) => at % folds !== fold);
      ranked.push(...(await judgedBy([{ group, of: known }], group, tested, plan, 'its others')));
    }
  }
  return ranked;
}

async function judgedBy(
  lessons: readonly { readonly group: Measured; readonly of: readonly number[] }[],
  group: Measured,
  tested: readonly number[],
  { ways, seeds }: Plan,
  taught: string,
): Promise<Ranked[]> {
  const ranked: Ranked[] = [];
  const asked = fractions.map((fraction) => ({ fraction, prefixes: prefixesOf(group, fraction, tested, all(group)) }));
  for (let seed = 1; seed <= seeds; seed++) {
    const random = createRandom(seed);
    for (const { name, way } of ways) {
      const model = way.create(seed);
      const rows = lessons.map(({ group: other, of }) => rowsOf(other, of));
      await model.fit(joined(rows));
      for (const { fraction, prefixes } of asked) {
        const scores = judged(group, prefixes, model, way, random.fork(`${name} ${fraction}`));
        const figures = figuresOf(scores, prefixes.worth);
        ranked.push({ way: name, taught, kind: group.kind, workload: group.name, fraction, seed, figures });
      }
    }
  }
  return ranked;
}

const all = ({ candidates }: Measured): number[] => candidates.map((_, item) => item);
