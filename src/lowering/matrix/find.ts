import type { KMatrix } from '../../ir/kernel.ts';
import type { DeviceLimits, SubgroupMatrixConfig } from '../../ir/limits.ts';
import type { Buffer, Expr, LoadExpr } from '../../ir/nodes.ts';
import { usesVar } from '../../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import type { BlockAccesses, FlatAccess } from '../analysis/accesses.ts';
import { type BlockNode, type KernelTree, type LoopNode, walkBlocks } from '../tree.ts';
import { knownLoops, type MatrixTile, requireKnown, requireOneOwner } from './held.ts';
import { orderOf, requireAligned } from './memory.ts';

/** The matrix nests of a kernel, and the workgroup buffers that need no memory because each subgroup holds its part as matrices. */
export interface Matrices {
  readonly tiles: ReadonlyMap<BlockNode, MatrixTile>;
  readonly held: ReadonlySet<string>;
}

const noMatrices: Matrices = { tiles: new Map(), held: new Set() };

/** Reads the nests of matrix loops as matrix instructions of the device, or says why they cannot be. */
export function findMatrices(
  tree: KernelTree,
  accesses: ReadonlyMap<BlockNode, BlockAccesses>,
  limits: DeviceLimits,
): Matrices | Refusal {
  const nests = new Map<BlockNode, readonly LoopNode[]>();
  const touched = new Set<string>();
  walkBlocks(tree.body, (block, path) => {
    const loops = path.filter((node): node is LoopNode => node.kind === 'loop' && node.mode === 'matrix');
    const own = accesses.get(block);
    if (loops.length > 0) nests.set(block, loops);
    else if (own !== undefined)
      for (const { region } of [...own.writes, ...own.loads.values()]) touched.add(region.buffer.name);
  });
  if (nests.size === 0) return noMatrices;
  const subgroups = requireSubgroups(tree, limits);
  if (subgroups !== null) return subgroups;
  const tiles = new Map<BlockNode, MatrixTile>();
  for (const [block, loops] of nests) {
    const tile = tileOf(block, loops, accesses.get(block) as BlockAccesses);
    if (isRefusal(tile)) return tile;
    const refused = requireHeld(tile, touched) ?? requireMemory(tile) ?? requireConfig(tile, limits);
    if (refused !== null) return refused;
    tiles.set(block, tile);
  }
  const known = knownLoops(tree.body);
  const held = new Map<string, FlatAccess[]>();
  for (const { held: access } of tiles.values()) {
    const { name } = access.region.buffer;
    held.set(name, [...(held.get(name) ?? []), access]);
  }
  for (const { held: access, memory } of tiles.values()) {
    const outside = memory.find((other) => held.has(other.access.region.buffer.name));
    if (outside !== undefined) return inMemory(outside.access.region.buffer, access.block);
  }
  for (const list of held.values()) {
    const refused = requireOneOwner(list, tiles) ?? requireKnown(list, known);
    if (refused !== null) return refused;
  }
  return { tiles, held: new Set(held.keys()) };
}

/** Subgroups must be known, and lie along x: see device/lane-order.ts. */
function requireSubgroups({ name }: KernelTree, { subgroupMaxSize }: DeviceLimits): Refusal | null {
  if (subgroupMaxSize > 0) return null;
  return refuse(
    'matrix-subgroup',
    () => `kernel ${name} uses subgroup matrices, and the device has no subgroups whose lanes are known`,
    () => 'the emulated form runs everywhere',
  );
}

function tileOf(block: BlockNode, loops: readonly LoopNode[], { writes, loads }: BlockAccesses): MatrixTile | Refusal {
  // Loops of one iteration have vanished before.
  const [rows, columns, depth = null] = loops;
  const [write] = block.writes;
  const [target] = writes;
  const unlike = refuse(
    'no-matrix-operation',
    () => `block ${block.name} is no product, fill or copy of matrices`,
    () => 'keep casts, sums and functions out of it: a block of its own computes them from workgroup memory',
  );
  if (rows === undefined || columns === undefined) return unlike;
  if (write === undefined || target === undefined || writes.length !== 1) return unlike;
  const { value } = write;
  const result = target.region.buffer.dtype;
  if (depth === null) {
    if (block.reducer !== null) return unlike;
    if (value.kind === 'float') return { does: 'fill', rows, columns, depth, held: target, memory: [] };
    const source = value.kind === 'load' ? loads.get(value) : undefined;
    if (source === undefined || source.region.buffer.dtype !== result) return unlike;
    const matrix = matrixOf('result', result, rows, columns);
    if (matrix === null) return unlike;
    return { does: 'store', rows, columns, depth, held: source, memory: [{ access: target, load: null, matrix }] };
  }
  if (block.reducer?.op !== 'sum' || value.kind !== 'binary' || value.op !== 'mul') return unlike;
  const factors = [value.a, value.b].map((factor) => elementOf(factor, result, loads));
  const left = factors.find((access) => access !== null && usesVar(access.access.flat, rows.name));
  const right = factors.find((access) => access !== null && usesVar(access.access.flat, columns.name));
  if (!left || !right || left === right) return unlike;
  const shapes = [
    matrixOf('left', typeOf(left), rows, depth),
    matrixOf('right', typeOf(right), depth, columns),
  ] as const;
  if (shapes[0] === null || shapes[1] === null) return unlike;
  const memory = [
    { ...left, matrix: shapes[0] },
    { ...right, matrix: shapes[1] },
  ];
  return { does: 'multiply', rows, columns, depth, held: target, memory };
}

