import type { DeviceDescription } from '../../ir/limits.ts';
import type { Workload } from '../../operators/workload.ts';
import { distanceBetween } from '../../records/device-key.ts';

/** The distance of workloads of different operators: further than any shapes of one operator that teach each other something. */
const otherOperator = 16;

/**
 * How far two workloads are from each other, 0 the same: the sizes' ratios as powers of two, added up, and one for each attribute or element type
 * that differs, since another epilogue changes a kernel little and another shape much.
 */
export function workloadDistance(a: Workload, b: Workload): number {
  const far = a.operator === b.operator ? 0 : otherOperator;
  return far + textsApart(a.attributes, b.attributes) + (a.dtype === b.dtype ? 0 : 1) + sizesApart(a.params, b.params);
}

function namesOf(a: object, b: object): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])];
}

function textsApart(a: Workload['attributes'], b: Workload['attributes']): number {
  return namesOf(a, b).filter((name) => a[name] !== b[name]).length;
}

function sizesApart(a: Workload['params'], b: Workload['params']): number {
  return namesOf(a, b).reduce((sum, name) => {
    const [one, other] = [a[name], b[name]];
    // A parameter that only one of them writes has its default in the other.
    return sum + (one === undefined || other === undefined ? 1 : Math.abs(Math.log2((1 + one) / (1 + other))));
  }, 0);
}

/** How much the times of one workload on another device say of this one, by the facts that adapters tell; 1 for the same device. */
export function deviceLikeness(here: DeviceDescription, there: DeviceDescription): number {
  return 1 / (1 + distanceBetween(here, there) / 2);
}

/** How much the times of one workload say of another on the same device; 1 for the same workload. */
export function workloadLikeness(a: Workload, b: Workload): number {
  return 1 / (1 + workloadDistance(a, b) / 4);
}
