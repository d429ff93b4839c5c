import type { CostModel } from './cost-model.ts';

/** A model that has learned all it will: what it knows comes from elsewhere, and own data does not change it. */
export function createFrozenModel(model: CostModel): CostModel {
  return {
    name: model.name,
    trained: true,
    get step() {
      return model.step ?? 1;
    },
    score: (rows, count, columns, into) => model.score(rows, count, columns, into),
    fit: () => {},
  };
}
