import type { DeviceLimits } from '../ir/limits.ts';
import type { Program } from '../ir/nodes.ts';
import { bytesPerElement } from '../operators/flops.ts';
import type { Workload } from '../operators/workload.ts';
import { UserError } from '../support/errors.ts';
import { isRefusal } from '../support/refusal.ts';
import { type BuildTarget, buildArtifact, naiveOf } from './build.ts';

/** A tensor that is larger than a device can bind, its bytes, and the limit. */
interface Oversized {
  readonly name: string;
  readonly bytes: number;
  readonly limit: 'maxStorageBufferBindingSize' | 'maxBufferSize';
  readonly most: number;
}

/** The first input or output that is too large for the limits; null where all fit. */
export function oversizedTensor(program: Program, limits: DeviceLimits): Oversized | null {
  const limit =
    limits.maxBufferSize < limits.maxStorageBufferBindingSize ? 'maxBufferSize' : 'maxStorageBufferBindingSize';
  for (const { name, dtype, shape } of program.buffers) {
    if (!program.inputs.includes(name) && !program.outputs.includes(name)) continue;
    const bytes = shape.reduce((product, extent) => product * extent, bytesPerElement(dtype));
    if (bytes > limits[limit]) return { name, bytes, limit, most: limits[limit] };
  }
  return null;
}

/** More suggestions than this are no help. */
const mostSuggested = 3;

/**
 * What to do about a workload that a device cannot hold: the shape parameters that suffice when halved, quartered and so on, least loss first.
 * A shape suffices when its tensors fit and its naive schedule makes a kernel there.
 */
export function smallerShapes(workload: Workload, device: BuildTarget): string {
  const sufficing = Object.entries(workload.params).flatMap(([name, value]) => {
    for (let smaller = Math.floor(value / 2); smaller >= 1; smaller = Math.floor(smaller / 2))
      if (suffices({ ...workload, params: { ...workload.params, [name]: smaller } }, device))
        return [{ name, smaller, share: smaller / value }];
    return [];
  });
  const told = sufficing
    .sort((a, b) => b.share - a.share)
    .slice(0, mostSuggested)
    .map(({ name, smaller }) => `${name}=${smaller}`);
  return told.length === 0
    ? 'choose a smaller shape or another device'
    : `it fits with ${told.join(' or ')}; split the work so, or choose another device`;
}

function suffices(workload: Workload, device: BuildTarget): boolean {
  try {
    const { program } = naiveOf(workload);
    return oversizedTensor(program, device.limits) === null && !isRefusal(buildArtifact(program, device));
  } catch (error) {
    // Not a shape of this operator: groups must divide channels, and windows fit into images.
    if (error instanceof UserError) return false;
    throw error;
  }
}
