import { z } from 'zod';
import { linearOf } from '../../arithmetic/linear.ts';
import { simplify } from '../../arithmetic/simplify.ts';
import { laneAxisOf } from '../../ir/loop-modes.ts';
import type { Block, Expr, For, Iter, LoadExpr, Program, Stmt } from '../../ir/nodes.ts';
import { replaceInProgram, usesVar } from '../../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { findLoop, loopRanges } from '../legality/find.ts';
import { requireSerial } from '../legality/loops.ts';
import { definePrimitive } from '../primitive.ts';

/**
 * for i in M: for j in N: for k in K: C[i,j] += A[i,k] * B[k,j]   ->   the same three loops, run by one subgroup as a matrix product
 * for i in M: for j in N: C[i,j] = T[i,j]                         ->   the same two, as the store (or the fill) of a matrix
 * The loops mean the same as before, so the same blocks may stand before and after them. Lowering turns them into matrix instructions where
 * the device lists such a product: a workgroup buffer that only such nests touch is then no memory but the subgroup's matrices, held in
 * registers from the fill to the store. On other devices each lane computes one column, through workgroup memory.
 * A subgroup is a row of invocations along x, so no loop around may be bound to invocation.x; its number is its place along y and z.
 * Halide: - (tensor instructions are found, not asked for). TVM: tensorize.
 */
export const subgroupMatrix = definePrimitive({
  name: 'subgroupMatrix',
  summary: 'Has one subgroup run the loops over a tile together, as matrix instructions where the device has them.',
  rewrite:
    'for i in 16: for j in 16: for k in 16: C[i, j] += A[i, k] * B[k, j]  ->  C[0:16, 0:16] += A[0:16, 0:16] x B[0:16, 0:16]',
  halide: '-',
  tvm: 'tensorize',
  args: z.strictObject({ loop: nameArg }),
  check(program, { loop: name }) {
    const found = findLoop(program, name);
    if (isRefusal(found)) return found;
    const tile = tileUnder(found.loop);
    if (isRefusal(tile)) return tile;
    const lanes = found.around.find((loop) => laneAxisOf(loop.mode) === 'x');
    if (lanes !== undefined)
      return refuse(
        'matrix-in-lanes',
        () =>
          `loop ${name} stands inside ${lanes.name}, which is bound to ${lanes.mode}: the lanes of a subgroup run the tile together`,
        () => `bind ${lanes.name} to invocation.y or invocation.z, one subgroup an iteration`,
      );
    const refused = requireWholeTile(program, tile) ?? requireOperation(tile);
    return refused ?? { tile };
  },
  apply(program, { tile }) {
    const [first] = tile.loops;
    const nest = tile.loops.reduceRight<Stmt>((body, loop) => ({ ...loop, mode: 'matrix', body }), tile.block);
    return replaceInProgram(
      program,
      (stmt) => stmt === first,
      () => nest,
    );
  },
  describe: ({ loop }) => `subgroupMatrix(${loop})`,
});

interface Tile {
  readonly loops: readonly For[];
  readonly block: Block;
}

function tileUnder(outermost: For): Tile | Refusal {
  const loops: For[] = [];
  let stmt: Stmt = outermost;
  for (; stmt.kind === 'for'; stmt = stmt.body) {
    const refused = requireSerial(stmt);
    if (refused !== null) return refused;
    loops.push(stmt);
  }
  if (stmt.kind === 'block' && (loops.length === 2 || loops.length === 3)) return { loops, block: stmt };
  return refuse(
    'no-tile',
    () =>
      stmt.kind === 'seq'
        ? `loop ${outermost.name} holds more than one block`
        : `${loops.length} loops stand at ${outermost.name}: ${loops.map((loop) => loop.name).join(', ')}`,
    () =>
      'expected the two or three loops of one tile, rows, columns and the reduction, in each other around one block',
  );
}

