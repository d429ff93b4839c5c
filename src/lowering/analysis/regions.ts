import type { Interval, Ranges } from '../../arithmetic/bounds.ts';
import { type Span, spanOf, wholeSpan } from '../../arithmetic/region.ts';
import { simplify } from '../../arithmetic/simplify.ts';
import { sub } from '../../ir/builders.ts';
import { axes, type Buffer, type Expr, type LoadExpr } from '../../ir/nodes.ts';
import { paddedStrides, paddingOf } from '../../ir/strides.ts';
import { varsOf, walkExpr } from '../../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import { type BlockNode, type Body, type KernelTree, type LanesNode, type LoopNode, walkBlocks } from '../tree.ts';
import { hullOf, liesWithin, stopped } from './hull.ts';

type Enclosing = LoopNode | LanesNode;

/** The part of a buffer that exists in one kernel. Storage buffers are whole. */
export interface Region {
  readonly buffer: Buffer;
  /** Subtracted from the index of each dimension; null where nothing is. */
  readonly base: readonly (Expr | null)[];
  readonly shape: readonly number[];
  /** Elements between neighbours in each dimension, padding included. */
  readonly strides: readonly number[];
  /** Whether each dimension could not be compacted: then an index beyond the shape has no element there. */
  readonly whole: readonly boolean[];
  /** The spans that each writer of a compacted buffer covers, to see whether it covers the region. */
  readonly written: ReadonlyMap<BlockNode, readonly Span[]>;
  /** Conjuncts without which a writer would leave the region. */
  readonly stops: ReadonlySet<Expr>;
}

interface FlatAccess {
  readonly block: BlockNode;
  readonly path: readonly Enclosing[];
  readonly indices: readonly Expr[];
  readonly isWrite: boolean;
}

/** All loads of a block, those inside of indices included. */
export function loadsOf(block: BlockNode): LoadExpr[] {
  const loads: LoadExpr[] = [];
  for (const write of block.writes) {
    for (const expr of [...write.indices, write.value]) {
      walkExpr(expr, (node) => {
        if (node.kind === 'load') loads.push(node);
      });
    }
  }
  return loads;
}

/**
 * Pass 3: shrinks every workgroup, subgroup and private buffer to what is accessed below the innermost place that encloses all its accesses.
 * The variables of loops around that place stand still, the others run. All lanes share a workgroup buffer, so for it lanes run too; for a
 * subgroup buffer those along x do.
 * Returns the regions by buffer and the tree with each buffer allocated at its place.
 */
export function findRegions(tree: KernelTree): { tree: KernelTree; regions: Map<string, Region> } | Refusal {
  const accesses = new Map<string, FlatAccess[]>();
  const note = (name: string, access: FlatAccess): void => {
    const list = accesses.get(name);
    if (list === undefined) accesses.set(name, [access]);
    else list.push(access);
  };
  walkBlocks(tree.body, (block, path) => {
    for (const write of block.writes) note(write.buffer, { block, path, indices: write.indices, isWrite: true });
    for (const load of loadsOf(block)) note(load.buffer, { block, path, indices: load.indices, isWrite: false });
  });

  const regions = new Map<string, Region>();
  const places = new Map<Enclosing | null, string[]>();
  for (const [name, list] of accesses) {
    const buffer = tree.buffers.get(name) as Buffer;
    if (buffer.scope === 'storage') {
      regions.set(name, wholeRegion(buffer));
      continue;
    }
    const place = commonPath(list);
    if (buffer.scope !== 'workgroup') {
      const spread = buffer.scope === 'subgroup';
      const stray = list.find(
        (access) => access.isWrite && access.path.some((node) => keepsOut(node, access, place, spread)),
      );
      if (stray !== undefined)
        return refuse(
          across(buffer),
          () =>
            `${buffer.scope} buffer ${name} is accessed by block ${stray.block.name} in an invocation loop that does not enclose its other accesses`,
          () => 'keep it in workgroup memory, or move all its accesses under the same invocation loops',
        );
      const more = list.find(
        (access) => !access.isWrite && list.some((other) => other.isWrite && reachesBeyond(access, other)),
      );
      if (more !== undefined)
        return refuse(
          across(buffer),
          () => `block ${more.block.name} reads ${buffer.scope} buffer ${name} in more invocations than write it`,
          () => 'bind the loops around both to as many invocations as the loop inside them takes',
        );
      const lanes = place.find((node) => node.kind === 'lanes' && node.subgroup);
      if (spread && lanes !== undefined)
        return refuse(
          across(buffer),
          () =>
            `subgroup buffer ${name} is written and read in the same loop ${lanes.name} over the lanes of a subgroup`,
          () => `make it private, or read it after ${lanes.name} has ended`,
        );
    }
    const region = compact(buffer, list, place);
    if (isRefusal(region)) return region;
    regions.set(name, region);
    const at = place[place.length - 1] ?? null;
    places.set(at, [...(places.get(at) ?? []), name]);
  }
  return { tree: { ...tree, body: allocate(tree.body, null, places) }, regions };
}

/**
 * Whether lanes that do not run a write need what it writes: the write stands in a lane loop that does not enclose the buffer's other
 * accesses. (Reads may stand so, because outside the loop all lanes write.) The lanes of a subgroup all have the result of a reduction that
 * they share, and lanes over which a buffer is `spread` give their elements to each other.
 */
function keepsOut(node: Enclosing, { block }: FlatAccess, place: readonly Enclosing[], spread: boolean): boolean {
  return node.kind === 'lanes' && !place.includes(node) && !(node.subgroup && (spread || block.across > 1));
}

