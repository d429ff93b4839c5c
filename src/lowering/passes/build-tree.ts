import { type Interval, rangeOfExtent } from '../../arithmetic/bounds.ts';
import { simplify } from '../../arithmetic/simplify.ts';
import { int, lt, mod, variable } from '../../ir/builders.ts';
import { axes, type Block, type Buffer, type Expr, type For, type GridAxis, type Stmt } from '../../ir/nodes.ts';
import { substitute, usesVar, varsOf, walkStmt } from '../../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import { type BlockNode, bodyOf, type KernelTree, type LoopNode, type Node, noLoads } from '../tree.ts';
import { axisOf, type Grid, isLane, type Part } from './parts.ts';

interface Lane {
  readonly loop: For;
  readonly extent: number;
}

interface Context {
  readonly buffers: ReadonlyMap<string, Buffer>;
  readonly workgroupSize: readonly number[];
  readonly loops: ReadonlyMap<string, Interval>;
  readonly rangesByLanes: Map<string, Map<string, Interval>>;
}

interface ElementPlace {
  /** Loop variables in terms of the variables that are left: `wg.*`, `lid.*` and loops that remain. */
  readonly values: ReadonlyMap<string, Expr>;
  readonly lanes: Readonly<Partial<Record<GridAxis, Lane>>>;
  /** Outer invocation loops whose axis an inner loop enumerates again. */
  readonly shadowed: ReadonlySet<string>;
  /** Inside matrix loops, which all lanes along x run together. */
  readonly inMatrix: boolean;
}

/**
 * Pass 1: one part of a kernel's grid -> its tree. Workgroup loops have become `wg.*`, invocation loops become `lid.*`, loops of one
 * iteration vanish, and blocks get the guards that say which lanes execute them.
 */
export function buildTree(
  part: Part,
  grid: Grid,
  name: string,
  buffers: ReadonlyMap<string, Buffer>,
): KernelTree | Refusal {
  const { dispatch, workgroupSize } = grid;
  const loops = new Map<string, Interval>();
  for (const [i, axis] of axes.entries()) loops.set(`wg.${axis}`, part.workgroups[i] as Interval);
  let refused: Refusal | null = null;
  walkStmt(part.stmt, (node) => {
    if (node.kind !== 'for') return;
    if (node.mode.startsWith('workgroup.'))
      refused ??= refuse(
        'workgroup-not-outermost',
        () => `loop ${node.name} is bound to ${node.mode} but does not stand outermost in its kernel`,
        () => 'workgroup loops stand directly in each other at the top of a kernel, before any other loop or sequence',
      );
    else if (!isLane(node)) loops.set(node.name, rangeOfExtent(node.extent));
    if (node.mode === 'vectorized' && node.extent > 1) {
      if (node.extent > 4 || node.body.kind !== 'block')
        refused ??= refuse(
          'vectorized-nest',
          () => `loop ${node.name} is vectorized with extent ${node.extent} over a ${node.body.kind}`,
          () => 'a vectorized loop has extent 2, 3 or 4 and holds one block and nothing else',
        );
      else if (node.body.iters.some((iter) => iter.type === 'reduction' && usesVar(iter.binding, node.name)))
        refused ??= refuse('vectorized-reduction', () => `loop ${node.name} is vectorized but carries a reduction`);
    }
  });
  if (refused !== null) return refused;

  const context: Context = { buffers, workgroupSize, loops, rangesByLanes: new Map() };
  const nodes = convert(part.stmt, { values: part.values, lanes: {}, shadowed: new Set(), inMatrix: false }, context);
  if (isRefusal(nodes)) return nodes;
  return { name, dispatch, workgroupSize, ranges: rangesFor({}, context), buffers, body: bodyOf(nodes) };
}

