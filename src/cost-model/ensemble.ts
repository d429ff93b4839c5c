import type { Booster } from './booster.ts';
import type { Calibration } from './training-set.ts';

/** Boosters that vote, with the line on which they stand: what `createXgboostModel` has learned, and what a model's file holds. */
export interface Ensemble extends Calibration {
  readonly boosters: readonly Booster[];
  /** How much higher a program that is e times as fast scores. */
  readonly step: number;
}

export const noEnsemble: Ensemble = { boosters: [], scale: 1, shift: 0, step: 1 };

/** Scores rows by ensembles: the line through the base score, or 0 without one, and the mean of the boosters' corrections. */
export function createEnsembleScorer(): (
  ensemble: Ensemble,
  rows: Float32Array,
  count: number,
  columns: number,
  into: Float32Array,
  base?: Float32Array,
) => void {
  let scratch = new Float32Array(0);
  return ({ boosters, scale, shift }, rows, count, columns, into, base) => {
    if (scratch.length < count) scratch = new Float32Array(2 * count);
    for (let row = 0; row < count; row++) into[row] = base === undefined ? 0 : scale * (base[row] as number) + shift;
    for (const booster of boosters) {
      booster.predict(rows, count, columns, scratch);
      for (let row = 0; row < count; row++)
        into[row] = (into[row] as number) + (scratch[row] as number) / boosters.length;
    }
  };
}
