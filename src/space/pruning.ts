import { createFinder, openIn } from '../arithmetic/evaluator.ts';
import { above, either, type Formula, product, quotient } from '../arithmetic/formula.ts';
import type { DeviceDescription, DeviceLimits } from '../ir/limits.ts';
import type { Decision } from './decision.ts';
import { conflictsOf } from './derive/conflicts.ts';
import { type EstimateFormulas, estimateOf } from './derive/estimate.ts';
import type { Conflict } from './derive/findings.ts';
import { positionsIn, type Sketch } from './sketch.ts';

/** Private scalars beyond this spill on every device we know; a kernel that needs them is never the fast one. */
export const maxRegisters = 320;
/**
 * Scalar operations in the text beyond this take longer to compile than they can win. A CPU device makes eight lanes of each, and a branch
 * per lane of a load: lavapipe compiles most kernels of 500 in 1 to 5 s and of 1,000 in 5 to 20 s, and none of the long ones was among the
 * fastest of a recorded space.
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
   * The reason no completion of the prefix is legal, or null. `values` holds NaN where undecided. `made`, where given, is the last decision:
   * the prefix without it is known to be legal, and only what depends on it is looked at.
   */
  check(values: Float64Array, made?: number): PruneReason | null;
}

/** Numbers that grow with every decision's value: where the least options of open decisions are too much, all options are. */
function limitConflicts(estimate: EstimateFormulas, limits: DeviceLimits, longest: number): Conflict[] {
  const { invocations, lanesX, lanesY } = estimate;
  const beyond = (reason: PruneReason, ...pairs: readonly (readonly [Formula, number])[]): Conflict => ({
    reason,
    holds: either(...pairs.map(([number, limit]) => above(number, limit))),
  });
  return [
    beyond('invocations', [invocations, limits.maxComputeInvocationsPerWorkgroup]),
    beyond(
      'workgroup-size',
      [lanesX, limits.maxComputeWorkgroupSizeX],
      [lanesY, limits.maxComputeWorkgroupSizeY],
      [quotient(invocations, product(lanesX, lanesY)), limits.maxComputeWorkgroupSizeZ],
    ),
    beyond('workgroup-bytes', [estimate.workgroupBytes, limits.maxComputeWorkgroupStorageSize]),
    beyond('registers', [estimate.registers, maxRegisters]),
    beyond('code-size', [estimate.statements, longest]),
  ];
}

/** The grid shrinks as values grow: the smallest tiles make the widest grid. */
function gridConflict({ dispatchX, dispatchY, dispatchZ }: EstimateFormulas, limits: DeviceLimits): Conflict {
  const widest = limits.maxComputeWorkgroupsPerDimension;
  return {
    reason: 'dispatch',
    holds: either(...[dispatchX, dispatchY, dispatchZ].map((count) => above(count, widest))),
  };
}

/** Checks values against a list of conflicts: against all, or against those that depend on one decision. */
interface Question {
  readonly all: Ask;
  readonly by: (made: number) => Ask;
}
type Ask = (values: Float64Array) => PruneReason | null;

function questionOf(sketch: Sketch, conflicts: readonly Conflict[], instead?: Float64Array): Question {
  const inputs = { positionOf: positionsIn(sketch), ...(instead === undefined ? {} : { instead }) };
  const possible = conflicts.filter(({ holds }) => holds !== 0);
  const ask = (asked: readonly Conflict[]): Ask => {
    // Compiled when it is first asked: most sketches are never searched.
    let find: ((values: Float64Array) => number) | null = null;
    return (values) => {
      find ??= createFinder(
        asked.map(({ holds }) => holds),
        inputs,
      );
      const at = find(values);
      return at < 0 ? null : (asked[at] as Conflict).reason;
    };
  };
  let open: readonly ReadonlySet<string>[] | null = null;
  const by: (Ask | undefined)[] = [];
  return {
    all: ask(possible),
    by(made) {
      open ??= possible.map(({ holds }) => openIn(holds));
      const { name } = sketch.decisions[made] as Decision;
      by[made] ??= ask(possible.filter((_, at) => open?.[at]?.has(name)));
      return by[made] as Ask;
    },
  };
}

/** `longest`: the most scalar operations that a kernel's text may have. */
export function createPruner(sketch: Sketch, limits: DeviceLimits, longest = mostStatements.gpu): Pruner {
  const count = sketch.decisions.length;
  const least = Float64Array.from(sketch.decisions, ({ smallest, options }) => smallest ?? (options[0] as number));
  const most = Float64Array.from(sketch.decisions, (decision) => decision.options.at(-1) as number);
  const estimates = sketch.tilings.map(estimateOf);
  const questions = sketch.tilings.map((tiling, t) => ({
    contradiction: questionOf(sketch, conflictsOf(tiling)),
    size: questionOf(sketch, limitConflicts(estimates[t] as EstimateFormulas, limits, longest), least),
  }));
  const grid = questionOf(
    sketch,
    estimates.map((estimate) => gridConflict(estimate, limits)),
    most,
  );
  const tilingBy = sketch.tilings.flatMap(({ decisions }, t) => decisions.map(() => t));
  // Where the widest grid fits, no grid needs a check.
  const mayBeTooWide = grid.all(least) !== null;

  const checkAll = (values: Float64Array): PruneReason | null => {
    for (const { contradiction, size } of questions) {
      const reason = contradiction.all(values) ?? size.all(values);
      if (reason !== null) return reason;
    }
    return mayBeTooWide ? grid.all(values) : null;
  };

  // Where nothing at all is legal there is no legal prefix to start from.
  let isHopeless: boolean | null = null;
  const { length } = questions;

  return {
    check(values, made) {
      if (made === undefined || length === 0) return checkAll(values);
      isHopeless ??= checkAll(new Float64Array(count).fill(Number.NaN)) !== null;
      if (isHopeless) return checkAll(values);
      const { contradiction, size } = questions[tilingBy[made] as number] as (typeof questions)[number];
      const conflict = contradiction.by(made)(values);
      if (conflict !== null) return conflict;
      // While it was open, the decision counted as its least option (for the grid, its greatest): these values were checked then.
      if (values[made] !== least[made]) {
        const large = size.by(made)(values);
        if (large !== null) return large;
      }
      return mayBeTooWide && values[made] !== most[made] ? grid.by(made)(values) : null;
    },
  };
}