function convert(stmt: Stmt, place: ElementPlace, context: Context): Node[] | Refusal {
  if (stmt.kind === 'block') {
    const block = resolve(stmt, place, context);
    if (isRefusal(block)) return block;
    return block === null ? [] : [block];
  }
  if (stmt.kind === 'seq') {
    const nodes: Node[] = [];
    for (const child of stmt.body) {
      const converted = convert(child, place, context);
      if (isRefusal(converted)) return converted;
      nodes.push(...converted);
    }
    return nodes;
  }
  const values = new Map(place.values);
  const inner = (next: ElementPlace): Node[] | Refusal => convert(stmt.body, next, context);
  if (isLane(stmt)) {
    const axis = axisOf(stmt);
    const subgroup = stmt.mode === 'subgroup.x';
    const size = context.workgroupSize[axes.indexOf(axis)] as number;
    if (subgroup && size % stmt.extent !== 0)
      return refuse(
        'subgroup-lanes',
        () => `the ${size} invocations in ${axis} are no whole groups of the ${stmt.extent} lanes of loop ${stmt.name}`,
        () => `bind loops of a multiple of ${stmt.extent} iterations to invocation.${axis}`,
      );
    const id = variable(`lid.${axis}`);
    // Every group of lanes runs a subgroup loop, so that all lanes take part when values are exchanged.
    const lanesOfLoop = subgroup ? size : stmt.extent;
    values.set(stmt.name, stmt.extent === 1 ? int(0) : lanesOfLoop > stmt.extent ? mod(id, int(stmt.extent)) : id);
    const outer = place.lanes[axis];
    const shadowed = outer === undefined ? place.shadowed : new Set([...place.shadowed, outer.loop.name]);
    const lanes = { ...place.lanes, [axis]: { loop: stmt, extent: lanesOfLoop } };
    const nodes = inner({ ...place, values, lanes, shadowed });
    if (isRefusal(nodes)) return nodes;
    return [{ kind: 'lanes', name: stmt.name, axis, extent: stmt.extent, subgroup, body: bodyOf(nodes) }];
  }
  values.set(stmt.name, stmt.extent === 1 ? int(0) : variable(stmt.name));
  const nodes = inner({ ...place, values, inMatrix: place.inMatrix || stmt.mode === 'matrix' });
  if (isRefusal(nodes) || stmt.extent === 1 || nodes.length === 0) return nodes;
  const mode = isLane(stmt) || stmt.mode.startsWith('workgroup.') ? 'serial' : (stmt.mode as LoopNode['mode']);
  return [{ kind: 'loop', name: stmt.name, extent: stmt.extent, mode, body: bodyOf(nodes) }];
}

function rangesFor(lanes: ElementPlace['lanes'], context: Context): Map<string, Interval> {
  const extents = axes.map((axis, i) => lanes[axis]?.extent ?? (context.workgroupSize[i] as number));
  const key = extents.join();
  let ranges = context.rangesByLanes.get(key);
  if (ranges === undefined) {
    ranges = new Map(context.loops);
    for (const [i, axis] of axes.entries()) ranges.set(`lid.${axis}`, rangeOfExtent(extents[i] as number));
    context.rangesByLanes.set(key, ranges);
  }
  return ranges;
}

