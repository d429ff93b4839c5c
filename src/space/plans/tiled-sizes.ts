import { quantity, wholeUnits } from '../quantities.ts';
import { bytesOf, footprint, tileElements } from '../stage.ts';
import { decided } from './decided.ts';
import { steppingAxis, wholeSteps, wholeTiles } from './tiled-edges.ts';
import type { TiledLayout } from './tiled-layout.ts';
import { tiledLength } from './tiled-length.ts';

/** What the last call of `write` found besides the quantities it wrote; the other quantities start from it. */
export interface TiledSizes {
  readonly write: (values: Float64Array, first: number, out: Float64Array, offset: number) => void;
  /** Iterations of each iter in the registers of an invocation, and in a workgroup's tile; tiles along each iter. */
  readonly registerBox: Float64Array;
  readonly tileBox: Float64Array;
  readonly tiles: Float64Array;
  /** For each read: 1 when its tile takes turns with a second one. */
  readonly turns: Float64Array;
}

/** What exact pruning compares with limits, of a tiled plan: from its decisions alone. Allocates nothing when called. */
export function tiledSizes(layout: TiledLayout): TiledSizes {
  const { stage, spatial, reduction } = layout;
  const extents = stage.block.iters.map((iter) => iter.extent);
  const registerBox = new Float64Array(extents.length);
  const tileBox = new Float64Array(extents.length);
  const tiles = new Float64Array(extents.length);
  const turns = new Float64Array(stage.reads.length);
  const bytes = stage.reads.map((read) => bytesOf(read.buffer));
  const results = stage.writes.length;
  const length = tiledLength(layout);
  const lastReduction = reduction.at(-1) as number;

  const write = (values: Float64Array, first: number, out: Float64Array, offset: number): void => {
    let outputs = 1;
    let invocations = 1;
    let lanesX = 1;
    let lanesY = 1;
    let dispatchX = 1;
    let dispatchY = 1;
    let dispatchZ = 1;
    const gridCut = decided(values, first, layout.gridParts, 0);
    let parts = 1;
    for (let s = 0; s < spatial.length; s++) {
      const i = spatial[s] as number;
      const registers = decided(values, first, layout.registers[s] as number);
      const lanes = decided(values, first, layout.invocations[s] as number);
      const groups = Math.ceil((extents[i] as number) / (registers * lanes));
      registerBox[i] = registers;
      tileBox[i] = registers * lanes;
      tiles[i] = groups;
      outputs *= registers;
      invocations *= lanes;
      const fromLast = spatial.length - 1 - s;
      if (fromLast === 0) {
        lanesX = lanes;
        dispatchX = groups;
      } else if (fromLast === 1) {
        lanesY = lanes;
        dispatchY = groups;
      } else dispatchZ *= groups;
      if (gridCut !== 0) {
        const whole = gridCut * wholeTiles(layout, values, first, s);
        parts *= whole > 0 ? 2 : 1 + 0 * whole;
      }
    }
    const stepCut = decided(values, first, layout.stepParts, 0);
    let stepCopies = 1;
    let depth = 1;
    for (let r = 0; r < reduction.length; r++) {
      const i = reduction[r] as number;
      const step = decided(values, first, layout.step[r] as number);
      registerBox[i] = 1;
      tileBox[i] = step;
      tiles[i] = Math.ceil((extents[i] as number) / step);
      depth *= step;
      if (stepCut !== 0) {
        const whole = stepCut * wholeSteps(layout, values, first, r);
        stepCopies *= whole > 0 ? 2 : 1 + 0 * whole;
      }
    }
    const together = decided(values, first, layout.together);
    // An invocation holds the operands of this many reduction elements at once.
    registerBox[lastReduction] = together;
    const padding = decided(values, first, layout.rowPadding, 0);
    const doubling = decided(values, first, layout.doubled, 0);
    const axis = doubling === 0 ? -1 : steppingAxis(layout, values, first);
    let workgroupBytes = 0;
    let fragments = 0;
    for (let q = 0; q < stage.reads.length; q++) {
      const read = stage.reads[q] as (typeof stage.reads)[number];
      const staged = decided(values, first, layout.staged[q] as number, 0);
      const fragment = footprint(read, registerBox);
      fragments += fragment;
      const again = doubling > 0 && layout.moves[q]?.[axis] === true ? staged : 0 * staged * doubling * axis;
      turns[q] = again;
      // What stays in storage has no tile.
      if (staged === 0) continue;
      workgroupBytes +=
        staged * wholeUnits(tileElements(read, tileBox, tiles, padding) * (1 + again) * (bytes[q] as number));
    }
    out[offset + quantity.invocations] = invocations;
    out[offset + quantity.lanesX] = lanesX;
    out[offset + quantity.lanesY] = lanesY;
    out[offset + quantity.outputs] = outputs;
    out[offset + quantity.depth] = depth;
    out[offset + quantity.statements] = length(values, first, registerBox, tileBox, turns, parts, stepCopies);
    // The steps that are left over have tiles of their own.
    out[offset + quantity.workgroupBytes] = workgroupBytes * stepCopies;
    out[offset + quantity.registers] = outputs * results + fragments;
    out[offset + quantity.parts] = parts;
    out[offset + quantity.dispatchX] = dispatchX;
    out[offset + quantity.dispatchY] = dispatchY;
    out[offset + quantity.dispatchZ] = dispatchZ;
  };
  return { write, registerBox, tileBox, tiles, turns };
}
