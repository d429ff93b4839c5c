import type { KExpr, Kernel, KernelBinding, KStmt, Width } from '../../ir/kernel.ts';
import type { DType, ReduceOp, Reducer } from '../../ir/nodes.ts';
import { reducers } from '../../ir/reducers.ts';
import { assert } from '../../support/errors.ts';
import type { Matrices } from '../matrix/find.ts';
import { emitMatrices } from '../matrix/matrix-code.ts';
import type { LayoutPlan, Planned, PlannedBlock } from '../passes/layout.ts';
import type { BlockNode, Body, GuardNode, KernelTree, LoopNode, Node } from '../tree.ts';
import { type CombinedTerm, combineCode } from './combine.ts';
import { allocate, currentValue, type ElementPlace, nameValue, pinValue, placeOf, storePlace } from './elements.ts';
import { type Emission, touch, within } from './emission.ts';
import { conditionCode } from './index-code.ts';
import { openScope } from './scope.ts';
import { combineLanes } from './subgroups.ts';
import { bool, op, typeOf } from './types.ts';
import { choose, convert, isVector, type Lane, positionCode, splat, valueCode } from './value-code.ts';

/** Pass 9: the statements of one kernel: unrolled loops written out, indices computed as far out as they are known. */
export function emitKernel(
  tree: KernelTree,
  plan: LayoutPlan,
  matrices: Matrices,
  bufferOrder: readonly string[],
): Kernel {
  const scope = openScope(null, true);
  const emission: Emission = {
    tree,
    variables: plan.variables,
    layouts: plan.layouts,
    loops: [scope],
    scope,
    iteration: new Map(),
    matrices,
    taken: new Set(['wg', 'lid', ...tree.buffers.keys(), ...tree.ranges.keys()]),
    versions: new Map(),
    elementNames: new Map(),
    differences: new Map(),
    held: new Map(),
    position: (expr, ranges) => positionCode(emission, expr, ranges),
  };
  emitBody(emission, tree.body, plan);
  const bindings: KernelBinding[] = [];
  for (const name of bufferOrder) {
    const layout = plan.layouts.get(name);
    if (layout?.kind !== 'storage') continue;
    const access = layout.readOnly ? 'read' : 'read_write';
    bindings.push({ buffer: name, access, element: typeOf(layout.scalar, layout.width), length: layout.length });
  }
  const shared = [...plan.layouts.values()]
    .filter((layout) => layout.kind === 'workgroup')
    .map(({ region, scalar, width, length }) => ({ name: region.buffer.name, element: typeOf(scalar, width), length }));
  const { name, dispatch, workgroupSize } = tree;
  return { name, dispatch, workgroupSize, bindings, shared, body: scope.statements };
}

function emitBody(emission: Emission, body: Body, plan: LayoutPlan): void {
  for (const buffer of body.allocations) allocate(emission, buffer);
  for (const node of body.nodes) emitNode(emission, node, plan);
}

function emitNode(emission: Emission, node: Node, plan: LayoutPlan): void {
  switch (node.kind) {
    case 'block':
      emitBlock(emission, node, plan.blocks.get(node) as PlannedBlock, null);
      return;
    case 'lanes':
      emitBody(emission, node.body, plan);
      return;
    case 'guard':
      emitGuard(emission, node, plan);
      return;
    case 'barrier':
      emission.scope.statements.push({ kind: 'barrier' });
      for (const layout of emission.layouts.values()) if (!layout.readOnly) touch(emission, layout.region.buffer.name);
      return;
    case 'loop': {
      if (node.mode === 'serial') {
        const body = within(emission, true, () => emitBody(emission, node.body, plan));
        if (body.length > 0)
          emission.scope.statements.push({ kind: 'for', name: node.name, extent: node.extent, body });
        return;
      }
      if (node.mode === 'vectorized') {
        const block = node.body.nodes[0] as BlockNode | GuardNode;
        emission.iteration.set(node.name, 0);
        const lane: Lane = { name: node.name, width: node.extent as Width };
        emitVector(emission, block, plan, lane);
        return;
      }
      if (node.mode === 'matrix') {
        emitTile(emission, node, plan);
        return;
      }
      for (let i = 0; i < node.extent; i++) {
        emission.iteration.set(node.name, i);
        emitBody(emission, node.body, plan);
      }
      return;
    }
  }
}

/** The block in the middle of a nest of matrix loops; its guards stand around the nest. */
function emitTile(emission: Emission, loop: LoopNode, plan: LayoutPlan): void {
  let [node] = loop.body.nodes;
  while (node?.kind === 'loop') [node] = node.body.nodes;
  assert(node?.kind === 'block', () => `the matrix loop ${loop.name} holds no block`);
  const tile = emission.matrices.tiles.get(node);
  assert(tile !== undefined, () => `${node.name} is no matrix instruction`);
  emitMatrices(emission, node, plan.blocks.get(node) as PlannedBlock, tile);
}

function emitVector(emission: Emission, node: BlockNode | GuardNode, plan: LayoutPlan, lane: Lane): void {
  if (node.kind === 'block') emitBlock(emission, node, plan.blocks.get(node) as PlannedBlock, lane);
  else emitUnder(emission, node, () => emitVector(emission, node.body.nodes[0] as BlockNode | GuardNode, plan, lane));
}

