import { createHistory } from '../../search/history.ts';
import { scoresOfModel } from '../../search/space/feature-rows.ts';
import type { SketchSpace } from '../../search/space/sketch-space.ts';
import { type Candidate, candidateKey } from '../../search/strategy.ts';
import { createRandom, type Random } from '../../support/random.ts';
import { createModel } from '../../tuner/strategies.ts';
import { depthQuality } from './depth-quality.ts';
import type { HeldOut, TimedObservation } from './held-out.ts';
import { pairsInOrder } from './ranking.ts';
import type { DecisionWeight, Learned, ReportTrial } from './report-data.ts';
import type { SubjectSpace } from './subject-space.ts';

/** More trials are not learned from, but a sample of them: a fit takes longer than proportional to its rows. */
const mostLearned = 512;
/** Fewer tell nothing of trials that are held out. */
const fewest = 12;
/** Parts of which one is held out in turn: more where there is little to learn from. */
const foldsOf = (trials: number): number => (trials > 160 ? 2 : 4);
/** Each decision's values are shuffled so many times. */
const shuffles = 6;
/** Held-out trials that the calibration shows. */
const mostCalibrated = 256;

/**
 * Fits the booster that a search uses to the trials, in turns without a part of them, and asks it about that part: how well it judges complete and
 * half-made schedules, and how much worse when the values of one decision are shuffled among them (Breiman's permutation importance).
 */
export async function learnFrom(subject: SubjectSpace, trials: readonly ReportTrial[]): Promise<Learned> {
  const { space } = subject;
  const nothing = (note: string | null): Learned => ({ note, weights: [], depths: [], calibration: [] });
  if (space === null) return nothing('the operator is not known here, so its space cannot be made');
  const observations = observationsOf(subject, space, trials);
  const weights = gapsOf(space, observations);
  if (observations.length < fewest)
    return {
      ...nothing(`a model needs at least ${fewest} timed trials, and there are ${observations.length}`),
      weights,
    };
  const random = createRandom(1).fork('report');
  const shuffled = random.shuffled(observations).slice(0, mostLearned);
  const { note } = createModel('xgboost', space.device.type, 1);
  const held: HeldOut[] = [];
  const folds = foldsOf(shuffled.length);
  for (let fold = 0; fold < folds; fold++) {
    const { model } = createModel('xgboost', space.device.type, 1);
    const history = createHistory(space);
    for (const [at, observation] of shuffled.entries()) if (at % folds !== fold) history.add(observation);
    await model.fit(history.trainingData());
    held.push({ model, observations: shuffled.filter((_, at) => at % folds === fold) });
  }
  return {
    note,
    weights: weights.map((weight) => ({ ...weight, ...permuted(space, held, weight, random) })),
    depths: depthQuality(space, held, random),
    calibration: held.flatMap((part) => calibrationOf(space, part)).slice(0, mostCalibrated),
  };
}

/** The trials of the search that count, each candidate once with its fastest time. */
function observationsOf(
  subject: SubjectSpace,
  space: SketchSpace,
  trials: readonly ReportTrial[],
): readonly TimedObservation[] {
  const found = new Map<string, TimedObservation>();
  for (const trial of trials) {
    const placed = trial.counts ? subject.place(trial) : null;
    if (placed === null || trial.timeNs === null || space.sketches[placed.sketch] === undefined) continue;
    const candidate: Candidate = { sketch: placed.sketch, values: [...placed.values], score: null };
    const key = candidateKey(candidate);
    const held = found.get(key);
    if (held === undefined || trial.timeNs < held.timeNs) found.set(key, { candidate, timeNs: trial.timeNs });
  }
  return [...found.values()];
}

/** How much of the order of held-out trials of the decision's sketch a model loses when the decision's values are shuffled among them. */
function permuted(
  space: SketchSpace,
  held: readonly HeldOut[],
  weight: DecisionWeight,
  random: Random,
): Pick<DecisionWeight, 'permuted' | 'judged'> {
  let loss = 0;
  let judged = 0;
  for (const { model, observations } of held) {
    const own = observations.filter(({ candidate }) => space.sketches[candidate.sketch]?.name === weight.sketch);
    const at =
      space.sketches[own[0]?.candidate.sketch ?? -1]?.decisions.findIndex(({ name }) => name === weight.name) ?? -1;
    const labels = own.map(({ timeNs }) => 1 / timeNs);
    const candidates = own.map(({ candidate }) => candidate);
    const before = pairsInOrder(scoresOfModel({ space, candidates }, model), labels).fraction;
    if (at < 0 || before === null) continue;
    for (let round = 0; round < shuffles; round++) {
      const values = random.shuffled(candidates.map((candidate) => candidate.values[at] as number));
      const changed = candidates.map(({ sketch, values: old }, index) => ({
        sketch,
        values: old.map((value, d) => (d === at ? (values[index] as number) : value)),
      }));
      const after = pairsInOrder(scoresOfModel({ space, candidates: changed }, model), labels).fraction ?? before;
      loss += ((before - after) * own.length) / shuffles;
    }
    judged += own.length;
  }
  return judged === 0 ? { permuted: null, judged } : { permuted: loss / judged, judged };
}

/** Of every decision that the best trial of a sketch made: how much slower the best trial is that made it otherwise. */
function gapsOf(space: SketchSpace, observations: readonly TimedObservation[]): readonly DecisionWeight[] {
  return space.sketches.flatMap((sketch, index) => {
    const own = observations.filter(({ candidate }) => candidate.sketch === index);
    if (own.length === 0) return [];
    const best = own.reduce((a, b) => (b.timeNs < a.timeNs ? b : a));
    return sketch.decisions.map((decision, at): DecisionWeight => {
      const option = best.candidate.values[at] as number;
      const others = own.filter(({ candidate }) => candidate.values[at] !== option);
      const fastest = Math.min(...others.map(({ timeNs }) => timeNs));
      return {
        ...{ sketch: sketch.name, name: decision.name, doc: decision.doc, permuted: null, judged: 0, option },
        gap: others.length === 0 ? null : fastest / best.timeNs,
        ...{ having: own.length - others.length, others: others.length },
      };
    });
  });
}

function calibrationOf(space: SketchSpace, { model, observations }: HeldOut): Learned['calibration'] {
  const scores = scoresOfModel({ space, candidates: observations.map(({ candidate }) => candidate) }, model);
  const step = model.step ?? 1;
  const best = Math.min(...observations.map(({ timeNs }) => timeNs));
  const middle = scores.reduce((a, b) => a + b, 0) / scores.length;
  // Scores have no unit: the means of the logarithms are laid on each other.
  const shift = observations.reduce((sum, { timeNs }) => sum + Math.log(timeNs / best), 0) / observations.length;
  return observations.map(({ timeNs }, at) => ({
    measured: timeNs / best,
    predicted: Math.exp(shift - ((scores[at] as number) - middle) / (step === 0 ? 1 : step)),
  }));
}
