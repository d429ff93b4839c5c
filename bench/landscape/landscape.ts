import type { TreeTrainer } from '../../src/cost-model/booster.ts';
import { findBooster } from '../../src/cost-model/find-booster.ts';
import { normalQuantile } from '../../src/cost-model/gaussian/normal.ts';
import type { ReplayedSpace } from '../../src/search/recorded/replayed-space.ts';
import { type Candidate, candidateKey } from '../../src/search/strategy.ts';
import { hashText } from '../../src/support/hash.ts';
import { climb } from '../cuts/known.ts';
import type { Measured } from '../ranking/measured.ts';
import { agreementOf } from './held-out.ts';
import { fitSurrogate, heldOutPredictions, type Lesson, type SurrogateOptions, usualOptions } from './surrogate.ts';

/** Ending of the files of candidates from which a landscape is made (`bench/record-space.ts --sample n --logs folder`). */
export const landscapeEnding = '.landscape.space.json.gz';

/** An error beyond so many standard deviations would make optima that nothing leads to, among tens of millions of candidates. */
const widestError = 1.5;
/** Climbs for the best of the landscape start from so many of the fastest measured candidates. */
const climbs = 16;

/** Landscapes are trained by XGBoost alone: by other trees they would be other landscapes. */
export function landscapeTrainer(): TreeTrainer {
  return findBooster('xgboost').trainer;
}

/** What a landscape learns from. */
export function lessonOf({ candidates, timesNs }: Pick<Measured, 'candidates' | 'timesNs'>): Lesson {
  return { candidates, logTimes: timesNs.map(Math.log) };
}

/**
 * A space too large to be measured, as a space to search: a measured candidate takes the time that was measured, any other one what a surrogate
 * predicts, times an error of the surrogate's own size that belongs to the candidate (`fastError` of held-out candidates), so that the landscape is as
 * rugged as the real one. The best is the fastest that hill climbing from the fastest measured candidates finds. Other seeds give other landscapes.
 */
export function createLandscape(
  name: string,
  measured: Measured,
  given: Partial<SurrogateOptions> = {},
): ReplayedSpace {
  const options = { ...usualOptions, ...given };
  const { space, candidates, timesNs } = measured;
  const trainer = landscapeTrainer();
  const lesson = lessonOf(measured);
  const { fastError } = agreementOf(heldOutPredictions(trainer, space, lesson, options), lesson.logTimes);
  const surrogate = fitSurrogate(trainer, space, lesson, options);
  const known = new Map(candidates.map((candidate, at) => [candidateKey(candidate), timesNs[at] as number]));
  const timeOf = (candidate: Pick<Candidate, 'sketch' | 'values'>): number => {
    const key = candidateKey(candidate);
    let timeNs = known.get(key);
    if (timeNs === undefined) {
      timeNs = Math.exp(surrogate(candidate) + fastError * errorOf(`${options.seed} ${key}`));
      known.set(key, timeNs);
    }
    return timeNs;
  };
  const fastest = [...candidates].sort((a, b) => timeOf(a) - timeOf(b)).slice(0, climbs);
  const bestNs = Math.min(...fastest.map((candidate) => timeOf(climb(space.sketches, candidate, timeOf))));
  return { name, space, timeOf, size: candidates.length, bestNs };
}

/** A number of a candidate from a standard normal distribution without its tails. */
function errorOf(key: string): number {
  const unit = (Number.parseInt(hashText(key).slice(0, 8), 16) + 0.5) / 2 ** 32;
  return Math.max(-widestError, Math.min(widestError, normalQuantile(unit)));
}
