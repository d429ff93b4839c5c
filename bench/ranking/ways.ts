import { createAnalyticModel } from '../../src/cost-model/analytic-model.ts';
import type { CostModel } from '../../src/cost-model/cost-model.ts';
import { createResidualModel } from '../../src/cost-model/residual-model.ts';
import { loadXgboost } from '../../src/cost-model/xgboost-library.ts';
import { createXgboostModel, type XgboostModelOptions } from '../../src/cost-model/xgboost-model.ts';
import type { JudgeOptions } from '../../src/search/judge.ts';
import { UserError } from '../../src/support/errors.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { hiddenBy, withHidden } from './hidden-features.ts';

/** A model and how it judges prefixes. */
export interface Way extends JudgeOptions {
  readonly create: (seed: number) => CostModel;
  /** Whether it learns from prefixes beside complete programs. */
  readonly prefixes: boolean;
}

export interface NamedWay {
  readonly name: string;
  readonly way: Way;
}

function library() {
  const found = loadXgboost();
  if (isRefusal(found)) throw new UserError(`the bench of rankings needs XGBoost: ${explainRefusal(found)}`);
  return found;
}

const boosters =
  (options: Omit<XgboostModelOptions, 'seed'> = {}) =>
  (seed: number): CostModel =>
    createResidualModel(createAnalyticModel('cpu'), createXgboostModel(library(), { ...options, seed }));

const byValue = { judgement: 'value', completions: 8, prefixes: true } as const;
const byCompletions = { judgement: 'completions', completions: 8, prefixes: false } as const;

/** Every way by the name the bench prints. */
export const ways: ReadonlyMap<string, Way> = new Map<string, Way>([
  ['analytic', { ...byCompletions, create: () => createAnalyticModel('cpu') }],
  ['value', { ...byValue, create: boosters() }],
  ['completions', { ...byCompletions, create: boosters() }],
  ['both', { ...byValue, judgement: 'both', create: boosters() }],
]);

export const defaultWays: readonly string[] = ['value', 'completions', 'both'];

/** A way by its name, whose models see a set of families of features only: `schedule,machine`, or `all`. */
export function withFamilies(name: string, set: string): NamedWay {
  const way = ways.get(name);
  if (way === undefined) throw new UserError(`there is no way ${name}; there are ${[...ways.keys()].join(', ')}`);
  if (set === 'all') return { name, way };
  const hidden = hiddenBy(set);
  return { name: `${name}: ${set}`, way: { ...way, create: (seed) => withHidden(way.create(seed), hidden) } };
}
