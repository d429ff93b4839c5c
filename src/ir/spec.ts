import { isPowerOfTwo, laneAxisOf, reducesAcross } from './loop-modes.ts';
import type { Block, Buffer, Expr, For, GridAxis, Program, Stmt } from './nodes.ts';
import { printExpr } from './printer.ts';
import { reducers } from './reducers.ts';
import { paddedStrides, paddingOf } from './strides.ts';
import { varsOf, walkExpr } from './visit.ts';

/**
 * The IR's written spec: what every program satisfies after every rewrite. Returns the first broken rule as a sentence, or null.
 * Run after each primitive in tests and on every trace that comes from outside.
 */
export function checkSpec(program: Program): string | null {
  const buffers = new Map<string, Buffer>();
  const names = new Set<string>();
  for (const buffer of program.buffers) {
    if (names.has(buffer.name)) return `the name ${buffer.name} is used twice`;
    names.add(buffer.name);
    buffers.set(buffer.name, buffer);
    if (buffer.shape.some((extent) => !isExtent(extent)))
      return `buffer ${buffer.name} has a shape that is not positive integers`;
    const padding = paddingOf(buffer);
    const expected = paddedStrides(buffer.shape, padding);
    if (padding < 0 || (buffer.strides ?? expected).join() !== expected.join())
      return `buffer ${buffer.name} has strides other than those of padded rows`;
  }
  for (const name of [...program.inputs, ...program.outputs]) {
    const buffer = buffers.get(name);
    if (buffer === undefined) return `parameter ${name} is not declared`;
    if (buffer.scope !== 'storage') return `parameter ${name} must be in storage, not ${buffer.scope}`;
  }
  const stray = program.constants?.find((name) => !program.inputs.includes(name));
  if (stray !== undefined) return `the constant ${stray} is no input`;
  for (const stmt of program.body) {
    const fault = checkStmt(stmt, new Map(), buffers, names);
    if (fault !== null) return fault;
  }
  return null;
}

const isExtent = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;

function checkStmt(
  stmt: Stmt,
  loops: Map<string, For>,
  buffers: Map<string, Buffer>,
  names: Set<string>,
): string | null {
  if (stmt.kind === 'seq') {
    if (stmt.body.length < 2) return 'a sequence holds fewer than two statements';
    for (const child of stmt.body) {
      if (child.kind === 'seq') return 'a sequence stands directly in a sequence';
      const fault = checkStmt(child, loops, buffers, names);
      if (fault !== null) return fault;
    }
    return null;
  }
  if (names.has(stmt.name)) return `the name ${stmt.name} is used twice`;
  names.add(stmt.name);
  if (stmt.kind === 'block') return checkBlock(stmt, loops, buffers);
  if (!isExtent(stmt.extent)) return `loop ${stmt.name} has extent ${stmt.extent}`;
  const misplaced = checkMode(stmt, [...loops.values()]);
  if (misplaced !== null) return misplaced;
  loops.set(stmt.name, stmt);
  const fault = checkStmt(stmt.body, loops, buffers, names);
  loops.delete(stmt.name);
  return fault;
}

/** Checks what a bound, vectorized or matrix loop stands inside of and what it holds. */
function checkMode(loop: For, around: readonly For[]): string | null {
  const matrix = checkMatrix(loop, around);
  if (matrix !== null) return matrix;
  if (loop.mode === 'vectorized' && loop.body.kind !== 'block')
    return `the vectorized loop ${loop.name} holds more than a block`;
  if (loop.mode === 'subgroup.x' && !isPowerOfTwo(loop.extent))
    return `the subgroup loop ${loop.name} has ${loop.extent} iterations, which is no power of two`;
  if (!loop.mode.startsWith('workgroup')) return null;
  for (const outer of around) {
    if (outer.mode === loop.mode) return `loops ${outer.name} and ${loop.name} inside it are both ${loop.mode}`;
    if (!outer.mode.startsWith('workgroup') && outer.extent > 1)
      return `the workgroup loop ${loop.name} stands inside ${outer.name}, which is ${outer.mode}`;
  }
  return null;
}

/** Matrix loops must stand two or three in each other around one block, and inside no loop over lanes along x, which run them together. */
function checkMatrix(loop: For, around: readonly For[]): string | null {
  const outer = around.at(-1);
  if (loop.mode !== 'matrix')
    return outer?.mode === 'matrix' ? `the matrix loop ${outer.name} holds ${loop.name}, which is ${loop.mode}` : null;
  const count = around.filter((other) => other.mode === 'matrix').length + 1;
  if (loop.body.kind === 'seq') return `the matrix loop ${loop.name} holds more than a block`;
  if (count > 3 || (loop.body.kind === 'block' && count < 2))
    return `block nest of ${loop.name} has ${count} matrix loops, expected two or three`;
  const lanes = around.find((other) => laneAxisOf(other.mode) === 'x');
  if (lanes !== undefined)
    return `the matrix loop ${loop.name} stands inside ${lanes.name}, which is ${lanes.mode}: a subgroup's lanes are along x`;
  return null;
}

