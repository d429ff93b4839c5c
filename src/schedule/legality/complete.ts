import { boundsOf, type Ranges } from '../../arithmetic/bounds.ts';
import { constantDifference, linearOf } from '../../arithmetic/linear.ts';
import { denseSpanOf, type Span } from '../../arithmetic/region.ts';
import { simplify } from '../../arithmetic/simplify.ts';
import type { Block, Buffer, Expr, For, Iter, Program } from '../../ir/nodes.ts';
import { printExpr } from '../../ir/printer.ts';
import { substitute, varsOf } from '../../ir/visit.ts';
import { type Refusal, refuse } from '../../support/refusal.ts';
import { type BlockSite, loopRanges } from './find.ts';
import { reducesOver } from './loops.ts';

interface Complete {
  /** One span per dimension, not clipped to the shape. */
  readonly spans: readonly Span[];
  /** Conditions over the loops of the path; where one fails, nothing is written at all. */
  readonly guards: readonly Expr[];
}

/**
 * The exact region of a buffer that its producer has completed after one iteration of the last loop of `path`.
 * Refuses where iterations of the path repeat a region or leave it unfinished, and where the written elements form no box.
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
  if (!areDisjoint(spans, path, ranges))
    return refuse(
      'loop-repeats-region',
      () =>
        `iterations of ${path
          .filter((around) => around.extent > 1)
          .map((around) => around.name)
          .join(
            ', ',
          )} do not complete different regions of ${made.name} each, so what reads them would run several times`,
      () => 'take a loop in which the producer computes each element once',
    );
  // A guard that only says where a dimension ends is not needed: the reader ends there too, or earlier.
  const ends = (condition: Expr): boolean => statesDomain(condition, { ...block, iters: indexed }, ranges);
  return { spans, guards: block.predicate.filter((condition) => !inside.includes(condition) && !ends(condition)) };
}

/** Iterations that are tried at most where arithmetic finds no answer, as with loops that were fused and split again. */
const maxTried = 4096;

/** Whether the regions of different iterations of the path never overlap. */
function areDisjoint(spans: readonly Span[], path: readonly For[], ranges: Ranges): boolean {
  const loops = path.filter((loop) => loop.extent > 1);
  const decided = new Set(spans.flatMap((span) => digitsOf(span, ranges)));
  if (loops.every((loop) => decided.has(loop.name))) return true;
  const total = loops.reduce((product, loop) => product * loop.extent, 1);
  if (total > maxTried) return false;
  const seen = new Set<string>();
  const remainders = new Set<string>();
  for (let flat = 0; flat < total; flat++) {
    const point = new Map(ranges);
    let rest = flat;
    for (const { name, extent } of loops) {
      const value = rest % extent;
      point.set(name, { min: value, max: value });
      rest = Math.floor(rest / extent);
    }
    const bases = spans.map(({ base, extent }) => ({ at: boundsOf(base, point).min, extent }));
    seen.add(bases.map(({ at, extent }) => Math.floor(at / extent)).join());
    remainders.add(bases.map(({ at, extent }) => at - Math.floor(at / extent) * extent).join());
  }
  return seen.size === total && remainders.size === 1;
}

/** The loops that a span's base tells apart: the base is a plain sum in which each loop moves the span past all that smaller ones reach. */
function digitsOf({ base, extent }: Span, ranges: Ranges): string[] {
  const digits: { readonly name: string; readonly coefficient: number; readonly last: number }[] = [];
  for (const { atom, coefficient } of linearOf(base).terms.values()) {
    if (atom.kind !== 'var') return [];
    const { max } = boundsOf(atom, ranges);
    if (max > 0) digits.push({ name: atom.name, coefficient, last: max });
  }
  let reach = extent;
  for (const { coefficient, last } of digits.sort((a, b) => a.coefficient - b.coefficient)) {
    if (coefficient < reach) return [];
    reach += coefficient * last;
  }
  return digits.map(({ name }) => name);
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
