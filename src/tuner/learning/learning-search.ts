import { createBlendedModel } from '../../cost-model/blended-model.ts';
import { findBooster } from '../../cost-model/find-booster.ts';
import { createResidualModel } from '../../cost-model/residual-model.ts';
import { createXgboostModel } from '../../cost-model/xgboost-model.ts';
import { enumerateCandidates } from '../../search/space/enumeration.ts';
import { featureRows, scoresOfModel } from '../../search/space/feature-rows.ts';
import type { SketchSpace } from '../../search/space/sketch-space.ts';
import { createBayesianSearch } from '../../search/strategies/bayesian.ts';
import { createBeamSearch } from '../../search/strategies/beam.ts';
import { createDoubtingSearch } from '../../search/strategies/doubting.ts';
import type { LearnedOptions } from '../../search/strategies/learned.ts';
import { createTransferSearch } from '../../search/strategies/transfer.ts';
import { type Candidate, candidateKey, type SearchStrategy } from '../../search/strategy.ts';
import type { SearchName } from '../events.ts';
import { createStrategy } from '../strategies.ts';
import { boundedScores, withMeasured } from './source-model.ts';
import type { Source } from './sources.ts';

interface LearningSearch {
  readonly strategy: SearchStrategy;
  /** What each source weighs, by what was measured until now; null where the strategy asks no source. */
  readonly weights: () => readonly number[] | null;
}

/** Strategies that ask no model. */
const unguided: ReadonlySet<SearchName> = new Set(['random', 'grid']);

/** A beam that believes need not look around as one that knows nothing: the other one does. */
const trusting = { ignorance: 0, epsilon: 0.05 } as const;

/**
 * Schedules of near shapes are measured first, and are all said to be fast: a line through three such times has any slope, and one of zero would leave a
 * model to which everything is alike.
 */
const trust = 1;

/**
 * A search that learns from sources and doubts them (see createDoubtingSearch): the cold search of the same name takes turns with one that believes.
 * Where the candidates can be listed, that is processes whose mean is what the sources say together; elsewhere the same strategy with a model that starts
 * from what they say.
 */
export function createLearningSearch(
  search: SearchName,
  space: SketchSpace,
  options: LearnedOptions,
  sources: readonly Source[],
): LearningSearch {
  if (sources.length === 0 || unguided.has(search))
    return { strategy: createStrategy(search, space, options), weights: () => null };
  const likeness = sources.map((source) => source.likeness);
  const all = search === 'auto' || search === 'bayesian' ? enumerateCandidates(space) : null;
  if (all !== null) {
    const scores = scoresOf(space, all, sources);
    const { seed, logSeconds } = options;
    const strategy = createTransferSearch(space, {
      ...{ seed, all, scores, likeness },
      ...(logSeconds === undefined ? {} : { logSeconds }),
      doubter: createBayesianSearch(space, { ...options, all }),
    });
    return { strategy, weights: strategy.weights };
  }
  const blended = createBlendedModel(
    sources.map(({ model }) => model),
    likeness,
  );
  const { seed } = options;
  const model = createResidualModel(blended, createXgboostModel(findBooster().trainer, { seed }), trust);
  const doubter = createStrategy(search, space, options);
  const believing = { ...options, model };
  const believer =
    search === 'auto' || search === 'beam'
      ? createBeamSearch(space, { ...believing, ...trusting })
      : createStrategy(search, space, believing);
  return {
    strategy: createDoubtingSearch(space, { name: `transfer+${doubter.name}`, believer, doubter }),
    weights: blended.weights,
  };
}

/** What each source says of every candidate. */
function scoresOf(space: SketchSpace, candidates: readonly Candidate[], sources: readonly Source[]): Float32Array[] {
  const listed = { space, candidates };
  const features = featureRows(listed);
  const positions = new Map(candidates.map((candidate, at) => [candidateKey(candidate), at]));
  return sources.map(({ model, measured }) => {
    const scores = boundedScores(scoresOfModel(listed, model, features));
    const times: (number | null | undefined)[] = new Array(candidates.length).fill(undefined);
    for (const { candidate, timeNs } of measured) {
      const at = positions.get(candidateKey(candidate));
      if (at !== undefined) times[at] = timeNs;
    }
    return times.every((time) => time === undefined || time === null) ? scores : withMeasured(scores, times);
  });
}
