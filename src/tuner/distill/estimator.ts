import type { CostModel, TrainingData } from '../../cost-model/cost-model.ts';
import { findBooster } from '../../cost-model/find-booster.ts';
import { createFittedModel } from '../../cost-model/fitted-model.ts';
import { createResidualModel } from '../../cost-model/residual-model.ts';
import { createXgboostModel } from '../../cost-model/xgboost-model.ts';
import { featureRows, scoresOfModel } from '../../search/space/feature-rows.ts';
import type { Candidate } from '../../search/strategy.ts';
import type { ShapeCase } from './cases.ts';

/** Estimates times that nobody measured from those that were, on other shapes too. */
export interface Estimator {
  /** Natural logarithm of each candidate's time over the best known of the case; never below 0, as what is faster than all known was not measured. */
  logRatios(shape: ShapeCase, candidates: readonly Candidate[]): Float32Array;
}

/** Learns from the measured candidates of some cases. */
export async function trainEstimator(cases: readonly ShapeCase[], seed: number): Promise<Estimator> {
  const models = new Map<string, CostModel>();
  for (const type of ['cpu', 'gpu'] as const) {
    const own = cases.filter(({ device }) => device.type === type);
    if (own.length === 0) continue;
    const correction = createXgboostModel(findBooster().trainer, { seed, objective: 'reg:squarederror' });
    const model = createResidualModel(createFittedModel(type), correction);
    await model.fit(trainingData(own));
    models.set(type, model);
  }
  return {
    logRatios: (shape, candidates) => {
      const model = models.get(shape.device.type);
      // A type of device of which nothing was measured: all alike.
      if (model === undefined) return new Float32Array(candidates.length);
      const measured = shape.measured.map(({ candidate }) => candidate);
      const scores = scoresOf(model, shape, [...measured, ...candidates]);
      // Scores compare within a case only: their level is that of what was measured there.
      const level = mean(
        shape.measured.map(({ timeNs }, at) => Math.log(shape.bestNs / timeNs) - (scores[at] as number)),
      );
      return Float32Array.from(candidates, (_, at) => Math.max(0, -((scores[measured.length + at] as number) + level)));
    },
  };
}

/** Root of the mean square of what estimates of candidates that were measured are off by, natural logarithm; the estimator must not have seen these cases. */
export function errorOf(estimator: Estimator, held: readonly ShapeCase[]): number {
  const squares = held.flatMap((shape) => {
    const said = estimator.logRatios(
      shape,
      shape.measured.map(({ candidate }) => candidate),
    );
    return shape.measured.map(({ timeNs }, at) => (Math.log(timeNs / shape.bestNs) - (said[at] as number)) ** 2);
  });
  return Math.sqrt(mean(squares));
}

function trainingData(cases: readonly ShapeCase[]): TrainingData {
  const columns = (cases[0] as ShapeCase).space.columns;
  const count = cases.reduce((sum, { measured }) => sum + measured.length, 0);
  const rows = new Float32Array(count * columns);
  const labels = new Float32Array(count);
  const groups = new Uint32Array(count);
  let row = 0;
  for (const [group, { space, measured, bestNs }] of cases.entries()) {
    rows.set(featureRows({ space, candidates: measured.map(({ candidate }) => candidate) }), row * columns);
    for (const { timeNs } of measured) {
      labels[row] = bestNs / timeNs;
      groups[row] = group;
      row++;
    }
  }
  return { rows, columns, count, labels, groups };
}

function scoresOf(model: CostModel, { space }: ShapeCase, candidates: readonly Candidate[]): Float32Array {
  const scores = scoresOfModel({ space, candidates }, model);
  const step = model.step ?? 1;
  return step === 0 ? scores.fill(0) : scores.map((score) => score / step);
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / Math.max(1, numbers.length);
}
