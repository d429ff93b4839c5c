import { rangeOfExtent } from '../arithmetic/bounds.ts';
import { covers, type Span } from '../arithmetic/region.ts';
import { isCertain, simplify } from '../arithmetic/simplify.ts';
import { add, binary, forLoop, int, lt, seq, variable } from '../ir/builders.ts';
import type { Block, Expr, For, Iter, Program, Stmt } from '../ir/nodes.ts';
import { freshName, namesOf, replaceInProgram } from '../ir/visit.ts';
import { assert } from '../support/errors.ts';
import { isRefusal } from '../support/refusal.ts';
import { type BlockSite, blocksUnder, findBlock, loopRanges, ownNest } from './legality/find.ts';

/** Rewrites every block below a statement; loops around unchanged blocks are shared. */
export function mapBlocks(stmt: Stmt, rewrite: (block: Block) => Block): Stmt {
  switch (stmt.kind) {
    case 'block':
      return rewrite(stmt);
    case 'for': {
      const body = mapBlocks(stmt.body, rewrite);
      return body === stmt.body ? stmt : { ...stmt, body };
    }
    case 'seq': {
      const body = stmt.body.map((child) => mapBlocks(child, rewrite));
      return body.every((child, i) => child === stmt.body[i]) ? stmt : { ...stmt, body };
    }
  }
}

/**
 * A block under new loops named `block_iter`: each iter runs over its span, or over its whole extent where it has none. Where a span
 * reaches out of the iter's domain the block gets a guard, after the given guards over loops that stand around the new place.
 */
function nestOver(
  program: Program,
  block: Block,
  spans: ReadonlyMap<string, Span>,
  guards: readonly Expr[] = [],
): Stmt {
  const taken = namesOf(program);
  const ranges = loopRanges(program);
  const loops: { readonly name: string; readonly extent: number }[] = [];
  const predicate: Expr[] = [...guards];
  const iters = block.iters.map((iter): Iter => {
    const span = spans.get(iter.name);
    const name = freshName(taken, `${block.name}_${iter.name}`);
    taken.add(name);
    const whole = span === undefined || (iter.type === 'spatial' && covers(span, iter.extent));
    const extent = whole ? iter.extent : span.extent;
    loops.push({ name, extent });
    ranges.set(name, rangeOfExtent(extent));
    if (whole) return { ...iter, binding: variable(name) };
    const binding = simplify(add(span.base, variable(name)), ranges);
    for (const guard of [binary('ge', binding, int(0)), lt(binding, int(iter.extent))]) {
      const proved = simplify(guard, ranges);
      if (!isCertain(proved)) predicate.push(proved);
    }
    return { ...iter, binding };
  });
  const moved: Block = { ...block, iters, predicate };
  return loops.reduceRight<Stmt>((body, { name, extent }) => forLoop(name, extent, body), moved);
}

/** Where a moved block goes: right before, or right after, the first child of the loop that holds one of the blocks `beside`. */
interface NewPlace {
  readonly spans: ReadonlyMap<string, Span>;
  readonly guards?: readonly Expr[];
  readonly beside: readonly Block[];
  readonly at: 'before' | 'after';
}

/** Moves a block out of its nest into a loop of other blocks, under new loops (`nestOver`). */
export function moveInto(program: Program, site: BlockSite, loop: For, place: NewPlace): Program {
  const nest = ownNest(site);
  const removed = replaceInProgram(
    program,
    (stmt) => stmt === nest,
    () => null,
  );
  const moved = nestOver(removed, site.block, place.spans, place.guards);
  return replaceInProgram(
    removed,
    (stmt) => stmt.kind === 'for' && stmt.name === loop.name,
    (stmt) => {
      const target = stmt as For;
      const children = target.body.kind === 'seq' ? target.body.body : [target.body];
      const found = children.findIndex((child) => blocksUnder(child).some((block) => place.beside.includes(block)));
      const position = place.at === 'before' ? found : found + 1;
      return { ...target, body: seq([...children.slice(0, position), moved, ...children.slice(position)]) };
    },
  );
}

/** Puts a statement right before the own nest of a block (the outermost loop that holds this block alone). */
export function insertBeforeNest(program: Program, block: string, stmt: Stmt): Program {
  return replaceOwnNest(program, block, (nest) => seq([stmt, nest]));
}

/** Puts a statement right after the own nest of a block. */
export function insertAfterNest(program: Program, block: string, stmt: Stmt): Program {
  return replaceOwnNest(program, block, (nest) => seq([nest, stmt]));
}

function replaceOwnNest(program: Program, block: string, by: (nest: Stmt) => Stmt | null): Program {
  const site = findBlock(program, block);
  assert(!isRefusal(site), () => `block ${block} vanished during a rewrite`);
  const nest = ownNest(site);
  return replaceInProgram(program, (stmt) => stmt === nest, by);
}
