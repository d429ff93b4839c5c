import type { DeviceDescription, DeviceLimits } from '../ir/limits.ts';
import type { Program } from '../ir/nodes.ts';
import { sketchesOf } from './rules.ts';
import { spaceSizes } from './sizes.ts';
import type { Sketch } from './sketch.ts';

/**
 * The sketches that a recorded space may name: those of the kind of device it was recorded on, then those that only other kinds are offered, because
 * what is offered where has changed and may change again.
 */
export function recordableSketches(program: Program, limits: DeviceLimits, type: DeviceDescription['type']): Sketch[] {
  const own = sketchesOf(program, limits, spaceSizes[type]);
  const known = new Set(own.map(({ name }) => name));
  const others = sketchesOf(program, limits, spaceSizes[type === 'cpu' ? 'gpu' : 'cpu']);
  return [...own, ...others.filter(({ name }) => !known.has(name))];
}
