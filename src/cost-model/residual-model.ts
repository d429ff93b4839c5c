import type { CostModel } from './cost-model.ts';
import type { XgboostModel } from './xgboost-model.ts';

/**
 * A model that starts from the score of a base and learns what that gets wrong. The base stands for own data as long as there is none: analytic
 * knowledge, or a model trained on other devices. The base learns what it can first. Until the first fit, scores are the base's.
 * `baseTrust`: see `calibrate`.
 */
export function createResidualModel(base: CostModel, correction: XgboostModel, baseTrust = 0): CostModel {
  let scratch = new Float32Array(0);
  const baseOf = (rows: Float32Array, count: number, columns: number): Float32Array => {
    if (scratch.length < count) scratch = new Float32Array(2 * count);
    base.score(rows, count, columns, scratch);
    return scratch;
  };
  return {
    name: `${base.name}+${correction.name}`,
    get trained() {
      return base.trained || correction.trained;
    },
    get step() {
      return correction.trained ? (correction.step ?? 1) : (base.step ?? 1);
    },
    score: (rows, count, columns, into) => {
      correction.score(rows, count, columns, into, baseOf(rows, count, columns));
    },
    async fit(data) {
      await base.fit(data);
      const start = baseOf(data.rows, data.count, data.columns).slice(0, data.count);
      await correction.fit({ ...data, base: start, baseTrust });
    },
  };
}
