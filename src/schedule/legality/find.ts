import { type Interval, rangeOfExtent } from '../../arithmetic/bounds.ts';
import type { Block, Buffer, For, Iter, Program, Stmt } from '../../ir/nodes.ts';
import { readsOf } from '../../ir/visit.ts';
import { type Refusal, refuse } from '../../support/refusal.ts';

/** A loop with the loops around it, outermost first. */
export interface LoopSite {
  readonly loop: For;
  readonly around: readonly For[];
}
export interface BlockSite {
  readonly block: Block;
  readonly around: readonly For[];
}

/** Where the loops and blocks of a program stand. */
interface Survey {
  /** By name, in program order. */
  readonly loops: ReadonlyMap<string, LoopSite>;
  readonly blocks: ReadonlyMap<string, BlockSite>;
  readonly sites: readonly BlockSite[];
}

/** The survey of the latest program: the checks of one step ask about the same program a dozen times, and later steps not again. */
let latest: { readonly program: Program; readonly survey: Survey } | null = null;

/** The survey of a program. Programs are immutable, so that successive questions about one cost a single walk. */
function surveyOf(program: Program): Survey {
  if (latest?.program === program) return latest.survey;
  const loops = new Map<string, LoopSite>();
  const blocks = new Map<string, BlockSite>();
  const visit = (stmt: Stmt, around: readonly For[]): void => {
    if (stmt.kind === 'block') blocks.set(stmt.name, { block: stmt, around });
    else if (stmt.kind === 'seq') for (const child of stmt.body) visit(child, around);
    else {
      loops.set(stmt.name, { loop: stmt, around });
      visit(stmt.body, [...around, stmt]);
    }
  };
  for (const stmt of program.body) visit(stmt, []);
  const survey: Survey = { loops, blocks, sites: [...blocks.values()] };
  latest = { program, survey };
  return survey;
}

export function findLoop(program: Program, name: string): LoopSite | Refusal {
  return (
    surveyOf(program).loops.get(name) ??
    refuse(
      'unknown-loop',
      () => `there is no loop named ${name}`,
      () => `the loops are ${loopNames(program).join(', ')}`,
    )
  );
}

export function findBlock(program: Program, name: string): BlockSite | Refusal {
  return (
    surveyOf(program).blocks.get(name) ??
    refuse(
      'unknown-block',
      () => `there is no block named ${name}`,
      () =>
        `the blocks are ${allBlocks(program)
          .map((site) => site.block.name)
          .join(', ')}`,
    )
  );
}

export function findIter(block: Block, name: string): Iter | Refusal {
  const found = block.iters.find((iter) => iter.name === name);
  return (
    found ??
    refuse(
      'unknown-iter',
      () => `block ${block.name} has no iter named ${name}`,
      () => `its iters are ${block.iters.map((iter) => iter.name).join(', ')}`,
    )
  );
}

export function findBuffer(program: Program, name: string): Buffer | Refusal {
  const found = program.buffers.find((buffer) => buffer.name === name);
  return (
    found ??
    refuse(
      'unknown-buffer',
      () => `there is no buffer named ${name}`,
      () => `the buffers are ${program.buffers.map((buffer) => buffer.name).join(', ')}`,
    )
  );
}

export function loopNames(program: Program): string[] {
  return [...surveyOf(program).loops.keys()];
}

/** Every block with the loops around it, in program order. */
export function allBlocks(program: Program): readonly BlockSite[] {
  return surveyOf(program).sites;
}

export function blocksUnder(stmt: Stmt, into: Block[] = []): Block[] {
  if (stmt.kind === 'block') into.push(stmt);
  else if (stmt.kind === 'for') blocksUnder(stmt.body, into);
  else for (const child of stmt.body) blocksUnder(child, into);
  return into;
}

/** Bounds of every loop variable; loop names are unique in a program, so one map serves the whole of it. */
export function loopRanges(program: Program): Map<string, Interval> {
  const ranges = new Map<string, Interval>();
  for (const [name, { loop }] of surveyOf(program).loops) ranges.set(name, rangeOfExtent(loop.extent));
  return ranges;
}

/** The block under the statement where it is the only one; else null. */
export function onlyBlockUnder(stmt: Stmt): Block | null {
  if (stmt.kind === 'block') return stmt;
  if (stmt.kind === 'for') return onlyBlockUnder(stmt.body);
  const blocks = blocksUnder(stmt);
  return blocks.length === 1 ? (blocks[0] ?? null) : null;
}

/** The outermost loop that holds this block and no other; the block itself where all its loops are shared. */
export function ownNest(site: BlockSite): Stmt {
  for (const loop of site.around) if (onlyBlockUnder(loop) !== null) return loop;
  return site.block;
}

export function writersOf(program: Program, buffer: string): BlockSite[] {
  return allBlocks(program).filter((site) => site.block.writes.some((write) => write.buffer === buffer));
}

export function readersOf(program: Program, buffer: string): BlockSite[] {
  return allBlocks(program).filter((site) => readsOf(site.block).some((read) => read.buffer === buffer));
}
