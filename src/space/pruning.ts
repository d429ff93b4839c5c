import type { DeviceLimits } from '../ir/limits.ts';
import { quantity, quantityCount } from './quantities.ts';
import type { Sketch } from './sketch.ts';

/** Private scalars beyond this spill on every device we know; a kernel that needs them is never the fast one. */
export const maxRegisters = 320;
/**
 * Scalar operations written out beyond this take longer to compile than they can win. Measured on lavapipe, matmul 512^3: 500 compile in
 * 1.5 to 3 s, 1,000 in 4 to 12 s, 2,000 in more than 20 s, and none of the long ones was among the fastest.
 */
export const maxStatements = 768;

/** Why a prefix can have no legal completion: the closed list that tallies count by. */
export type PruneReason =
  | 'invocations'
  | 'workgroup-size'
  | 'workgroup-bytes'
  | 'registers'
  | 'code-size'
  | 'dispatch'
  | string;

/** Exact pruning of a sketch's prefixes against a device's limits. Not re-entrant: it owns its scratch memory, so that checks allocate nothing. */
export interface Pruner {
  /** The reason no completion of the prefix is legal, or null. `values` holds NaN where undecided. */
  check(values: Float64Array): PruneReason | null;
}

export function createPruner(sketch: Sketch, limits: DeviceLimits): Pruner {
  const count = sketch.decisions.length;
  const least = Float64Array.from(sketch.decisions, (decision) => decision.options[0] as number);
  const most = Float64Array.from(sketch.decisions, (decision) => decision.options.at(-1) as number);
  const filled = new Float64Array(count);
  const row = new Float64Array(quantityCount);
  const at = (index: number): number => row[index] as number;

  const tooLarge = (): PruneReason | null => {
    if (at(quantity.invocations) > limits.maxComputeInvocationsPerWorkgroup) return 'invocations';
    if (at(quantity.lanesX) > limits.maxComputeWorkgroupSizeX || at(quantity.lanesY) > limits.maxComputeWorkgroupSizeY)
      return 'workgroup-size';
    if (at(quantity.invocations) / (at(quantity.lanesX) * at(quantity.lanesY)) > limits.maxComputeWorkgroupSizeZ)
      return 'workgroup-size';
    if (at(quantity.workgroupBytes) > limits.maxComputeWorkgroupStorageSize) return 'workgroup-bytes';
    if (at(quantity.registers) > maxRegisters) return 'registers';
    if (at(quantity.statements) > maxStatements) return 'code-size';
    return null;
  };

  const widest = limits.maxComputeWorkgroupsPerDimension;
  const tooWide = (): boolean =>
    at(quantity.dispatchX) > widest || at(quantity.dispatchY) > widest || at(quantity.dispatchZ) > widest;
  // The smallest tiles make the widest grid: where that fits, none needs to be asked about.
  const mayBeTooWide = sketch.plans.some((plan, p) => {
    plan.quantities(least, sketch.firsts[p] as number, row, 0);
    return tooWide();
  });

  return {
    check(values) {
      let open = false;
      for (let i = 0; i < count; i++) {
        const value = values[i] as number;
        const undecided = Number.isNaN(value);
        open ||= undecided;
        filled[i] = undecided ? (least[i] as number) : value;
      }
      for (let p = 0; p < sketch.plans.length; p++) {
        const plan = sketch.plans[p] as Sketch['plans'][number];
        const first = sketch.firsts[p] as number;
        const conflict = plan.conflict(values, first);
        if (conflict !== null) return conflict;
        plan.quantities(filled, first, row, 0);
        const large = tooLarge();
        if (large !== null) return large;
      }
      if (!mayBeTooWide) return null;
      if (open)
        for (let i = 0; i < count; i++)
          filled[i] = Number.isNaN(values[i] as number) ? (most[i] as number) : (values[i] as number);
      for (let p = 0; p < sketch.plans.length; p++) {
        (sketch.plans[p] as Sketch['plans'][number]).quantities(filled, sketch.firsts[p] as number, row, 0);
        if (tooWide()) return 'dispatch';
      }
      return null;
    },
  };
}
