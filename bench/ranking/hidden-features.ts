import type { CostModel } from '../../src/cost-model/cost-model.ts';
import { featureNames } from '../../src/features/extractor.ts';
import { families } from '../../src/features/families.ts';
import { UserError } from '../../src/support/errors.ts';

/** Columns that a set of families (`schedule,machine`, or `all`) lacks. A part that starts with `-` hides the features whose names begin with it. */
export function hiddenBy(set: string): boolean[] {
  const parts = set.split(',').map((part) => part.trim());
  const taken = new Set(parts.filter((part) => !part.startsWith('-')));
  const dropped = parts.filter((part) => part.startsWith('-')).map((part) => part.slice(1));
  for (const name of taken)
    if (name !== 'all' && !families.some((family) => family.name === name))
      throw new UserError(
        `there are no features "${name}"; there are ${families.map((family) => family.name).join(', ')} and all`,
      );
  const names = new Set(
    families
      .filter(({ name }) => taken.has('all') || taken.has(name))
      .flatMap(({ features }) => features.map(({ name }) => name)),
  );
  return featureNames.map((column) => {
    const feature = /^kernel \d: (?<name>.*)$/.exec(column)?.groups?.name;
    if (feature === undefined || feature === 'rule') return false;
    return !names.has(feature) || dropped.some((start) => feature.startsWith(start));
  });
}

/** A model for which these columns are always missing, so that no tree can split by them. */
export function withHidden(model: CostModel, hidden: readonly boolean[]): CostModel {
  const without = (rows: Float32Array, count: number, columns: number): Float32Array => {
    const left = rows.slice(0, count * columns);
    for (let at = 0; at < left.length; at++) if (hidden[at % columns]) left[at] = Number.NaN;
    return left;
  };
  return {
    name: model.name,
    get trained() {
      return model.trained;
    },
    score: (rows, count, columns, into) => model.score(without(rows, count, columns), count, columns, into),
    fit: (data) => model.fit({ ...data, rows: without(data.rows, data.count, data.columns) }),
  };
}
