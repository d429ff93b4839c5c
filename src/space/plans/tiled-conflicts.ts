import type { Conflict } from '../plan.ts';
import type { AccessInfo } from '../stage.ts';
import { decided } from './decided.ts';
import { steppingAxis, wholeSteps, wholeTiles } from './tiled-edges.ts';
import type { TiledLayout } from './tiled-layout.ts';

/**
 * What decisions of a tiled plan contradict each other in: tiles that could only idle, vectors that do not divide, and decisions that change
 * nothing. Comparisons with NaN are false: an undecided value contradicts nothing.
 */
export function tiledConflicts(layout: TiledLayout): Conflict[] {
  const { stage, spatial, registers, invocations, step, together, vector, unroll, staged } = layout;
  const idle = spatial.map((i, s) =>
    idleConflict(stage.block.iters[i]?.extent as number, invocations[s] as number, registers[s] as number),
  );
  const [width, lastStep] = [registers.at(-1) as number, step.at(-1) as number];
  return [
    ...idle,
    {
      about: [vector, width],
      find: (values, first) =>
        decided(values, first, vector) > 1 && decided(values, first, width) % decided(values, first, vector) !== 0
          ? 'vector-does-not-divide'
          : null,
    },
    {
      about: [together, lastStep],
      find: (values, first) =>
        decided(values, first, together) > 1 && decided(values, first, lastStep) % decided(values, first, together) > 0
          ? 'step-not-divided'
          : null,
    },
    {
      about: [unroll, together, ...step],
      find(values, first) {
        if (decided(values, first, unroll, 0) !== 1) return null;
        let depth = 1;
        for (let r = 0; r < step.length; r++) depth *= decided(values, first, step[r] as number);
        return depth <= decided(values, first, together) ? 'nothing-to-unroll' : null;
      },
    },
    {
      about: [layout.rowPadding, ...staged],
      find: (values, first) =>
        decided(values, first, layout.rowPadding, 0) > 0 && matrixTiles(layout, values, first) === 0
          ? 'no-rows-to-pad'
          : null,
    },
    {
      about: [layout.doubled, ...staged, ...step],
      find: (values, first) =>
        decided(values, first, layout.doubled, 0) === 1 ? overlapConflict(layout, values, first) : null,
    },
    {
      about: [layout.gridParts, ...registers, ...invocations],
      find(values, first) {
        if (decided(values, first, layout.gridParts, 0) !== 1) return null;
        let whole = 0;
        for (let s = 0; s < spatial.length; s++) whole += wholeTiles(layout, values, first, s);
        return whole === 0 ? 'nothing-to-partition' : null;
      },
    },
    {
      about: [layout.stepParts, ...step],
      find(values, first) {
        if (decided(values, first, layout.stepParts, 0) !== 1) return null;
        let whole = 0;
        for (let r = 0; r < step.length; r++) whole += wholeSteps(layout, values, first, r);
        return whole === 0 ? 'nothing-to-partition' : null;
      },
    },
  ];
}

/** Tiles of an axis of which some invocation, or some output of every invocation, lies outside wherever they stand. */
function idleConflict(extent: number, lanesAt: number, registersAt: number): Conflict {
  return {
    about: [lanesAt, registersAt],
    find(values, first) {
      const lanes = decided(values, first, lanesAt);
      const registers = decided(values, first, registersAt);
      if (lanes > 1 && ((lanes - 1) * registers >= extent || lanes - 1 >= extent)) return 'idle-invocations';
      if (registers > 1 && ((registers - 1) * lanes >= extent || registers - 1 >= extent)) return 'idle-registers';
      return null;
    },
  };
}

/** Operands of several dimensions that go through workgroup memory. */
function matrixTiles(layout: TiledLayout, values: Float64Array, first: number): number {
  let count = 0;
  for (let q = 0; q < layout.staged.length; q++)
    if ((layout.stage.reads[q] as AccessInfo).dimensions.length > 1)
      count += decided(values, first, layout.staged[q] as number, 0);
  return count;
}

function overlapConflict(layout: TiledLayout, values: Float64Array, first: number): string | null {
  const { stage, reduction } = layout;
  const axis = steppingAxis(layout, values, first);
  if (Number.isNaN(axis)) return null;
  let moving = 0;
  for (let q = 0; q < layout.staged.length; q++)
    if (layout.moves[q]?.[axis] === true) moving += decided(values, first, layout.staged[q] as number, 0);
  if (moving === 0) return 'nothing-to-overlap';
  for (let r = 0; r < reduction.length; r++) {
    const extent = stage.block.iters[reduction[r] as number]?.extent as number;
    // The second copy is not filled with zeros beyond the end.
    if (extent % decided(values, first, layout.step[r] as number) > 0) return 'step-does-not-divide';
  }
  return null;
}
