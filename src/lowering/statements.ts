import { identityOf } from '../ir/builders.ts';
import type { KExpr, Kernel, KernelBinding, KStmt, Width } from '../ir/kernel.ts';
import type { BinaryOp, ReduceOp } from '../ir/nodes.ts';
import { conditionCode } from './index-code.ts';
import type { Plan, Planned, PlannedBlock } from './layout.ts';
import { allocate, currentValue, nameValue, placeOf, storePlace } from './places.ts';
import { type Emission, openScope, touch, within } from './scope.ts';
import { combineLanes } from './subgroups.ts';
import type { BlockNode, Body, GuardNode, KernelTree, Node } from './tree.ts';
import { bool, op, typeOf } from './types.ts';
import { binaryCode, choose, convert, isVector, type Lane, splat, valueCode } from './value-code.ts';

/** Pass 9: the statements of one kernel: unrolled loops written out, indices computed as far out as they are known. */
export function emitKernel(tree: KernelTree, plan: Plan, bufferOrder: readonly string[]): Kernel {
  const scope = openScope(null, true);
  const emission: Emission = {
    tree,
    variables: plan.variables,
    layouts: plan.layouts,
    loops: [scope],
    scope,
    iteration: new Map(),
    taken: new Set(['wg', 'lid', ...tree.buffers.keys(), ...tree.ranges.keys()]),
    versions: new Map(),
    elementNames: new Map(),
    differences: new Map(),
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

function emitBody(emission: Emission, body: Body, plan: Plan): void {
  for (const buffer of body.allocations) allocate(emission, buffer);
  for (const node of body.nodes) emitNode(emission, node, plan);
}

function emitNode(emission: Emission, node: Node, plan: Plan): void {
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
      for (let i = 0; i < node.extent; i++) {
        emission.iteration.set(node.name, i);
        emitBody(emission, node.body, plan);
      }
      return;
    }
  }
}

function emitVector(emission: Emission, node: BlockNode | GuardNode, plan: Plan, lane: Lane): void {
  if (node.kind === 'block') emitBlock(emission, node, plan.blocks.get(node) as PlannedBlock, lane);
  else emitUnder(emission, node, () => emitVector(emission, node.body.nodes[0] as BlockNode | GuardNode, plan, lane));
}

function emitGuard(emission: Emission, node: GuardNode, plan: Plan): void {
  emitUnder(emission, node, () => emitBody(emission, node.body, plan));
}

/** Guards are decided over all lanes of the workgroup: a block's own bounds already assume them. */
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
  // Two conjuncts may come down to one named comparison.
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
  block.writes.forEach((write, position) => {
    const target = planned.writes[position] as Planned;
    const scalarStores = lane !== null && !isVector(target, emission, lane);
    if (lane !== null && scalarStores && (block.reducer !== null || target.motion === 'still')) {
      for (let i = 0; i < lane.width; i++) {
        emission.iteration.set(lane.name, i);
        emitWrite(emission, block, planned, target, write.value, null);
      }
      emission.iteration.set(lane.name, 0);
    } else if (lane !== null && scalarStores) {
      const value = filled(emission, block, planned, write.value, lane);
      const named = value.type.width === 1 ? value : nameValue(emission, value, `${block.name}_value`);
      for (let i = 0; i < lane.width; i++) {
        emission.iteration.set(lane.name, i);
        const part: KExpr =
          named.type.width === 1 ? named : { kind: 'component', type: typeOf(named.type.scalar, 1), of: named, at: i };
        store(emission, target, part, 1);
      }
      emission.iteration.set(lane.name, 0);
    } else emitWrite(emission, block, planned, target, write.value, lane);
  });
}

const combining: Record<ReduceOp, BinaryOp> = { sum: 'add', max: 'max', min: 'min' };

function emitWrite(
  emission: Emission,
  block: BlockNode,
  planned: PlannedBlock,
  target: Planned,
  value: BlockNode['writes'][number]['value'],
  lane: Lane | null,
): void {
  const code = filled(emission, block, planned, value, lane);
  const width = lane === null ? 1 : lane.width;
  const { reducer } = block;
  if (reducer === null) {
    store(emission, target, code, width);
    return;
  }
  const place = placeOf(emission, target, width);
  const combine = (a: KExpr, b: KExpr): KExpr => binaryCode(combining[reducer.op], a, b);
  let term = convert(code, place.layout.scalar);
  if (block.across > 1) term = combineLanes(emission, block, term, combine);
  storePlace(emission, place, combine(currentValue(emission, place), term));
}

function store(emission: Emission, target: Planned, value: KExpr, width: Width): void {
  const place = placeOf(emission, target, width);
  storePlace(emission, place, splat(convert(value, place.layout.scalar), width));
}

/** The value, or where the block's fill conditions fail the reduction's identity, or zero. */
function filled(
  emission: Emission,
  block: BlockNode,
  planned: PlannedBlock,
  value: BlockNode['writes'][number]['value'],
  lane: Lane | null,
): KExpr {
  const inside = allOf(emission, block.fill, block.ranges, block.name);
  const scalar = (planned.writes[0] as Planned).access.region.buffer.dtype;
  const neutral: KExpr = {
    kind: 'literal',
    type: typeOf(scalar, 1),
    value: block.reducer === null ? 0 : identityOf(block.reducer.op, scalar).value,
  };
  if (inside === false) return neutral;
  const code = valueCode(value, { emission, block, planned, lane });
  return inside === true ? code : choose(inside, convert(code, scalar), neutral);
}
