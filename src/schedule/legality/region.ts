import { type Span, spanOf, unionSpan, wholeSpan } from '../../arithmetic/region.ts';
import { simplify } from '../../arithmetic/simplify.ts';
import { laneAxisOf } from '../../ir/loop-modes.ts';
import type { Buffer, For, Program } from '../../ir/nodes.ts';
import { readsOf, substitute } from '../../ir/visit.ts';
import { loopRanges, readersOf } from './find.ts';

/**
 * The region of a buffer that its readers below a loop touch in one iteration of that loop, one span per dimension, clipped to the shape.
 * For workgroup memory the invocation loops at and around that loop count as running, because all invocations share the region; for a
 * subgroup's memory only those along x do, where its lanes lie.
 */
export function requiredRegion(program: Program, buffer: Buffer, loop: For, around: readonly For[]): Span[] {
  const ranges = loopRanges(program);
  const fixed = new Set<string>();
  for (const outer of [...around, loop]) {
    const axis = laneAxisOf(outer.mode);
    const shares = buffer.scope === 'workgroup' ? axis !== null : buffer.scope === 'subgroup' && axis === 'x';
    if (!shares) fixed.add(outer.name);
  }
  const spans: (Span | null)[] = buffer.shape.map(() => null);
  for (const { block, around: loops } of readersOf(program, buffer.name)) {
    const relaxed = new Set(loops.map((inner) => inner.name).filter((name) => !fixed.has(name)));
    const values = new Map(block.iters.map((iter) => [iter.name, iter.binding]));
    for (const read of readsOf(block)) {
      if (read.buffer !== buffer.name) continue;
      read.indices.forEach((index, d) => {
        const extent = buffer.shape[d] as number;
        const span = spanOf(simplify(substitute(index, values), ranges), relaxed, ranges);
        const held = spans[d];
        const union = held === null || held === undefined ? span : unionSpan(held, span);
        spans[d] =
          union === null || union.extent >= extent || !Number.isFinite(union.extent) ? wholeSpan(extent) : union;
      });
    }
  }
  return spans.map((span, d) => span ?? wholeSpan(buffer.shape[d] as number));
}