function emitGuard(emission: Emission, node: GuardNode, plan: LayoutPlan): void {
  emitUnder(emission, node, () => emitBody(emission, node.body, plan));
}

/** Writes statements under a guard, which is decided over all lanes of the workgroup: a block's own bounds already assume its guards. */
function emitUnder(emission: Emission, node: GuardNode, emit: () => void): void {
  const condition = allOf(emission, node.conditions, emission.tree.ranges, 'index');
  if (condition === true) emit();
  if (typeof condition === 'boolean') return;
  const body: KStmt[] = within(emission, false, emit);
  if (body.length > 0) emission.scope.statements.push({ kind: 'if', condition, body });
}

function allOf(
  emission: Emission,
  conditions: GuardNode['conditions'],
  ranges: KernelTree['ranges'],
  hint: string,
): KExpr | boolean {
  // Two conjuncts may turn out to be the same named comparison.
  const codes = new Set<KExpr>();
  for (const condition of conditions) {
    const code = conditionCode(emission, condition, ranges, hint);
    if (code === false) return false;
    if (code !== true) codes.add(code);
  }
  const [first, ...rest] = codes;
  return first === undefined ? true : rest.reduce((all, code) => op('and', all, code, bool), first);
}

function emitBlock(emission: Emission, block: BlockNode, planned: PlannedBlock, lane: Lane | null): void {
  if (block.reducer !== null) {
    const whole =
      planned.writes.length === 1 && lane !== null && isVector(planned.writes[0] as Planned, emission, lane);
    if (lane === null || whole) emitReduction(emission, block, planned, block.reducer.op, lane);
    else eachLane(emission, lane, () => emitReduction(emission, block, planned, (block.reducer as Reducer).op, null));
    return;
  }
  block.writes.forEach(({ value }, position) => {
    const target = planned.writes[position] as Planned;
    if (lane === null || isVector(target, emission, lane)) {
      store(emission, target, filled(emission, block, planned, target, value, lane), lane === null ? 1 : lane.width);
    } else if (target.motion === 'still') {
      eachLane(emission, lane, () => store(emission, target, filled(emission, block, planned, target, value, null), 1));
    } else {
      const vector = filled(emission, block, planned, target, value, lane);
      const named = vector.type.width === 1 ? vector : nameValue(emission, vector, `${block.name}_value`);
      eachLane(emission, lane, (at) => {
        const part: KExpr =
          named.type.width === 1 ? named : { kind: 'component', type: typeOf(named.type.scalar, 1), of: named, at };
        store(emission, target, part, 1);
      });
    }
  });
}

function eachLane(emission: Emission, lane: Lane, emit: (at: number) => void): void {
  for (let i = 0; i < lane.width; i++) {
    emission.iteration.set(lane.name, i);
    emit(i);
  }
  emission.iteration.set(lane.name, 0);
}

/** Combines the block's values into its elements. All old elements are read, and all results but one computed, before the first store. */
function emitReduction(
  emission: Emission,
  block: BlockNode,
  planned: PlannedBlock,
  op: ReduceOp,
  lane: Lane | null,
): void {
  const width = lane === null ? 1 : lane.width;
  const places = planned.writes.map((target) => placeOf(emission, target, width));
  const added = block.writes.map(({ value }, i) => {
    const code = filled(emission, block, planned, planned.writes[i] as Planned, value, lane);
    return convert(code, (places[i] as ElementPlace).layout.scalar);
  });
  const dtypes = places.map(({ layout }) => layout.region.buffer.dtype);
  const shared = block.across > 1 ? combineLanes(emission, block, op, added, dtypes) : added;
  const terms = block.writes.map(
    ({ buffer }, i): CombinedTerm => ({
      added: shared[i] as KExpr,
      old: currentValue(emission, places[i] as ElementPlace),
      dtype: dtypes[i] as DType,
      oldName: `${buffer}_old`,
      addedName: `${block.name}_value`,
    }),
  );
  const results = combineCode(emission, op, terms, `${block.name}_both`).map((result, i) =>
    i === 0 ? result : pinValue(emission, result, `${block.writes[i]?.buffer}_next`),
  );
  results.forEach((result, i) => {
    storePlace(emission, places[i] as ElementPlace, result);
  });
}

function store(emission: Emission, target: Planned, value: KExpr, width: Width): void {
  const place = placeOf(emission, target, width);
  storePlace(emission, place, splat(convert(value, place.layout.scalar), width));
}

/** The value; where the block's fill conditions fail, the reduction's identity, or zero without a reduction. */
function filled(
  emission: Emission,
  block: BlockNode,
  planned: PlannedBlock,
  target: Planned,
  value: BlockNode['writes'][number]['value'],
  lane: Lane | null,
): KExpr {
  const inside = allOf(emission, block.fill, block.ranges, block.name);
  const dtypes = planned.writes.map(({ access }) => access.region.buffer.dtype);
  const position = planned.writes.indexOf(target);
  const scalar = dtypes[position] as DType;
  const outside = block.reducer === null ? 0 : (reducers[block.reducer.op].identity(dtypes)[position]?.value ?? 0);
  const neutral: KExpr = { kind: 'literal', type: typeOf(scalar, 1), value: outside };
  if (inside === false) return neutral;
  const code = valueCode(value, { emission, block, planned, lane });
  return inside === true ? code : choose(inside, convert(code, scalar), neutral);
}
