import type { Scalar, Width } from '../../ir/kernel.ts';
import type { LoadExpr } from '../../ir/nodes.ts';
import { varsOf } from '../../ir/visit.ts';
import type { BlockAccesses, FlatAccess } from '../analysis/accesses.ts';
import { formOf, type IndexForm, type Variables } from '../analysis/index-form.ts';
import { type Region, sizeOf } from '../analysis/regions.ts';
import type { Matrices } from '../matrix/find.ts';
import type { BlockNode, Body } from '../tree.ts';

/** How a region is declared. */
export interface Layout {
  readonly region: Region;
  /** `named`: one variable per element, because every index is a constant. `held`: matrices of a subgroup, without memory. */
  readonly kind: 'storage' | 'workgroup' | 'array' | 'named' | 'held';
  readonly scalar: Scalar;
  /** Elements are vectors of this many of the buffer's elements. */
  readonly width: Width;
  /** In elements. */
  readonly length: number;
  readonly readOnly: boolean;
}

/**
 * How an access moves with the vectorised loop around its block: not at all, one aligned vector, or element by element. `matrix`: with
 * matrix loops, which address scalars.
 */
type Motion = 'still' | 'aligned' | 'spread' | 'matrix';

export interface Planned {
  readonly access: FlatAccess;
  readonly form: IndexForm;
  /** The number of the lane that has the element, where that is another lane (see Exchange). */
  readonly laneForm: IndexForm | null;
  readonly motion: Motion;
}
export interface PlannedBlock {
  readonly writes: readonly Planned[];
  readonly loads: ReadonlyMap<LoadExpr, Planned>;
}
export interface LayoutPlan {
  readonly variables: Variables;
  readonly blocks: ReadonlyMap<BlockNode, PlannedBlock>;
  /** By buffer. */
  readonly layouts: ReadonlyMap<string, Layout>;
}

interface Lane {
  readonly name: string;
  readonly width: Width;
}

/**
 * Pass 8: the shape in which every buffer is declared. A buffer is made of vectors when some access is an aligned vector of that width and
 * every other one is such a vector too or picks a component that is known when the kernel is written; otherwise it stays scalar and
 * vectors are put together. All parts of a kernel declare a buffer alike. Private and subgroup buffers whose indices are all known become
 * named variables (arrays with computed indices spill).
 */
export function planLayouts(parts: readonly Settled[]): LayoutPlan[] {
  const uses = new Map<string, Use[]>();
  const planned = parts.map(({ body, accesses, matrices }) => planBlocks(body, accesses, matrices, uses));
  const held = new Set(parts.flatMap(({ matrices }) => [...matrices.held]));
  return planned.map(({ variables, blocks, regions }) => {
    const layouts = new Map<string, Layout>();
    for (const region of regions) {
      const { name } = region.buffer;
      layouts.set(name, layoutOf(region, uses.get(name) ?? [], held.has(name)));
    }
    return { variables, blocks, layouts };
  });
}

/** A part of a kernel before its buffers are laid out. */
export interface Settled {
  readonly body: Body;
  readonly accesses: ReadonlyMap<BlockNode, BlockAccesses>;
  readonly matrices: Matrices;
}

interface Use {
  readonly planned: Planned;
  readonly lane: Lane | null;
}

/** Plans the accesses of one part and adds them to the uses of their buffers. */
function planBlocks(
  body: Body,
  accesses: ReadonlyMap<BlockNode, BlockAccesses>,
  matrices: Matrices,
  uses: Map<string, Use[]>,
): Pick<LayoutPlan, 'variables' | 'blocks'> & { readonly regions: ReadonlySet<Region> } {
  const variables = variablesOf(body);
  const blocks = new Map<BlockNode, PlannedBlock>();
  const regions = new Set<Region>();
  const plan = (access: FlatAccess, block: BlockNode, lane: Lane | null): Planned => {
    const form = formOf(access.flat, block.ranges, variables);
    const laneForm = access.exchange === null ? null : formOf(access.exchange.lane, block.ranges, variables);
    const still: Motion = matrices.tiles.has(block) ? 'matrix' : 'still';
    const motion =
      lane === null ? still : laneForm !== null && movesWith(laneForm, lane) ? 'spread' : motionOf(form, lane);
    const planned = { access, form, laneForm, motion };
    regions.add(access.region);
    const { name } = access.region.buffer;
    const list = uses.get(name);
    if (list === undefined) uses.set(name, [{ planned, lane }]);
    else list.push({ planned, lane });
    return planned;
  };
  const visit = (inner: Body, lane: Lane | null): void => {
    for (const node of inner.nodes) {
      if (node.kind === 'block') {
        const own = accesses.get(node);
        if (own === undefined) continue;
        const loads = new Map<LoadExpr, Planned>();
        for (const [load, access] of own.loads) loads.set(load, plan(access, node, lane));
        blocks.set(node, { writes: own.writes.map((access) => plan(access, node, lane)), loads });
      } else if (node.kind === 'loop' && node.mode === 'vectorized')
        visit(node.body, { name: node.name, width: node.extent as Width });
      else if (node.kind !== 'barrier') visit(node.body, lane);
    }
  };
  visit(body, null);
  return { variables, blocks, regions };
}

