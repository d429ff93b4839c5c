import { featureCount, featureNames, kernelSlots, rowLength, slotOffset } from '../../src/features/extractor.ts';
import { kernelFeatures } from '../../src/features/families.ts';
import type { Measured } from './measured.ts';

/** Features of a kernel that tell little of measured candidates; one that differs in any of the kernels counts as telling. */
export interface IdleFeatures {
  /** The same number, or missing, in all candidates of all workloads. */
  readonly constant: readonly string[];
  /** The same number, or missing, in all candidates of each workload: these tell workloads apart and rank nothing. */
  readonly fixed: readonly string[];
}

const slots = Array.from({ length: kernelSlots }, (_, slot) => slot);

/** The features that no model can learn a ranking from. */
export function idleFeatures(groups: readonly Pick<Measured, 'space' | 'candidates'>[]): IdleFeatures {
  const values = featureNames.map(() => new Set<number>());
  const varies = featureNames.map(() => false);
  const row = new Float32Array(rowLength);
  for (const { space, candidates } of groups) {
    const extractors = space.sketches.map((sketch) => sketch.createExtractor());
    const own = featureNames.map(() => new Set<number>());
    for (const { sketch, values: decided } of candidates) {
      extractors[sketch]?.extract(Float64Array.from(decided), row, 0);
      for (let column = 0; column < featureCount; column++) {
        const value = row[column] as number;
        if (!Number.isNaN(value)) own[column]?.add(value);
      }
    }
    for (let column = 0; column < featureCount; column++) {
      const seen = own[column] as Set<number>;
      if (seen.size > 1) varies[column] = true;
      for (const value of seen) values[column]?.add(value);
    }
  }
  const where = (is: (column: number) => boolean): Set<string> =>
    new Set(
      kernelFeatures.flatMap(({ name }, at) => (slots.some((slot) => is(slotOffset(slot) + 1 + at)) ? [name] : [])),
    );
  const tellsApart = where((column) => (values[column]?.size ?? 0) > 1);
  const ranks = where((column) => varies[column] as boolean);
  const names = kernelFeatures.map(({ name }) => name);
  return {
    constant: names.filter((name) => !tellsApart.has(name)),
    fixed: names.filter((name) => tellsApart.has(name) && !ranks.has(name)),
  };
}

export function textOfIdle(groups: readonly Measured[]): string {
  const { constant, fixed } = idleFeatures(groups);
  const line = (what: string, names: readonly string[]): string =>
    `${what}: ${names.length === 0 ? 'none' : names.join('; ')}`;
  return [
    line(`of ${kernelFeatures.length} features of a kernel constant on these workloads`, constant),
    line('the same for all candidates of a workload', fixed),
  ].join('\n');
}