interface Element {
  readonly access: FlatAccess;
  readonly load: LoadExpr;
}
const typeOf = ({ access }: Element): Buffer['dtype'] => access.region.buffer.dtype;

/** The element that a factor loads, looking through a cast to the type in which products are added up. */
function elementOf(factor: Expr, result: Buffer['dtype'], loads: ReadonlyMap<LoadExpr, FlatAccess>): Element | null {
  const load = factor.kind === 'cast' && factor.dtype === result ? factor.a : factor;
  const access = load.kind === 'load' ? loads.get(load) : undefined;
  if (load.kind !== 'load' || access === undefined) return null;
  return factor.kind === 'cast' || access.region.buffer.dtype === result ? { access, load } : null;
}

function matrixOf(use: KMatrix['use'], scalar: Buffer['dtype'], rows: LoopNode, columns: LoopNode): KMatrix | null {
  return scalar === 'bool' ? null : { use, scalar, rows: rows.extent, columns: columns.extent };
}

/** Requires that only matrix nests touch a buffer that subgroups are to hold. */
function requireHeld({ held }: MatrixTile, touched: ReadonlySet<string>): Refusal | null {
  const { buffer } = held.region;
  return buffer.scope !== 'workgroup' || touched.has(buffer.name) ? inMemory(buffer, held.block) : null;
}

function inMemory({ name, scope }: Buffer, block: BlockNode): Refusal {
  return refuse(
    'matrix-in-memory',
    () =>
      scope === 'workgroup'
        ? `${name}, which block ${block.name} would hold as matrices, is read or written element by element too`
        : `block ${block.name} would hold ${name} as matrices, which lies in ${scope} memory`,
    () => 'give the sums a workgroup buffer of their own (cacheWrite) that only matrix nests touch',
  );
}

/** Requires that the tile runs for all lanes and subgroups alike, and that its matrices lie in memory as the device wants them. */
function requireMemory({ rows, columns, depth, memory, held: { block } }: MatrixTile): Refusal | null {
  const loops = [rows.name, columns.name, ...(depth === null ? [] : [depth.name])];
  if (block.guards.length > 0 || block.fill.length > 0)
    return refuse(
      'matrix-guarded',
      () => `block ${block.name} does not run for all elements and subgroups alike, and a matrix is moved whole`,
      () => 'split by factors that divide, or pad, and give every subgroup its own tiles',
    );
  for (const { access, matrix } of memory) {
    const { buffer } = access.region;
    if (buffer.scope === 'private' || buffer.scope === 'subgroup' || access.clamped)
      return refuse(
        'matrix-operand',
        () =>
          `block ${block.name} takes ${buffer.name} from ${buffer.scope} memory${access.clamped ? ' with clamps' : ''}`,
        () => 'matrices are loaded from storage or workgroup memory, at indices that are in range',
      );
    const [down, across] = namesOf(matrix, rows, columns, depth);
    const order = orderOf(access, down, across, matrix);
    if (order === null)
      return refuse(
        'matrix-order',
        () => `block ${block.name}: neither rows nor columns of the tile of ${buffer.name} lie together in memory`,
        () => 'transformLayout it, or copy it to workgroup memory',
      );
    const refused = requireAligned(access, order, loops, matrix);
    if (refused !== null) return refused;
  }
  return null;
}

/** The loops over a matrix's own rows and columns. */
export function namesOf(
  { use }: KMatrix,
  rows: LoopNode,
  columns: LoopNode,
  depth: LoopNode | null,
): readonly [down: string, across: string] {
  const deep = (depth ?? rows).name;
  return use === 'left' ? [rows.name, deep] : use === 'right' ? [deep, columns.name] : [rows.name, columns.name];
}

export function describeConfig({ component, result, m, n, k }: SubgroupMatrixConfig): string {
  return `${m}x${n}x${k} of ${component} into ${result}`;
}

function requireConfig(tile: MatrixTile, { subgroupMatrix }: DeviceLimits): Refusal | null {
  const { does, rows, columns, depth, memory, held } = tile;
  const configs = subgroupMatrix?.configs ?? [];
  const result = held.region.buffer.dtype;
  const [left, right] = memory;
  const fits = configs.some(
    (config) =>
      config.m === rows.extent &&
      config.n === columns.extent &&
      config.result === result &&
      (does !== 'multiply' ||
        (config.k === depth?.extent &&
          left?.matrix.scalar === config.component &&
          right?.matrix.scalar === config.component)),
  );
  if (fits) return null;
  const shape = [rows, columns, ...(depth === null ? [] : [depth])].map(({ extent }) => extent).join('x');
  const types = does === 'multiply' ? `${left?.matrix.scalar} and ${right?.matrix.scalar} into ${result}` : result;
  return refuse(
    'matrix-config',
    () => `block ${held.block.name} needs subgroup matrices of ${shape}, ${types}`,
    () =>
      configs.length === 0
        ? 'the device has no subgroup matrices; the emulated form runs everywhere'
        : `the device has ${configs.map(describeConfig).join('; ')}`,
  );
}
