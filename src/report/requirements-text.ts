import type { Requirements } from '../../bundle/core.mjs';
import { describeSubgroups } from '../ir/subgroup-needs.ts';
import { formatCount } from './quantities.ts';

/** What kernels need of a device beyond what every device has, in one line. */
export function requirementsText({ requiredFeatures, requiredLimits, subgroups }: Requirements): string {
  const parts = [
    ...requiredFeatures.map((name) => `feature ${name}`),
    ...Object.entries(requiredLimits).map(([name, value]) => `${name} ${formatCount(value)}`),
    ...(subgroups === null ? [] : [describeSubgroups(subgroups)]),
  ];
  return parts.length === 0 ? 'runs on every WebGPU device' : `needs of a device: ${parts.join('; ')}`;
}
