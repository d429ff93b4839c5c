import { z } from 'zod';
import { laneAxisOf } from '../../ir/loop-modes.ts';
import { replaceInProgram } from '../../ir/visit.ts';
import { isRefusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { loopUnder, requireAxisFree, requireNoMeetingInStorage, requireSubgroup } from '../legality/binding.ts';
import { findLoop } from '../legality/find.ts';
import { requireParallel, requireSerial } from '../legality/loops.ts';
import { requireLanesHold } from '../legality/subgroup-buffer.ts';
import { definePrimitive } from '../primitive.ts';

const targets = [
  'workgroup.x',
  'workgroup.y',
  'workgroup.z',
  'invocation.x',
  'invocation.y',
  'invocation.z',
  'subgroup.x',
] as const;

/**
 * for i in N: S   ->   for i in N (workgroup.x): S       every iteration runs at once, one per workgroup or one per invocation
 * An invocation axis may be bound again inside itself: the inner loop re-enumerates the same invocations (cooperative loading).
 *
 * for l in 32: C += P[l]   ->   for l in 32 (subgroup.x): C += P[l]      the lanes of a subgroup combine what each of them holds
 * Only subgroup.x takes a loop that carries a reduction: 2^n iterations run on the innermost invocations along x, and the result is private
 * to each lane (cacheWrite before). Rfactor over the same loop and computeAt of the partial results inside it keep those in registers.
 * A loop that makes elements of a buffer in `subgroup` scope spreads them over the lanes (see cacheRead).
 * Halide: gpu_blocks, gpu_threads, gpu_lanes. TVM: bind, to threadIdx.x as lower_cross_thread_reduction wants it.
 */
export const bind = definePrimitive({
  name: 'bind',
  summary:
    'Runs the iterations of a loop at once: one per workgroup, or one per invocation of a workgroup, along an axis; or on the lanes of a subgroup, which may share a reduction.',
  rewrite: 'for i in N: S  ->  for i in N (workgroup.x): S',
  halide: 'gpu_blocks, gpu_threads, gpu_lanes',
  tvm: 'bind',
  args: z.strictObject({ loop: nameArg, to: z.enum(targets) }),
  check(program, { loop: name, to }) {
    const found = findLoop(program, name);
    if (isRefusal(found)) return found;
    const refused =
      requireSerial(found.loop) ??
      (to === 'subgroup.x' ? requireSubgroup(program, found.loop) : requireParallel(found.loop));
    if (refused !== null) return refused;
    const inner = found.around.find((loop) => loop.mode === 'unrolled' || loop.mode === 'vectorized');
    if (inner !== undefined)
      return refuse(
        'bind-inside-unrolled',
        () =>
          `loop ${name} stands inside the ${inner.mode} loop ${inner.name}; expected only serial and bound loops around it`,
      );
    const tile = laneAxisOf(to) === 'x' ? loopUnder(found.loop, (other) => other.mode === 'matrix') : undefined;
    if (tile !== undefined)
      return refuse(
        'matrix-in-lanes',
        () => `loop ${name} holds the matrix loop ${tile.name}, which the lanes along x run together`,
        () => `bind ${name} to invocation.y or invocation.z, one subgroup an iteration`,
      );
    const taken = requireAxisFree(found.loop, found.around, to);
    if (taken !== null) return taken;
    if (to.startsWith('workgroup')) {
      const between = found.around.find((loop) => !loop.mode.startsWith('workgroup') && loop.extent > 1);
      if (between !== undefined) {
        return refuse(
          'workgroup-inside-loop',
          () =>
            `loop ${name} stands inside ${between.name} (${between.mode}); a workgroup loop may stand only inside other workgroup loops`,
          () => `bind or reorder ${between.name} first`,
        );
      }
    }
    const workgroup = loopUnder(found.loop, (other) => other.mode.startsWith('workgroup'));
    if (laneAxisOf(to) !== null && workgroup !== undefined)
      return refuse(
        'workgroup-inside-loop',
        () =>
          `loop ${name} holds ${workgroup.name} (${workgroup.mode}); a workgroup loop may stand only inside other workgroup loops`,
        () => `bind ${name} to a workgroup axis`,
      );
    const meeting = requireNoMeetingInStorage(program, found.loop) ?? requireLanesHold(program, found.loop, to);
    if (meeting !== null) return meeting;
    return { loop: found.loop, to };
  },
  apply(program, { loop, to }) {
    return replaceInProgram(
      program,
      (stmt) => stmt === loop,
      () => ({ ...loop, mode: to }),
    );
  },
  describe: ({ loop, to }) => `bind(${loop}, ${to})`,
});
