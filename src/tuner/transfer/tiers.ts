import { createAnalyticModel } from '../../cost-model/analytic-model.ts';
import type { CostModel } from '../../cost-model/cost-model.ts';
import { findBooster } from '../../cost-model/find-booster.ts';
import { createFrozenModel } from '../../cost-model/frozen-model.ts';
import { createResidualModel } from '../../cost-model/residual-model.ts';
import { createXgboostModel } from '../../cost-model/xgboost-model.ts';
import type { MeasuredSpace } from '../../search/recorded/replayed-space.ts';
import { scoresOfModel } from '../../search/space/feature-rows.ts';
import { createAutoSearch } from '../../search/strategies/auto.ts';
import { createOrderedSearch } from '../../search/strategies/in-order.ts';
import { createRankSearch } from '../../search/strategies/rank.ts';
import { createTransferSearch } from '../../search/strategies/transfer.ts';
import type { Candidate, SearchStrategy } from '../../search/strategy.ts';
import { boundedScores, joinSets, withMeasured } from '../learning/source-model.ts';
import { createModel } from '../strategies.ts';
import type { DrawnSource } from './draw.ts';
import type { TierName } from './run.ts';

/** What a run starts from. */
export interface TierTask {
  readonly target: MeasuredSpace;
  readonly sources: readonly DrawnSource[];
  readonly seed: number;
  /** Candidates that `remeasure` measures. */
  readonly top: number;
  /** A model of the sources, and what each of them says of the target's candidates: the same for all runs with the same draws. */
  readonly sourceModel: () => Promise<CostModel>;
  readonly sourceScores: () => Promise<readonly Float32Array[]>;
}

type Create = (task: TierTask) => Promise<SearchStrategy> | SearchStrategy;

export const tiers: Readonly<Record<TierName, Create>> = {
  cold: ({ target, seed }) => {
    // Features that are decisions tell a model nothing that the processes do not know; `createAutoSearch` then leaves it out.
    const { space } = target;
    const model = space.decisionsOnly
      ? createXgboostModel(findBooster().trainer, { seed })
      : createModel('xgboost', 'cpu', seed).model;
    return createAutoSearch(space, { seed, model });
  },
  copy: ({ target, sources }) => createOrderedSearch('copy', target.space, bestInTurns(target, sources, 1)),
  remeasure: ({ target, sources, top }) =>
    createOrderedSearch('remeasure', target.space, bestInTurns(target, sources, top).slice(0, top)),
  source: async ({ target, sourceModel }) => {
    const scores = scoresOfModel(target, await sourceModel());
    const order = [...scores.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
    return createOrderedSearch(
      'source',
      target.space,
      order.map((at) => target.candidates[at] as Candidate),
    );
  },
  residual: async ({ target, seed, sourceModel }) => {
    const model = createResidualModel(await sourceModel(), createXgboostModel(findBooster().trainer, { seed }));
    return createRankSearch(target.space, { seed, model, warmUp: 0, epsilon: 0, round: 1 });
  },
  several: async ({ target, seed, sourceScores }) => {
    const scores = [...(await sourceScores())];
    // Where kernels are known, what is known of machines is one more source.
    if (target.space.decisionsOnly !== true)
      scores.push(boundedScores(scoresOfModel(target, createAnalyticModel('cpu'))));
    return createTransferSearch(target.space, { seed, all: target.candidates, scores });
  },
};

/** Trees enough to follow a space of a few thousand rows: there is no noise to speak of, and what is not learned here is learned by trials. */
const sourceRounds = 200;

/** Learns which candidates are fast on the sources; each source is compared with itself only. */
export async function trainSourceModel(sources: readonly DrawnSource[], columns: number): Promise<CostModel> {
  // Rankings of thousands of rows learn little of the best ones; logarithms of the times do.
  const model = createXgboostModel(findBooster().trainer, {
    seed: 1,
    rounds: sourceRounds,
    objective: 'reg:squarederror',
  });
  const sets = sources.map((source) => ({ ...source, columns }));
  await model.fit(joinSets(sets, columns));
  return createFrozenModel(model);
}

/**
 * What a source says of each candidate of a target: the natural logarithm of its throughput relative to the source's best; measured where the
 * draw has it, elsewhere predicted by a model of this source alone.
 */
export async function scoresOfSource(target: MeasuredSpace, source: DrawnSource): Promise<Float32Array> {
  const scores = scoresOfModel(target, await trainSourceModel([source], target.space.columns));
  return withMeasured(scores, source.timesNs);
}

/** Up to `most` candidates that were fastest on each source: the best of every source, then every second best, and so on. */
function bestInTurns(target: MeasuredSpace, sources: readonly DrawnSource[], most: number): Candidate[] {
  const orders = sources.map(({ timesNs }) =>
    [...timesNs.keys()]
      .filter((at) => typeof timesNs[at] === 'number')
      .sort((a, b) => (timesNs[a] as number) - (timesNs[b] as number) || a - b)
      .slice(0, most),
  );
  const chosen = new Set<number>();
  for (let turn = 0; turn < most; turn++)
    for (const order of orders) {
      const at = order[turn];
      if (at !== undefined) chosen.add(at);
    }
  return [...chosen].map((at) => target.candidates[at] as Candidate);
}