/** Requires that every loop of the tile moves one iter of the block in steps of one, and that every instance runs. */
function requireWholeTile(program: Program, { loops, block }: Tile): Refusal | null {
  const [condition] = block.predicate;
  if (condition !== undefined)
    return refuse(
      'tile-guarded',
      () => `block ${block.name} has a guard, and a matrix is computed whole`,
      () => `pad ${block.name}, or split by factors that divide`,
    );
  const ranges = loopRanges(program);
  for (const [position, loop] of loops.entries()) {
    const driven = block.iters.filter((iter) => usesVar(iter.binding, loop.name));
    const step = driven[0] === undefined ? null : stepOf(simplify(driven[0].binding, ranges), loop.name);
    if (driven.length !== 1 || step !== 1)
      return refuse(
        'tile-not-dense',
        () => `loop ${loop.name} does not move one iter of block ${block.name} from element to element`,
        () => 'take the innermost loops that split made of its iters',
      );
    const wanted = position === 2 ? 'reduction' : 'spatial';
    if ((driven[0] as Iter).type !== wanted)
      return refuse(
        'tile-order',
        () => `loop ${loop.name} drives ${driven[0]?.name}, a ${driven[0]?.type} iter of block ${block.name}`,
        () => 'expected rows, columns and, third, the reduction',
      );
  }
  return null;
}

/** How far a variable moves an index; null where the index is not linear in it. */
function stepOf(index: Expr, name: string): number | null {
  let step: number | null = 0;
  for (const { atom, coefficient } of linearOf(index).terms.values()) {
    if (!usesVar(atom, name)) continue;
    step = atom.kind === 'var' && step === 0 ? coefficient : null;
    if (step === null) return null;
  }
  return step;
}

/** Requires that the block adds up products of two elements, or stores one element or a constant. */
function requireOperation({ loops, block }: Tile): Refusal | null {
  const [write] = block.writes;
  const iters = loops.map((loop) => block.iters.find((iter) => usesVar(iter.binding, loop.name))?.name as string);
  const [row, column, deep] = iters as [string, string, string | undefined];
  const stands = (
    indices: readonly Expr[],
    moves: readonly (string | undefined)[],
    still: string | undefined,
  ): boolean =>
    moves.every((name) => indices.filter((index) => name !== undefined && usesVar(index, name)).length === 1) &&
    indices.every((index) => (still === undefined || !usesVar(index, still)) && isPlain(index, moves));
  const unlike = (expected: string): Refusal =>
    refuse(
      'no-matrix-operation',
      () =>
        `block ${block.name} is no ${deep === undefined ? 'copy or fill' : 'matrix product'} over ${iters.join(', ')}`,
      () => `expected ${expected}`,
    );
  if (write === undefined || block.writes.length !== 1 || !stands(write.indices, [row, column], deep))
    return unlike(`one write, at an index that moves with ${row} and one that moves with ${column}`);
  if (deep === undefined) {
    const { value } = write;
    const copies = value.kind === 'load' && stands(value.indices, [row, column], undefined);
    if (block.reducer === null && (value.kind === 'float' || copies)) return null;
    return unlike('an element of one buffer, or a constant, stored as it is');
  }
  const factors = block.reducer?.op === 'sum' ? factorsOf(write.value) : null;
  const ordered =
    factors !== null &&
    [factors, [...factors].reverse()].some(
      ([left, right]) =>
        stands((left as LoadExpr).indices, [row, deep], column) &&
        stands((right as LoadExpr).indices, [deep, column], row),
    );
  return ordered ? null : unlike(`a sum of products A[${row}, ${deep}] * B[${deep}, ${column}]`);
}

/** Whether an index is linear with step 1 in each of the iters of the tile. */
function isPlain(index: Expr, iters: readonly (string | undefined)[]): boolean {
  return iters.every((name) => {
    if (name === undefined || !usesVar(index, name)) return true;
    return stepOf(index, name) === 1;
  });
}

/** The two elements that are multiplied, whatever type they are widened to. */
function factorsOf(value: Expr): readonly [LoadExpr, LoadExpr] | null {
  if (value.kind !== 'binary' || value.op !== 'mul') return null;
  const [a, b] = [value.a, value.b].map((factor) => (factor.kind === 'cast' ? factor.a : factor));
  return a?.kind === 'load' && b?.kind === 'load' ? [a, b] : null;
}
