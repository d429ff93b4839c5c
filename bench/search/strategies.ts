import type { CostModel } from '../../src/cost-model/cost-model.ts';
import { findBooster } from '../../src/cost-model/find-booster.ts';
import { createFittedModel } from '../../src/cost-model/fitted-model.ts';
import { createResidualModel } from '../../src/cost-model/residual-model.ts';
import { createXgboostModel, type XgboostModel } from '../../src/cost-model/xgboost-model.ts';
import { rowLength } from '../../src/features/extractor.ts';
import { createAnnealingSearch } from '../../src/search/strategies/annealing.ts';
import { createAutoSearch } from '../../src/search/strategies/auto.ts';
import { type BayesianOptions, createBayesianSearch } from '../../src/search/strategies/bayesian.ts';
import { type BeamOptions, createBeamSearch } from '../../src/search/strategies/beam.ts';
import { createEvolutionSearch } from '../../src/search/strategies/evolution.ts';
import { createGridSearch } from '../../src/search/strategies/grid.ts';
import type { LearnedOptions } from '../../src/search/strategies/learned.ts';
import { createRandomSearch } from '../../src/search/strategies/random.ts';
import { createRankSearch } from '../../src/search/strategies/rank.ts';
import type { SearchSpace, SearchStrategy } from '../../src/search/strategy.ts';

import type { LoadedSpace } from './spaces.ts';

/** `costs`: of the analytic model, where they are not its own. */
type Create = (loaded: LoadedSpace, seed: number, costs?: Float64Array) => SearchStrategy;

/** A single booster, as in the tools that the baselines follow. */
function plainBooster(seed: number): CostModel {
  return createXgboostModel(findBooster().trainer, { seed, members: 1, objective: 'reg:squarederror' });
}

function boosters(seed: number): XgboostModel {
  return createXgboostModel(findBooster().trainer, { seed });
}

/** The analytic model needs our features: on an external space the boosters start from nothing. */
function withAnalytic(space: SearchSpace, correction: XgboostModel, costs?: Float64Array): CostModel {
  return space.columns === rowLength ? createResidualModel(createFittedModel('cpu', costs), correction) : correction;
}

function beam(options: Omit<BeamOptions, 'seed' | 'model'>): Create {
  return ({ space }, seed) => createBeamSearch(space, { ...options, seed, model: withAnalytic(space, boosters(seed)) });
}

function bayesian(options: Omit<BayesianOptions, 'seed' | 'model'>): Create {
  return ({ space }, seed) =>
    createBayesianSearch(space, { ...options, seed, model: withAnalytic(space, boosters(seed)) });
}

/** A strategy that chooses by the gain per second. */
function perSecond(create: (space: SearchSpace, options: LearnedOptions) => SearchStrategy): Create {
  return ({ space, logSeconds }, seed, costs) => {
    const model = withAnalytic(space, boosters(seed), costs);
    return create(space, { seed, model, ...(logSeconds === undefined ? {} : { logSeconds }) });
  };
}

/** Ending of the names of strategies whose costs are fitted without the space they are judged on. */
export const leftOut = ':left-out';

/** Every strategy by the name the bench prints. */
export const strategies: ReadonlyMap<string, Create> = new Map<string, Create>([
  ['random', ({ space }, seed) => createRandomSearch(space, seed)],
  ['grid', ({ space }) => createGridSearch(space)],
  ['annealing', ({ space }, seed) => createAnnealingSearch(space, { seed, model: plainBooster(seed) })],
  ['evolution', ({ space }, seed) => createEvolutionSearch(space, { seed, model: plainBooster(seed) })],
  ['rank', ({ space }, seed) => createRankSearch(space, { seed, model: plainBooster(seed) })],
  ['auto', perSecond(createAutoSearch)],
  [
    'auto:per-trial',
    ({ space }, seed) => createAutoSearch(space, { seed, model: withAnalytic(space, boosters(seed)) }),
  ],
  ['beam:per-second', perSecond(createBeamSearch)],
  // The analytic model starts from costs fitted to the other recorded spaces (`left-out.ts`).
  [`auto${leftOut}`, perSecond(createAutoSearch)],
  ['bayesian', bayesian({})],
  // The same with one part changed or left out.
  ['bayesian:no-model', bayesian({ modelEvery: 0 })],
  ['bayesian:model-every-2', bayesian({ modelEvery: 2 })],
  ['bayesian:model-every-3', bayesian({ modelEvery: 3 })],
  ['bayesian:model-every-4', bayesian({ modelEvery: 4 })],
  ['bayesian:ranks', bayesian({ acquisition: { views: ['ranks'] } })],
  ['bayesian:logarithms', bayesian({ acquisition: { views: ['logarithms'] } })],
  ['bayesian:no-products', bayesian({ acquisition: { products: false } })],
  ['bayesian:no-powers', bayesian({ acquisition: { powers: false } })],
  ['bayesian:nearness-only', bayesian({ acquisition: { individuality: false } })],
  ['bayesian:warm-up-12', bayesian({ acquisition: { warmUp: 12 } })],
  ['beam', beam({})],
  // The same with one part changed or left out.
  ['beam:no-donors', beam({ donated: 0 })],
  ['beam:no-donors:completions-32', beam({ donated: 0, completions: 32 })],
  ['beam:rounds-16', beam({ round: 16 })],
  ['beam:random-15', beam({ epsilon: 0.15 })],
  ['beam:no-acquisition', beam({ acquisition: null })],
  ['beam:no-random-trials', beam({ epsilon: 0 })],
  ['beam:not-each-sketch', beam({ eachSketch: false })],
  ['beam:no-analytic', ({ space }, seed) => createBeamSearch(space, { seed, model: boosters(seed) })],
]);

/** The strategies that the bench compares by default. */
export const defaultStrategies: readonly string[] = [
  'random',
  'grid',
  'annealing',
  'evolution',
  'rank',
  'beam',
  'auto',
];
