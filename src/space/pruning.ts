import type { DeviceDescription, DeviceLimits } from '../ir/limits.ts';
import type { Conflict, Plan } from './plan.ts';
import { quantity, quantityCount } from './quantities.ts';
import type { Sketch } from './sketch.ts';

/** Private scalars beyond this spill on every device we know; a kernel that needs them is never the fast one. */
export const maxRegisters = 320;
/**
 * Scalar operations in the text beyond this take longer to compile than they can win. A CPU device makes eight lanes of each, and of a load a
 * branch a lane: lavapipe compiles 500 in 1 to 5 s and 1,000 in 5 to 20 s, and none of the long ones was among the fastest of a recorded space.
 */
export const mostStatements: Readonly<Record<DeviceDescription['type'], number>> = { cpu: 768, gpu: 2048 };

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
  /**
   * The reason no completion of the prefix is legal, or null. `values` holds NaN where undecided. `made`, where given, is the one decision
   * that a prefix known to be legal did not have yet (nor others after it): only what depends on it is looked at.
   */
  check(values: Float64Array, made?: number): PruneReason | null;
}

/** `longest`: the most scalar operations that a kernel's text may have. */
export function createPruner(sketch: Sketch, limits: DeviceLimits, longest = mostStatements.gpu): Pruner {
  const count = sketch.decisions.length;
  const least = Float64Array.from(sketch.decisions, (decision) => decision.smallest ?? (decision.options[0] as number));
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
    if (at(quantity.statements) > longest) return 'code-size';
    return null;
  };

  const widest = limits.maxComputeWorkgroupsPerDimension;
  const tooWide = (): boolean =>
    at(quantity.dispatchX) > widest || at(quantity.dispatchY) > widest || at(quantity.dispatchZ) > widest;
  // The smallest tiles make the widest grid: where that fits, none needs to be asked about.
  const mayBeTooWide = sketch.plans.some((plan, p) => {
    plan.sizes(least, sketch.firsts[p] as number, row, 0);
    return tooWide();
  });

  const plansBy = sketch.plans.flatMap((plan, p) => plan.decisions.map(() => p));
  // For each decision the conflicts that depend on it, in the order in which all are looked at.
  const conflictsBy = sketch.plans.flatMap((plan) =>
    plan.decisions.map((_, d) => plan.conflicts.filter(({ about }) => about.includes(d))),
  );
  const conflictIn = (conflicts: readonly Conflict[], values: Float64Array, first: number): PruneReason | null => {
    for (let c = 0; c < conflicts.length; c++) {
      const reason = (conflicts[c] as Conflict).find(values, first);
      if (reason !== null) return reason;
    }
    return null;
  };
  /** A plan's decisions, with the open ones as `instead` has them. */
  const fill = (values: Float64Array, p: number, instead: Float64Array): void => {
    const first = sketch.firsts[p] as number;
    const end = first + (sketch.plans[p] as Plan).decisions.length;
    for (let i = first; i < end; i++) {
      const value = values[i] as number;
      filled[i] = Number.isNaN(value) ? (instead[i] as number) : value;
    }
  };
  const isTooLarge = (values: Float64Array, p: number): PruneReason | null => {
    fill(values, p, least);
    (sketch.plans[p] as Plan).sizes(filled, sketch.firsts[p] as number, row, 0);
    return tooLarge();
  };
  const isTooWide = (values: Float64Array, p: number): boolean => {
    fill(values, p, most);
    (sketch.plans[p] as Plan).sizes(filled, sketch.firsts[p] as number, row, 0);
    return tooWide();
  };

  const checkAll = (values: Float64Array): PruneReason | null => {
    for (let p = 0; p < sketch.plans.length; p++) {
      const reason =
        conflictIn((sketch.plans[p] as Plan).conflicts, values, sketch.firsts[p] as number) ?? isTooLarge(values, p);
      if (reason !== null) return reason;
    }
    if (!mayBeTooWide) return null;
    for (let p = 0; p < sketch.plans.length; p++) if (isTooWide(values, p)) return 'dispatch';
    return null;
  };

  // Where nothing at all is legal there is no legal prefix to start from.
  const isHopeless = checkAll(new Float64Array(count).fill(Number.NaN)) !== null;

  return {
    check(values, made) {
      if (made === undefined || isHopeless) return checkAll(values);
      const p = plansBy[made] as number;
      const conflict = conflictIn(conflictsBy[made] as readonly Conflict[], values, sketch.firsts[p] as number);
      if (conflict !== null) return conflict;
      // While it was open it counted as the least (as the most for the grid): what it is now was looked at before.
      const large = values[made] === least[made] ? null : isTooLarge(values, p);
      if (large !== null || !mayBeTooWide || values[made] === most[made]) return large;
      return isTooWide(values, p) ? 'dispatch' : null;
    },
  };
}
