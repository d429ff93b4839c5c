import type { CostModel, UncertainCostModel } from './cost-model.ts';
import type { XgboostModel } from './xgboost-model.ts';

/**
 * A model that starts from another one's score and learns what that gets wrong: analytic knowledge, or a model trained on other
 * devices, before there is own data; own data corrects it, after the base itself has learned what it can. What the base does not know,
 * prefixes, the correction judges alone. Until the first fit it is the base.
 */
export function createResidualModel(base: CostModel, correction: XgboostModel): UncertainCostModel {
  let scratch = new Float32Array(0);
  const baseOf = (rows: Float32Array, count: number, columns: number): Float32Array => {
    if (scratch.length < count) scratch = new Float32Array(2 * count);
    base.score(rows, count, columns, scratch);
    if (base.knows !== undefined && correction.trained) forgetUnknown(rows, count, columns, scratch);
    return scratch;
  };
  const forgetUnknown = (rows: Float32Array, count: number, columns: number, scores: Float32Array): void => {
    for (let row = 0; row < count; row++) if (base.knows?.(rows, row * columns) === false) scores[row] = Number.NaN;
  };
  return {
    name: `${base.name}+${correction.name}`,
    get trained() {
      return correction.trained;
    },
    score: (rows, count, columns, into) => {
      correction.score(rows, count, columns, into, baseOf(rows, count, columns));
    },
    scoreWithUncertainty: (rows, count, columns, mean, deviation) => {
      correction.scoreWithUncertainty(rows, count, columns, mean, deviation, baseOf(rows, count, columns));
    },
    async fit(data) {
      await base.fit(data);
      const start = baseOf(data.rows, data.count, data.columns).slice(0, data.count);
      forgetUnknown(data.rows, data.count, data.columns, start);
      await correction.fit({ ...data, base: start });
    },
  };
}
