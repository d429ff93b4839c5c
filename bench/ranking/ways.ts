import { createAnalyticModel } from '../../src/cost-model/analytic-model.ts';
import type { CostModel } from '../../src/cost-model/cost-model.ts';
import { findBooster } from '../../src/cost-model/find-booster.ts';
import { createFittedModel } from '../../src/cost-model/fitted-model.ts';
import { createResidualModel } from '../../src/cost-model/residual-model.ts';
import { createXgboostModel, type XgboostModelOptions } from '../../src/cost-model/xgboost-model.ts';
import type { PrefixScorerOptions } from '../../src/search/scoring/prefix-scorer.ts';
import { UserError } from '../../src/support/errors.ts';
import { hiddenBy, withHidden } from './hidden-features.ts';

/** A model and how prefixes are scored with it. */
export interface Way extends PrefixScorerOptions {
  readonly create: (seed: number) => CostModel;
}

export interface NamedWay {
  readonly name: string;
  readonly way: Way;
}

const boosters =
  (options: Omit<XgboostModelOptions, 'seed'> = {}) =>
  (seed: number): CostModel =>
    createXgboostModel(findBooster().trainer, { ...options, seed });
/** Boosters that start from a base of fitted costs, as the beam's model does. */
const onFitted =
  (options: Omit<XgboostModelOptions, 'seed'> = {}) =>
  (seed: number): CostModel =>
    createResidualModel(createFittedModel('cpu'), createXgboostModel(findBooster().trainer, { ...options, seed }));

const regression = { objective: 'reg:squarederror' } as const;

const byCompletions = { completions: 8 } as const;

/** Every way by the name the bench prints. The first two are the model the beam uses, with more completions per prefix. */
export const ways: ReadonlyMap<string, Way> = new Map<string, Way>([
  ['completions', { ...byCompletions, create: onFitted() }],
  ['completions-32', { ...byCompletions, completions: 32, create: onFitted() }],
  // Parts of that model alone, and other ways to put them together.
  ['analytic', { ...byCompletions, create: () => createAnalyticModel('cpu') }],
  ['fitted', { ...byCompletions, create: () => createFittedModel('cpu') }],
  ['boosters', { ...byCompletions, create: boosters() }],
  [
    'on-analytic',
    {
      ...byCompletions,
      create: (seed) =>
        createResidualModel(createAnalyticModel('cpu'), createXgboostModel(findBooster().trainer, { seed })),
    },
  ],
  ['throughput', { ...byCompletions, create: onFitted(regression) }],
  ['throughput-boosters', { ...byCompletions, create: boosters(regression) }],
  ['large-leaves', { ...byCompletions, create: onFitted({ params: { min_child_weight: 10, colsample_bytree: 0.4 } }) }],
  [
    'larger-leaves',
    { ...byCompletions, create: onFitted({ params: { min_child_weight: 30, colsample_bytree: 0.4 } }) },
  ],
  ['members-8', { ...byCompletions, create: onFitted({ members: 8 }) }],
  ['rounds-100', { ...byCompletions, create: onFitted({ rounds: 100 }) }],
  ['depth-4', { ...byCompletions, create: onFitted({ params: { max_depth: 4, colsample_bytree: 0.4 } }) }],
  [
    'careful',
    {
      ...byCompletions,
      create: onFitted({
        params: { max_depth: 5, min_child_weight: 30, colsample_bytree: 0.4, subsample: 0.5, eta: 0.1 },
      }),
    },
  ],
]);

export const defaultWays: readonly string[] = ['completions', 'fitted'];

/** A way by its name, whose models see a set of families of features only: `schedule,machine`, or `all`. */
export function withFamilies(name: string, set: string): NamedWay {
  const way = ways.get(name);
  if (way === undefined) throw new UserError(`there is no way ${name}; there are ${[...ways.keys()].join(', ')}`);
  if (set === 'all') return { name, way };
  const hidden = hiddenBy(set);
  return { name: `${name}: ${set}`, way: { ...way, create: (seed) => withHidden(way.create(seed), hidden) } };
}
