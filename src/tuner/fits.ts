import type { Artifact } from '../ir/artifact.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import type { Program } from '../ir/nodes.ts';
import { lowerProgram } from '../lowering/lower.ts';
import type { Workload } from '../operators/workload.ts';
import { completeAtRandom } from '../search/space/completion.ts';
import { createPruner, mostStatements } from '../space/pruning.ts';
import { sketchesOf } from '../space/rules.ts';
import { spaceSizes } from '../space/sizes.ts';
import { instantiate, type Sketch } from '../space/sketch.ts';
import { UserError } from '../support/errors.ts';
import { createRandom } from '../support/random.ts';
import { explainRefusal, isRefusal, type Refusal } from '../support/refusal.ts';
import { type BuildTarget, buildArtifact } from './build.ts';
import { oversizedTensor, smallerShapes } from './oversized.ts';

/** Throws UserError when an input, an output or the dtype is more than the device takes. */
export function requireFits(workload: Workload, program: Program, device: DeviceDescription): void {
  const oversized = oversizedTensor(program, device.limits);
  if (oversized !== null) {
    const { name, bytes, limit, most } = oversized;
    throw new UserError(
      `${name} takes ${bytes} bytes, but ${device.name} binds at most ${most} bytes as one storage buffer (${limit}); ${smallerShapes(workload, device)}`,
    );
  }
  if (program.buffers.some(({ dtype }) => dtype === 'f16') && !device.features.includes('shader-f16'))
    throw new UserError(`${device.name} has no shader-f16; use --dtype f32 or another device`);
}

/** Refusals that no decision of a sketch mends. */
const hopeless: ReadonlySet<string> = new Set(['scratch-bytes', 'storage-buffers']);

/** What to do about a refusal that no decision mends; null for any other. */
export function remedyOf(reason: string, workload: Workload, device: BuildTarget): string | null {
  if (reason === 'storage-buffers')
    return 'use fewer operands, compute some of them into one tensor beforehand, or choose another device';
  return reason === 'scratch-bytes' ? smallerShapes(workload, device) : null;
}

/** The kernel of a schedule that the user named, or UserError with what to do. */
export function fittingArtifact(workload: Workload, program: Program, device: BuildTarget): Artifact {
  const artifact = buildArtifact(program, device);
  if (!isRefusal(artifact)) return artifact;
  const remedy = remedyOf(artifact.reason, workload, device);
  throw new UserError(
    `the schedule makes no kernel here: ${explainRefusal(artifact)}${remedy === null ? '' : `; ${remedy}`}`,
  );
}

/** The sketches of a program as they are searched on a device, also those whose kernels it cannot hold. */
export function sketchesFor(program: Program, { type, limits }: Pick<DeviceDescription, 'type' | 'limits'>): Sketch[] {
  return sketchesOf(program, limits, spaceSizes[type]);
}

/**
 * The sketches of a workload whose kernels a device can hold: intermediate results and numbers of bindings follow from a sketch's structure, so
 * that one legal candidate speaks for all. Throws UserError where none is left, with what the first of them lacks, the limit and what to do.
 */
export function fittingSketches(workload: Workload, program: Program, device: DeviceDescription): readonly Sketch[] {
  const sketches = sketchesFor(program, device);
  const lacking: Refusal[] = [];
  const fitting = sketches.filter((sketch) => {
    const pruner = createPruner(sketch, device.limits, mostStatements[device.type]);
    const values = new Float64Array(sketch.decisions.length).fill(Number.NaN);
    if (!completeAtRandom(sketch, pruner, values, 0, createRandom(1))) return true;
    const made = instantiate(sketch, values);
    const lowered = isRefusal(made) ? made : lowerProgram(made.program, device.limits);
    if (!isRefusal(lowered) || !hopeless.has(lowered.reason)) return true;
    lacking.push(lowered);
    return false;
  });
  const [first] = lacking;
  if (fitting.length === 0 && first !== undefined)
    throw new UserError(
      `no schedule fits ${device.name}: ${explainRefusal(first)}; ${remedyOf(first.reason, workload, device)}`,
    );
  return fitting;
}
