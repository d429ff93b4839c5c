import type { Ranges } from '../../arithmetic/bounds.ts';
import { constantDifference } from '../../arithmetic/linear.ts';
import { denseSpanOf, type Span } from '../../arithmetic/region.ts';
import { simplify } from '../../arithmetic/simplify.ts';
import type { Block, Buffer, Expr, For, Iter, Program } from '../../ir/nodes.ts';
import { printExpr } from '../../ir/printer.ts';
import { substitute, varsOf } from '../../ir/visit.ts';
import { type Refusal, refuse } from '../../support/refusal.ts';
import { type BlockSite, loopRanges } from './find.ts';
import { reducesOver } from './loops.ts';

export interface Complete {
  /** One a dimension, not clipped to the shape. */
  readonly spans: readonly Span[];
  /** Conditions over the loops of the path without which nothing is written at all. */
  readonly guards: readonly Expr[];
}

/**
 * The region of a buffer that its producer has completed after one iteration of the last loop of `path`, exactly.
 * Refuses where iterations of the path repeat a region or leave it unfinished, and where what is written is no box.
 */
export function completeRegion(
  program: Program,
  producer: BlockSite,
  made: Buffer,
  path: readonly For[],
): Complete | Refusal {
  const { block } = producer;
  const loop = path.at(-1) as For;
  const carrier = path.find((around) => reducesOver(block, around.name));
  if (carrier !== undefined)
    return refuse(
      'loop-carries-reduction',
      () =>
        `loop ${carrier.name} carries the reduction of block ${block.name}, so one iteration of ${loop.name} completes nothing of ${made.name}`,
      () => `take a loop around ${carrier.name}`,
    );
  const ranges = loopRanges(program);
  const fixed = new Set(path.map((around) => around.name));
  const inside = block.predicate.filter((condition) => [...varsOf(condition)].some((name) => !fixed.has(name)));
  const mixed = inside.find((condition) => !statesDomain(condition, block, ranges));
  if (mixed !== undefined)
    return refuse(
      'guard-cuts-region',
      () =>
        `the guard ${printExpr(mixed)} of block ${block.name} is not the end of one of its iters, so what it completes is no box`,
      () => 'split by factors that divide',
    );
  const relaxed = new Set(producer.around.map((around) => around.name).filter((name) => !fixed.has(name)));
  const values = new Map(block.iters.map((iter) => [iter.name, iter.binding]));
  const spans: Span[] = [];
  const indexed: Iter[] = [];
  const seen = new Set<string>();
  for (const index of block.writes.find((write) => write.buffer === made.name)?.indices ?? []) {
    indexed.push(...block.iters.filter((iter) => index.kind === 'var' && iter.name === index.name));
    const bound = simplify(substitute(index, values), ranges);
    const inner = [...varsOf(bound)].filter((name) => relaxed.has(name));
    const span = inner.some((name) => seen.has(name)) ? null : denseSpanOf(bound, relaxed, ranges);
    if (span === null)
      return refuse(
        'region-not-a-box',
        () =>
          `block ${block.name} writes ${made.name} at ${printExpr(bound)} in loops that one iteration of ${loop.name} runs through, which leaves gaps`,
        () => 'split the loops instead of fusing them',
      );
    for (const name of inner) seen.add(name);
    spans.push(span);
  }
  const repeated = path.find(
    (around) => around.extent > 1 && !spans.some((span) => varsOf(span.base).has(around.name)),
  );
  if (repeated !== undefined)
    return refuse(
      'loop-repeats-region',
      () => `every iteration of loop ${repeated.name} completes the same region of ${made.name} again`,
    );
  // Where a guard is the end of a dimension, the reader's own end is no further.
  const ends = (condition: Expr): boolean => statesDomain(condition, { ...block, iters: indexed }, ranges);
  return { spans, guards: block.predicate.filter((condition) => !inside.includes(condition) && !ends(condition)) };
}

/** Whether a condition only says that an iter of the block is inside its extent. */
function statesDomain(condition: Expr, block: Block, ranges: Ranges): boolean {
  if (condition.kind !== 'binary' || condition.b.kind !== 'int') return false;
  const { op, a, b } = condition;
  return block.iters.some((iter) => {
    const limit = op === 'lt' ? iter.extent : op === 'ge' ? 0 : null;
    return b.value === limit && constantDifference(simplify(a, ranges), simplify(iter.binding, ranges)) === 0;
  });
}