function variablesOf(body: Body): Variables {
  const unrolled = new Set<string>();
  const depths = new Map<string, number>();
  const visit = (inner: Body, depth: number): void => {
    for (const node of inner.nodes) {
      if (node.kind === 'block' || node.kind === 'barrier') continue;
      if (node.kind === 'loop' && node.mode === 'serial') {
        depths.set(node.name, depth + 1);
        visit(node.body, depth + 1);
      } else {
        if (node.kind === 'loop') unrolled.add(node.name);
        visit(node.body, depth);
      }
    }
  };
  visit(body, 0);
  return { unrolled, depths };
}

/** Whether a form changes from one component of a vector to the next. */
function movesWith(form: IndexForm, lane: Lane): boolean {
  return form.tangledVars.includes(lane.name) || form.steps.some(({ name }) => name === lane.name);
}

function motionOf(form: IndexForm, lane: Lane): Motion {
  if (form.tangledVars.includes(lane.name)) return 'spread';
  const step = form.steps.find(({ name }) => name === lane.name);
  if (step === undefined) return 'still';
  const rest = form.steps.filter((other) => other !== step);
  const multiples = [...form.terms, ...form.tangled, ...rest].every(
    ({ coefficient }) => coefficient % lane.width === 0,
  );
  return step.coefficient === 1 && multiples && form.constant % lane.width === 0 ? 'aligned' : 'spread';
}

function layoutOf(region: Region, uses: readonly Use[], held: boolean): Layout {
  const { buffer } = region;
  const own = buffer.scope === 'private' || buffer.scope === 'subgroup' ? 'array' : buffer.scope;
  const named =
    own === 'array' &&
    uses.every(
      ({ planned: { form } }) =>
        form.terms.length === 0 &&
        form.tangled.every(({ atom }) => [...varsOf(atom)].every((name) => form.tangledVars.includes(name))),
    );
  const kind = held ? 'held' : named ? 'named' : own;
  const width = widthOf(kind, uses);
  const scalar: Scalar = buffer.dtype === 'bool' && buffer.scope !== 'private' ? 'u32' : buffer.dtype;
  return {
    region,
    kind,
    scalar,
    width,
    length: Math.ceil(sizeOf(region) / width),
    readOnly: uses.every(({ planned }) => !planned.access.isWrite),
  };
}

function widthOf(kind: Layout['kind'], uses: readonly Use[]): Width {
  if (uses.some(({ planned: { access } }) => access.region.buffer.dtype === 'bool' || access.isPosition)) return 1;
  const widths = new Set<Width>();
  for (const { planned, lane } of uses) if (planned.motion === 'aligned' && lane !== null) widths.add(lane.width);
  if (widths.size === 0) return kind === 'storage' ? packedWidth(uses) : 1;
  const [width] = widths;
  if (widths.size !== 1 || width === undefined) return 1;
  if (width === 3 && kind !== 'named') return 1;
  if (kind === 'storage' && uses.some(({ planned }) => sizeOf(planned.access.region) % width !== 0)) return 1;
  const fits = uses.every(({ planned: { motion, form, access } }) => {
    if (motion === 'aligned' || motion === 'matrix') return motion === 'aligned';
    return !access.clamped && [...form.terms, ...form.tangled].every(({ coefficient }) => coefficient % width === 0);
  });
  return fits ? width : 1;
}

/** Loads of single elements for which one load of a vector is worth while: a vector costs about as much as two of them. */
const loadsPerVector = 2;

/**
 * The width of vectors from which single elements are picked, where nothing is stored and every load knows its component when the kernel is
 * written: neighbours that one invocation reads (the taps of windows) then share a load. 1 where that saves too few loads.
 */
function packedWidth(uses: readonly Use[]): Width {
  for (const width of [4, 2] as const) {
    const isPossible = uses.every(
      ({ planned: { motion, form, access } }) =>
        !access.isWrite &&
        motion !== 'matrix' &&
        sizeOf(access.region) % width === 0 &&
        form.tangledVars.length === 0 &&
        form.terms.every(({ coefficient }) => coefficient % width === 0),
    );
    if (!isPossible) continue;
    const [elements, vectors] = [new Set<string>(), new Set<string>()];
    for (const { planned } of uses) {
      const key = planned.form.terms.map((term) => `${term.key}*${term.coefficient}`).join('+');
      for (const constant of constantsOf(planned)) {
        elements.add(`${key}+${constant}`);
        vectors.add(`${key}+${Math.floor(constant / width)}`);
      }
    }
    if (elements.size >= loadsPerVector * vectors.size && elements.size > 1) return width;
  }
  return 1;
}

/** The constant parts of an index in all instances of a block that are written out. */
function constantsOf({ form, access: { block } }: Planned): number[] {
  let constants = [form.constant];
  for (const { name, coefficient } of form.steps) {
    const { min, max } = block.ranges.get(name) ?? { min: 0, max: 0 };
    const next: number[] = [];
    for (const constant of constants) for (let at = min; at <= max; at++) next.push(constant + at * coefficient);
    constants = next;
  }
  return constants;
}
