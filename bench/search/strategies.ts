import { createAnalyticModel } from '../../src/cost-model/analytic-model.ts';
import type { CostModel } from '../../src/cost-model/cost-model.ts';
import { createFittedModel } from '../../src/cost-model/fitted-model.ts';
import { createResidualModel } from '../../src/cost-model/residual-model.ts';
import { loadXgboost } from '../../src/cost-model/xgboost-library.ts';
import { createXgboostModel, type XgboostModel } from '../../src/cost-model/xgboost-model.ts';
import { featureCount } from '../../src/features/extractor.ts';
import { createAnnealingSearch } from '../../src/search/annealing.ts';
import { type BeamOptions, createBeamSearch } from '../../src/search/beam.ts';
import { createEvolutionSearch } from '../../src/search/evolution.ts';
import { createGridSearch } from '../../src/search/grid-search.ts';
import { createRandomSearch } from '../../src/search/random-search.ts';
import { createRankSearch } from '../../src/search/rank-search.ts';
import type { SearchSpace, SearchStrategy } from '../../src/search/strategy.ts';
import { UserError } from '../../src/support/errors.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';

type Create = (space: SearchSpace, seed: number) => SearchStrategy;

/** A single booster, as the tools have whose ways the baselines follow. */
function plainBooster(seed: number): CostModel {
  return createXgboostModel(library(), { seed, members: 1, objective: 'reg:squarederror' });
}

function library() {
  const found = loadXgboost();
  if (isRefusal(found)) throw new UserError(`the bench of searches needs XGBoost: ${explainRefusal(found)}`);
  return found;
}

function boosters(seed: number): XgboostModel {
  return createXgboostModel(library(), { seed });
}

/** The analytic model needs our features: on an external space the boosters start from nothing. */
function withAnalytic(space: SearchSpace, correction: XgboostModel): CostModel {
  return space.columns === featureCount ? createResidualModel(createFittedModel('cpu'), correction) : correction;
}

function beam(options: Omit<BeamOptions, 'seed' | 'model'>): Create {
  return (space, seed) => createBeamSearch(space, { ...options, seed, model: withAnalytic(space, boosters(seed)) });
}

/** The beam as it searches spaces too large to list, judged by boosters alone: what the parts below are left out of or added to. */
const boosted = { chooser: null, listing: false } as const;

/** Every strategy by the name the bench prints. */
export const strategies: ReadonlyMap<string, Create> = new Map<string, Create>([
  ['random', createRandomSearch],
  ['grid', (space) => createGridSearch(space)],
  ['annealing', (space, seed) => createAnnealingSearch(space, { seed, model: plainBooster(seed) })],
  ['evolution', (space, seed) => createEvolutionSearch(space, { seed, model: plainBooster(seed) })],
  ['rank', (space, seed) => createRankSearch(space, { seed, model: plainBooster(seed) })],
  ['beam', beam({})],
  // The same with one part changed or left out.
  ['beam:no-model', beam({ modelEvery: 0 })],
  ['beam:model-every-2', beam({ modelEvery: 2 })],
  ['beam:model-every-3', beam({ modelEvery: 3 })],
  ['beam:model-every-4', beam({ modelEvery: 4 })],
  ['beam:ranks', beam({ chooser: { views: ['ranks'] } })],
  ['beam:logarithms', beam({ chooser: { views: ['logarithms'] } })],
  ['beam:no-products', beam({ chooser: { products: false } })],
  ['beam:no-powers', beam({ chooser: { powers: false } })],
  ['beam:nearness-only', beam({ chooser: { individuality: false } })],
  ['beam:warm-up-12', beam({ chooser: { warmUp: 12 } })],
  // What the beam is in spaces too large to list.
  ['beam:unlisted', beam({ listing: false })],
  ['beam:boosted', beam(boosted)],
  // The same with one part changed or left out.
  ['boosted:value', beam({ ...boosted, judgement: 'value' })],
  ['boosted:both', beam({ ...boosted, judgement: 'both' })],
  ['boosted:no-keep-alive', beam({ ...boosted, keepAlive: 0, epsilon: 0 })],
  ['boosted:no-analytic', (space, seed) => createBeamSearch(space, { ...boosted, seed, model: boosters(seed) })],
  // Ideas of others: Halide's passes, Pruner's draft model, Steiner's value iteration (which needs a model of throughput itself).
  ['boosted:coarse-to-fine', beam({ ...boosted, passes: 3 })],
  [
    'boosted:draft',
    (space, seed) =>
      createBeamSearch(space, {
        ...boosted,
        ...(space.columns === featureCount ? { draft: createAnalyticModel('cpu') } : {}),
        seed,
        model: withAnalytic(space, boosters(seed)),
      }),
  ],
  ['boosted:value-of-throughput', throughputs(false)],
  ['boosted:value-iteration', throughputs(true)],
]);

function throughputs(bootstrap: boolean): Create {
  return (space, seed) => {
    const correction = createXgboostModel(library(), { seed, objective: 'reg:squarederror' });
    return createBeamSearch(space, {
      ...boosted,
      judgement: 'value',
      bootstrap,
      seed,
      model: withAnalytic(space, correction),
    });
  };
}

/** What a run of the bench compares unless it is told otherwise. */
export const defaultStrategies: readonly string[] = ['random', 'grid', 'annealing', 'evolution', 'rank', 'beam'];
