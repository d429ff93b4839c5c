import type { ScheduleBuilder } from '../builder.ts';
import { lastNest, type StageNest, type Tiling } from '../tiling.ts';
import { type Numbers, unrollAll } from './parts.ts';
import { placeSpatial } from './tiles.ts';

/** Elementwise stages in one invocation: all but the last keep their results, and copies of what they read, in its registers. */
export function emitCases(tiling: Tiling, builder: ScheduleBuilder, value: Numbers): void {
  const last = lastNest(tiling);
  const block = last.stage.block.name;
  const { innermost } = placeSpatial(builder, last, block, value);
  for (const { stage } of tiling.nests.slice(0, -1).reverse()) {
    builder.apply('setScope', { buffer: stage.write.buffer.name, scope: 'private' });
    builder.computeAt(stage.block.name, innermost);
  }
  for (const nest of tiling.nests) copyReads(builder, nest, innermost);
  for (const { stage } of tiling.nests) unrollAll(builder, stage.block.name);
}

function copyReads(builder: ScheduleBuilder, { stage, reads, copies }: StageNest, innermost: string): void {
  for (const name of new Set(copies.map(({ read }) => reads[read]?.buffer.name as string))) {
    const copy = builder.cacheRead(stage.block.name, name, 'private');
    builder.computeAt(copy.block, innermost);
    unrollAll(builder, copy.block);
  }
}
