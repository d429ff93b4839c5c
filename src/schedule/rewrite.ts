import { seq } from '../ir/builders.ts';
import type { Block, Program, Stmt } from '../ir/nodes.ts';
import { replaceInProgram } from '../ir/visit.ts';
import { assert } from '../support/errors.ts';
import { isRefusal } from '../support/refusal.ts';
import { findBlock, ownNest } from './legality/find.ts';

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

/** Puts a statement right before the own nest of a block (the outermost loop that holds this block alone). */
export function insertBeforeNest(program: Program, block: string, stmt: Stmt): Program {
  return replaceOwnNest(program, block, (nest) => seq([stmt, nest]));
}

/** Puts a statement right after the own nest of a block. */
export function insertAfterNest(program: Program, block: string, stmt: Stmt): Program {
  return replaceOwnNest(program, block, (nest) => seq([nest, stmt]));
}

export function replaceOwnNest(program: Program, block: string, by: (nest: Stmt) => Stmt | null): Program {
  const site = findBlock(program, block);
  assert(!isRefusal(site), () => `block ${block} vanished during a rewrite`);
  const nest = ownNest(site);
  return replaceInProgram(program, (stmt) => stmt === nest, by);
}
