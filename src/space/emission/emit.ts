import { evaluated } from '../../arithmetic/formula.ts';
import type { ScheduleBuilder } from '../builder.ts';
import { applyBlocks } from '../packing.ts';
import type { Tiling } from '../tiling.ts';
import { emitCases } from './cases.ts';
import { emitMatrices } from './matrices.ts';
import { emitOnline } from './online.ts';
import type { Numbers } from './parts.ts';
import { emitRows } from './rows.ts';
import { emitTiles } from './tiles.ts';

/** Turns a tiling into primitives. `decided` gives the value of a decision by its name. */
export function emitTiling(tiling: Tiling, builder: ScheduleBuilder, decided: (name: string) => number): void {
  const { merged, meeting } = tiling;
  if (merged !== undefined && decided(merged.by.name) === 1) {
    for (const merge of merged.merges) builder.apply('mergeReductions', merge);
    emitTiling(merged.tiling, builder, decided);
    return;
  }
  const value: Numbers = (formula) => evaluated(formula, ({ name }) => decided(name));
  if (meeting.kind === 'lanes') emitRows(tiling, meeting, builder, value);
  else if (meeting.kind === 'matrix') emitMatrices(tiling, meeting, builder, value);
  else if (meeting.kind === 'online') emitOnline(tiling, meeting, builder, value);
  else if (tiling.nests.length > 1) emitCases(tiling, builder, value);
  else emitTiles(tiling, builder, value);
  for (const blocks of tiling.packed ?? []) applyBlocks(builder, blocks, value(blocks.block));
}
