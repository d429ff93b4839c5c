import { createAnalyticModel } from '../../src/cost-model/analytic-model.ts';
import type { CostModel } from '../../src/cost-model/cost-model.ts';
import { createFittedModel } from '../../src/cost-model/fitted-model.ts';
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
    createXgboostModel(library(), { ...options, seed });
/** Boosters that start from a base: what the beam uses starts from fitted costs. */
const onFitted =
  (options: Omit<XgboostModelOptions, 'seed'> = {}) =>
  (seed: number): CostModel =>
    createResidualModel(createFittedModel('cpu'), createXgboostModel(library(), { ...options, seed }));

const regression = { objective: 'reg:squarederror' } as const;

const byValue = { judgement: 'value', completions: 8, prefixes: true } as const;
const byCompletions = { judgement: 'completions', completions: 8, prefixes: false } as const;

/** Every way by the name the bench prints. The first three are the model the beam uses, under each of its judgements. */
export const ways: ReadonlyMap<string, Way> = new Map<string, Way>([
  ['value', { ...byValue, create: onFitted() }],
  ['completions', { ...byCompletions, create: onFitted() }],
  ['both', { ...byValue, judgement: 'both', create: onFitted() }],
  ['completions-32', { ...byCompletions, completions: 32, create: onFitted() }],
  // Parts of it alone, and other ways to put them together.
  ['analytic', { ...byCompletions, create: () => createAnalyticModel('cpu') }],
  ['fitted', { ...byCompletions, create: () => createFittedModel('cpu') }],
  ['boosters', { ...byValue, create: boosters() }],
  [
    'on-analytic',
    {
      ...byValue,
      create: (seed) => createResidualModel(createAnalyticModel('cpu'), createXgboostModel(library(), { seed })),
    },
  ],
  ['throughput', { ...byValue, create: onFitted(regression) }],
  ['throughput-boosters', { ...byValue, create: boosters(regression) }],
  ['large-leaves', { ...byValue, create: onFitted({ params: { min_child_weight: 10, colsample_bytree: 0.4 } }) }],
  ['larger-leaves', { ...byValue, create: onFitted({ params: { min_child_weight: 30, colsample_bytree: 0.4 } }) }],
  ['members-8', { ...byValue, create: onFitted({ members: 8 }) }],
  ['rounds-100', { ...byValue, create: onFitted({ rounds: 100 }) }],
  ['depth-4', { ...byValue, create: onFitted({ params: { max_depth: 4, colsample_bytree: 0.4 } }) }],
  [
    'careful',
    {
      ...byValue,
      create: onFitted({
        params: { max_depth: 5, min_child_weight: 30, colsample_bytree: 0.4, subsample: 0.5, eta: 0.1 },
      }),
    },
  ],
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