/** The block in terms of loop variables, or null when it provably never runs. */
function resolve(block: Block, place: ElementPlace, context: Context): BlockNode | Refusal | null {
  const used = new Set<string>();
  for (const iter of block.iters) varsOf(iter.binding, used);
  for (const conjunct of block.predicate) varsOf(conjunct, used);
  for (const outer of place.shadowed) {
    if (used.has(outer))
      return refuse(
        'outer-lane-used',
        () => `block ${block.name} uses ${outer}, but an inner loop of the same axis enumerates its lanes again`,
      );
  }
  const ranges = rangesFor(place.lanes, context);
  const bindings = new Map<string, Expr>();
  const iters = block.iters.map((iter) => {
    const binding = simplify(substitute(iter.binding, place.values), ranges);
    bindings.set(iter.name, binding);
    return { name: iter.name, extent: iter.extent, reduction: iter.type === 'reduction', binding };
  });
  const lanes = place.lanes.x?.loop;
  const subgroup = lanes?.mode === 'subgroup.x' ? lanes : null;
  let across = 1;
  for (const iter of iters) {
    if (!iter.reduction) continue;
    const ids = [...varsOf(iter.binding)].filter((name) => name.startsWith('wg.') || name.startsWith('lid.'));
    if (subgroup !== null && ids.includes('lid.x')) across = subgroup.extent;
    const lane = ids.find((name) => name !== 'lid.x' || subgroup === null);
    if (lane !== undefined)
      return refuse(
        'reduction-across-lanes',
        () =>
          `block ${block.name} reduces over ${iter.name}, which is spread over ${lane.startsWith('wg.') ? 'workgroups' : 'invocations'}`,
        () => 'split the reduction with rfactor first and bind the new spatial loop, or bind the loop to subgroup.x',
      );
  }
  const predicate: Expr[] = [];
  for (const conjunct of block.predicate)
    splitConjunction(simplify(substitute(conjunct, place.values), ranges), predicate);
  if (predicate.some((conjunct) => conjunct.kind === 'int' && conjunct.value === 0)) return null;
  const writes = block.writes.map((write) => ({
    buffer: write.buffer,
    indices: write.indices.map((index) => simplify(substitute(index, bindings), ranges)),
    iters: write.indices.map((index) => (index.kind === 'var' ? index.name : null)),
    value: simplify(substitute(write.value, bindings), ranges),
  }));
  const resolved: BlockNode = {
    kind: 'block',
    name: block.name,
    iters,
    writes,
    reducer: block.reducer,
    across,
    predicate,
    guards: [],
    fill: [],
    clamped: noLoads,
    ranges,
  };
  const guards = laneGuards(resolved, place, context);
  return isRefusal(guards) ? guards : { ...resolved, guards };
}

/** Whether every invocation has registers of its own for a buffer. */
function isOwn(buffer: Buffer | undefined): boolean {
  return buffer?.scope === 'private' || buffer?.scope === 'subgroup';
}

function splitConjunction(expr: Expr, into: Expr[]): void {
  if (expr.kind === 'binary' && expr.op === 'and') {
    splitConjunction(expr.a, into);
    splitConjunction(expr.b, into);
  } else if (!(expr.kind === 'int' && expr.value !== 0)) into.push(expr);
}

/**
 * The guards that say which lanes execute a block. Lanes beyond an invocation loop's extent do not; where all lanes of an axis would write
 * the same element of memory that they share, only lane 0 does.
 */
function laneGuards(block: BlockNode, place: ElementPlace, context: Context): Expr[] | Refusal {
  const scopes = new Set(block.writes.map((write) => isOwn(context.buffers.get(write.buffer))));
  if (scopes.size > 1)
    return refuse('mixed-scopes', () => `block ${block.name} writes private and shared memory at once`);
  const shared = scopes.has(false);
  const guards: Expr[] = [];
  for (const [i, axis] of axes.entries()) {
    const size = context.workgroupSize[i] as number;
    if (size === 1 || (axis === 'x' && place.inMatrix)) continue;
    const lid = `lid.${axis}`;
    const lane = place.lanes[axis];
    const spread =
      lane !== undefined && block.writes.every((write) => write.indices.some((index) => usesVar(index, lid)));
    if (shared && !spread) {
      if (block.writes.some((write) => usesVar(write.value, lid)))
        return refuse(
          'racing-write',
          () => `block ${block.name}: lanes of ${axis} write different values to one element`,
        );
      guards.push(lt(variable(lid), int(1)));
    } else if (lane !== undefined && lane.extent < size) guards.push(lt(variable(lid), int(lane.extent)));
    else if (shared && lane !== undefined && lane.loop.extent < size)
      guards.push(lt(variable(lid), int(lane.loop.extent)));
  }
  return guards;
}
