import type { DeviceDescription } from '../../ir/limits.ts';
import type { Workload } from '../../operators/workload.ts';
import { featureValue, type RuleFeature } from './rules.ts';

interface Described {
  readonly workload: Pick<Workload, 'params'>;
  readonly device: Pick<DeviceDescription, 'limits' | 'environment'>;
}

const isName = /^[A-Za-z_]\w*$/;

/** The numbers of which rules may ask: sizes and, where there are several devices, facts of theirs; only those in which the cases differ. */
export function shapeFeatures(cases: readonly Described[]): readonly RuleFeature[] {
  const namesOf = (facts: (described: Described) => object): readonly string[] =>
    [...new Set(cases.flatMap((described) => Object.keys(facts(described))))].filter((name) => isName.test(name));
  const features: readonly RuleFeature[] = [
    ...namesOf(({ workload }) => workload.params).map((of) => ({ name: `log2 ${of}`, from: 'size' as const, of })),
    ...namesOf(({ device }) => device.limits).map((of) => ({
      name: `log2 device.limits.${of}`,
      from: 'limit' as const,
      of,
    })),
    ...namesOf(({ device }) => device.environment).map((of) => ({
      name: `log2 device.environment.${of}`,
      from: 'environment' as const,
      of,
    })),
  ];
  return features.filter((feature) => {
    const values = new Set(cases.map(({ workload, device }) => featureValue(feature, workload, device)));
    return values.size > 1 && ![...values].some(Number.isNaN);
  });
}

/** One row of feature values for each case. */
export function featureRows(cases: readonly Described[], features: readonly RuleFeature[]): readonly Float64Array[] {
  return cases.map(({ workload, device }) =>
    Float64Array.from(features, (feature) => featureValue(feature, workload, device)),
  );
}