/** Lanes of a subgroup must combine terms of one element, and each must keep the result for itself. */
function checkSubgroup(
  block: Block,
  loops: ReadonlyMap<string, For>,
  buffers: ReadonlyMap<string, Buffer>,
): string | null {
  for (const loop of loops.values()) {
    if (!reducesAcross(block, loop)) continue;
    const mixed = block.iters.find((iter) => iter.type !== 'reduction' && varsOf(iter.binding).has(loop.name));
    if (mixed !== undefined)
      return `the subgroup loop ${loop.name} drives the reduction of block ${block.name} and also its iter ${mixed.name}`;
    const shared = block.writes.find((write) => buffers.get(write.buffer)?.scope !== 'private');
    if (shared !== undefined)
      return `block ${block.name} reduces across the subgroup loop ${loop.name} into ${shared.buffer}, which is not private`;
  }
  return null;
}

/** An inner loop on the same invocation axis enumerates the same invocations again: a block driven by both would miss elements. */
function checkAxes(block: Block, loops: ReadonlyMap<string, For>): string | null {
  const driver = new Map<GridAxis, string>();
  const used = new Set<string>();
  for (const expr of [...block.iters.map((iter) => iter.binding), ...block.predicate]) varsOf(expr, used);
  for (const name of used) {
    const axis = laneAxisOf(loops.get(name)?.mode ?? 'serial');
    if (axis === null) continue;
    const other = driver.get(axis);
    if (other !== undefined)
      return `block ${block.name} is driven by ${other} and ${name}, which are both invocation.${axis}`;
    driver.set(axis, name);
  }
  return null;
}

type Names = Pick<ReadonlySet<string>, 'has'>;

function checkBlock(
  block: Block,
  loops: ReadonlyMap<string, For>,
  buffers: ReadonlyMap<string, Buffer>,
): string | null {
  const iters = new Set<string>();
  for (const iter of block.iters) {
    if (iters.has(iter.name)) return `block ${block.name} has two iters named ${iter.name}`;
    iters.add(iter.name);
    if (!isExtent(iter.extent)) return `iter ${iter.name} of block ${block.name} has extent ${iter.extent}`;
    const stray = strayVar(iter.binding, loops);
    if (stray !== null)
      return `iter ${iter.name} of block ${block.name} is bound to ${stray}, which is no loop around it`;
    if (block.reducer === null && iter.type === 'reduction')
      return `block ${block.name} has a reduction iter but no reducer`;
  }
  for (const condition of block.predicate) {
    const stray = strayVar(condition, loops);
    if (stray !== null) return `the predicate of block ${block.name} uses ${stray}, which is no loop around it`;
  }
  const clash = checkAxes(block, loops) ?? checkSubgroup(block, loops, buffers);
  if (clash !== null) return clash;
  if (block.writes.length === 0) return `block ${block.name} writes nothing`;
  const uneven = checkReducer(block, buffers);
  if (uneven !== null) return uneven;
  for (const write of block.writes) {
    for (const expr of [...write.indices, write.value]) {
      const fault = checkExpr(expr, iters, buffers, block);
      if (fault !== null) return fault;
    }
    const target = buffers.get(write.buffer);
    if (target === undefined) return `block ${block.name} writes ${write.buffer}, which is not declared`;
    if (target.shape.length !== write.indices.length)
      return `block ${block.name} writes ${write.buffer} with ${write.indices.length} indices, expected ${target.shape.length}`;
    for (const iter of block.iters) {
      if (iter.type === 'reduction' && write.indices.some((index) => varsOf(index).has(iter.name))) {
        return `block ${block.name} writes ${write.buffer} at an index that depends on the reduction iter ${iter.name}`;
      }
    }
  }
  return null;
}

/** A reducer combines tuples: it needs one write per value, no two of them to one buffer. */
function checkReducer(block: Block, buffers: ReadonlyMap<string, Buffer>): string | null {
  if (block.reducer === null) return null;
  const { op } = block.reducer;
  const { arity, floats } = reducers[op];
  if (block.writes.length !== arity)
    return `block ${block.name} has ${block.writes.length} writes, expected ${arity}: ${op} combines ${arity === 1 ? 'one value' : `tuples of ${arity}`}`;
  if (new Set(block.writes.map((write) => write.buffer)).size < arity)
    return `block ${block.name} combines two values into one buffer`;
  for (const { buffer } of block.writes) {
    const dtype = buffers.get(buffer)?.dtype ?? 'f32';
    if (floats && dtype !== 'f32' && dtype !== 'f16')
      return `block ${block.name} combines ${op} in ${buffer}, which is ${dtype}, expected floats`;
  }
  return null;
}

function checkExpr(
  expr: Expr,
  iters: ReadonlySet<string>,
  buffers: ReadonlyMap<string, Buffer>,
  block: Block,
): string | null {
  let fault: string | null = null;
  walkExpr(expr, (node) => {
    if (fault !== null) return false;
    if (node.kind === 'var' && !iters.has(node.name))
      fault = `block ${block.name} uses ${node.name} in ${printExpr(expr)}, which is no iter of it`;
    if (node.kind === 'load') {
      const buffer = buffers.get(node.buffer);
      if (buffer === undefined) fault = `block ${block.name} reads ${node.buffer}, which is not declared`;
      else if (buffer.shape.length !== node.indices.length)
        fault = `block ${block.name} reads ${node.buffer} with ${node.indices.length} indices, expected ${buffer.shape.length}`;
    }
    return true;
  });
  return fault;
}

function strayVar(expr: Expr, allowed: Names): string | null {
  for (const name of varsOf(expr)) if (!allowed.has(name)) return name;
  return null;
}