/** Whether a block runs in invocations that another block leaves out, because it stands in a wider loop over the same axis. */
function reachesBeyond({ block }: FlatAccess, { block: other }: FlatAccess): boolean {
  return axes.some((axis) => {
    const id = `lid.${axis}`;
    return (block.ranges.get(id)?.max ?? 0) > (other.ranges.get(id)?.max ?? 0);
  });
}

/** The refusal's name where a buffer is written by other invocations than those that could read it. */
const across = ({ scope }: Buffer): string =>
  scope === 'subgroup' ? 'across-subgroups' : 'private-across-invocations';

function wholeRegion(buffer: Buffer): Region {
  return {
    buffer,
    base: buffer.shape.map(() => null),
    shape: buffer.shape,
    strides: paddedStrides(buffer.shape, 0),
    whole: buffer.shape.map(() => true),
    written: new Map(),
    stops: new Set(),
  };
}

function commonPath(list: readonly FlatAccess[]): readonly Enclosing[] {
  let common = list[0]?.path ?? [];
  for (const { path } of list) {
    let length = 0;
    while (length < common.length && common[length] === path[length]) length++;
    common = common.slice(0, length);
  }
  // Vectorised and matrix loops are one instruction: no buffer can live inside.
  const at = common.findIndex((node) => node.kind === 'loop' && (node.mode === 'vectorized' || node.mode === 'matrix'));
  return at < 0 ? common : common.slice(0, at);
}

function compact(buffer: Buffer, list: readonly FlatAccess[], place: readonly Enclosing[]): Region | Refusal {
  const fixed = new Set(['wg.x', 'wg.y', 'wg.z']);
  for (const node of place) {
    if (node.kind === 'loop') fixed.add(node.name);
    else if (buffer.scope === 'private' || (buffer.scope === 'subgroup' && node.axis !== 'x'))
      fixed.add(`lid.${node.axis}`);
  }
  const relaxedIn = ({ block }: FlatAccess): Set<string> => {
    const relaxed = new Set<string>();
    for (const name of block.ranges.keys()) if (!fixed.has(name)) relaxed.add(name);
    return relaxed;
  };
  const spansOf = (access: FlatAccess, relaxed = relaxedIn(access)): readonly Span[] =>
    access.indices.map((index) => spanOf(index, relaxed, access.block.ranges));
  const read = list.filter((access) => !access.isWrite).map((access) => spansOf(access));
  const written = new Map<BlockNode, readonly Span[]>();
  const stops = new Set<Expr>();
  for (const access of list) {
    if (!access.isWrite) continue;
    const relaxed = relaxedIn(access);
    const spans = spansOf(access, relaxed);
    const less = stopped(access.block, access.indices, spans, relaxed);
    for (const stop of less?.stops ?? []) stops.add(stop);
    written.set(access.block, less?.spans ?? spans);
  }
  const moves = (d: number): boolean => [...written.values()].some((spans) => movesWith(spans[d] as Span, buffer));
  const ownCopy = (d: number): Span | null => {
    const holder = hullOf([...written.values()])[d] ?? null;
    const readers = read.map((spans) => spans[d] as Span);
    return holder !== null && liesWithin(readers, holder, widestRanges(list)) ? holder : null;
  };
  const union = hullOf([...read, ...written.values()]).map((span, d) => span ?? (moves(d) ? ownCopy(d) : null));
  const astray = union.findIndex((span, d) => span === null && moves(d));
  if (astray >= 0)
    return refuse(
      buffer.scope === 'workgroup' ? 'workgroup-across-workgroups' : across(buffer),
      () =>
        `${buffer.scope} buffer ${buffer.name} is read where another ${buffer.scope === 'private' ? 'invocation' : buffer.scope} writes it`,
    );
  const spans = union.map((span, d) => span ?? wholeSpan(buffer.shape[d] as number));
  const shape = spans.map((span) => span.extent);
  return {
    buffer,
    base: spans.map((span) => (span.base.kind === 'int' && span.base.value === 0 ? null : span.base)),
    shape,
    // The padding that storageAlign asks for applies to the compacted rows.
    strides: paddedStrides(shape, paddingOf(buffer)),
    whole: union.map((span) => span === null),
    written,
    stops,
  };
}

/** Bounds of the variables around any of the accesses, each the widest that any access has: some leave lanes out. */
function widestRanges(list: readonly FlatAccess[]): Ranges {
  const widest = new Map<string, Interval>();
  for (const { block } of list)
    for (const [name, range] of block.ranges)
      if (range.max > (widest.get(name)?.max ?? Number.NEGATIVE_INFINITY)) widest.set(name, range);
  return widest;
}

/** Whether a span's base depends on the workgroup, or, for a buffer that lanes do not share, on the lane. */
function movesWith(span: Span, buffer: Buffer): boolean {
  return [...varsOf(span.base)].some(
    (name) => name.startsWith('wg.') || (buffer.scope !== 'workgroup' && name.startsWith('lid.')),
  );
}

/** The number of elements that a region takes, padding included. */
export function sizeOf(region: Region): number {
  const outer = region.strides[0] ?? 1;
  return region.shape.length === 0 ? 1 : outer * (region.shape[0] as number);
}

/** The index of one dimension inside the region. */
export function regionIndex(region: Region, dimension: number, index: Expr, block: BlockNode): Expr {
  const base = region.base[dimension];
  return base ? simplify(sub(index, base), block.ranges) : index;
}

function allocate(body: Body, owner: Enclosing | null, places: ReadonlyMap<Enclosing | null, readonly string[]>): Body {
  return {
    allocations: places.get(owner) ?? [],
    nodes: body.nodes.map((node) =>
      node.kind === 'loop' || node.kind === 'lanes' ? { ...node, body: allocate(node.body, node, places) } : node,
    ),
  };
}
