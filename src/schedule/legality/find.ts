import { type Interval, rangeOfExtent } from '../../arithmetic/bounds.ts';
import type { Block, Buffer, For, Program, Stmt } from '../../ir/nodes.ts';
import { readsOf, walkStmt } from '../../ir/visit.ts';
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

function eachNode(program: Program, visit: (stmt: Stmt, around: readonly For[]) => void): void {
  for (const stmt of program.body) walkStmt(stmt, visit);
}

export function findLoop(program: Program, name: string): LoopSite | Refusal {
  let found: LoopSite | undefined;
  eachNode(program, (stmt, around) => {
    if (stmt.kind === 'for' && stmt.name === name) found = { loop: stmt, around };
  });
  return (
    found ??
    refuse(
      'unknown-loop',
      () => `there is no loop named ${name}`,
      () => `the loops are ${loopNames(program).join(', ')}`,
    )
  );
}

export function findBlock(program: Program, name: string): BlockSite | Refusal {
  let found: BlockSite | undefined;
  eachNode(program, (stmt, around) => {
    if (stmt.kind === 'block' && stmt.name === name) found = { block: stmt, around };
  });
  return (
    found ??
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
  const names: string[] = [];
  eachNode(program, (stmt) => {
    if (stmt.kind === 'for') names.push(stmt.name);
  });
  return names;
}

/** Every block with the loops around it, in program order. */
export function allBlocks(program: Program): BlockSite[] {
  const sites: BlockSite[] = [];
  eachNode(program, (stmt, around) => {
    if (stmt.kind === 'block') sites.push({ block: stmt, around });
  });
  return sites;
}

export function blocksUnder(stmt: Stmt): Block[] {
  const blocks: Block[] = [];
  walkStmt(stmt, (node) => {
    if (node.kind === 'block') blocks.push(node);
  });
  return blocks;
}

/** Bounds of every loop variable; loop names are unique in a program, so one map serves the whole of it. */
export function loopRanges(program: Program): Map<string, Interval> {
  const ranges = new Map<string, Interval>();
  eachNode(program, (stmt) => {
    if (stmt.kind === 'for') ranges.set(stmt.name, rangeOfExtent(stmt.extent));
  });
  return ranges;
}

/** The block when nothing else stands under the statement. */
export function onlyBlockUnder(stmt: Stmt): Block | null {
  const blocks = blocksUnder(stmt);
  return blocks.length === 1 ? (blocks[0] ?? null) : null;
}

/** The outermost loop that holds this block and no other; the block itself where its own loop is shared. */
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
