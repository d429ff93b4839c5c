import type { BufferSpec } from '../ir/artifact.ts';
import { runOnce } from '../ir/constants.ts';
import type { Kernel, KernelBinding, LoweredProgram } from '../ir/kernel.ts';
import type { DeviceLimits } from '../ir/limits.ts';
import type { Buffer, Program, Stmt } from '../ir/nodes.ts';
import { freshName, readsOf, walkStmt } from '../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../support/refusal.ts';
import { flattenAccesses } from './analysis/accesses.ts';
import { checkStorage } from './analysis/hazards.ts';
import { checkIndices } from './analysis/index-check.ts';
import { checkCodeSize, checkGrid, checkMemory, checkScratch } from './analysis/limit-checks.ts';
import { checkParts } from './analysis/part-hazards.ts';
import { findRegions } from './analysis/regions.ts';
import { emitKernel } from './codegen/statements.ts';
import { checkSubgroups } from './codegen/subgroups.ts';
import { emulateMatrices, holdsMatrices } from './matrix/emulate.ts';
import { findMatrices } from './matrix/find.ts';
import { placeBarriers } from './passes/barriers.ts';
import { buildTree } from './passes/build-tree.ts';
import { placeGuards } from './passes/guards.ts';
import { hoistInits } from './passes/init.ts';
import { inlineOnce } from './passes/inline-once.ts';
import { joinParts } from './passes/join-parts.ts';
import { type LayoutPlan, planLayouts, type Settled } from './passes/layout.ts';
import { gridOf, wholeSubgroups } from './passes/parts.ts';
import { lowerPredicates } from './passes/predicates.ts';
import { spreadOverLanes } from './passes/subgroup-buffers.ts';
import type { KernelTree } from './tree.ts';

export interface LoweringOptions {
  /**
   * What becomes of matrix loops: instructions where the device has fitting ones and else the emulated form (`fitting`, the default);
   * instructions, or a refusal that says what the device has (`native`); always the emulated form (`emulated`).
   */
  readonly matrices?: 'fitting' | 'native' | 'emulated';
}

/**
 * A scheduled program as kernels, one per top-level statement, in order; or why the device cannot run it. Deterministic.
 * The program must satisfy the spec check; every refusal's reason is a closed name (`invocations`, `private-across-invocations` ...).
 */
export function lowerProgram(
  program: Program,
  limits: DeviceLimits,
  { matrices = 'fitting' }: LoweringOptions = {},
): LoweredProgram | Refusal {
  const buffers = new Map(program.buffers.map((buffer) => [buffer.name, buffer]));
  const parameters = new Set([...program.inputs, ...program.outputs]);
  const rest = program.buffers.filter((buffer) => buffer.scope === 'storage' && !parameters.has(buffer.name));
  const order = [...new Set([...program.inputs, ...program.outputs, ...rest.map((buffer) => buffer.name)])];

  const owners = new Map<string, string>();
  const kernels: Kernel[] = [];
  const names = new Set<string>();
  for (const stmt of program.body) {
    const name = freshName(names, kernelName(stmt, buffers));
    names.add(name);
    const lower = (form: Stmt): Kernel | Refusal => lowerKernel(form, name, buffers, order, limits);
    const kernel = holdsMatrices(stmt) ? lowerMatrices(stmt, matrices, lower) : lower(stmt);
    if (isRefusal(kernel)) return kernel;
    for (const buffer of localBuffers(stmt, buffers)) {
      const other = owners.get(buffer.name);
      if (other !== undefined)
        return refuse(
          'buffer-across-kernels',
          () => `${buffer.scope} buffer ${buffer.name} is accessed in kernels ${other} and ${name}`,
          () => 'only storage outlives a kernel',
        );
      owners.set(buffer.name, name);
    }
    kernels.push(kernel);
  }
  const accessed = (kernel: Kernel, access: KernelBinding['access']): string[] =>
    kernel.bindings.filter((binding) => binding.access === access).map(({ buffer }) => buffer);
  const once = runOnce(
    kernels.map((kernel) => ({ reads: accessed(kernel, 'read'), writes: accessed(kernel, 'read_write') })),
    program,
  );
  const packed = new Set(kernels.flatMap((kernel, at) => (once[at] ? accessed(kernel, 'read_write') : [])));
  const used = new Set(kernels.flatMap((kernel) => kernel.bindings.map((binding) => binding.buffer)));
  const specs: BufferSpec[] = [];
  for (const name of order) {
    const { dtype, shape } = buffers.get(name) as Buffer;
    const own = packed.has(name) ? 'packed' : 'scratch';
    const role = program.inputs.includes(name) ? 'input' : program.outputs.includes(name) ? 'output' : own;
    if (role === 'input' || role === 'output' || used.has(name)) specs.push({ name, role, dtype, shape });
  }
  const marked = kernels.map((kernel, at): Kernel => (once[at] ? { ...kernel, runsOnce: true } : kernel));
  return checkScratch(specs, limits) ?? { buffers: specs, kernels: marked };
}

/** Matrix loops as instructions, or in the form that runs everywhere. */
function lowerMatrices(
  stmt: Stmt,
  wish: Exclude<LoweringOptions['matrices'], undefined>,
  lower: (form: Stmt) => Kernel | Refusal,
): Kernel | Refusal {
  const native = wish === 'emulated' ? null : lower(stmt);
  if (native !== null && (wish === 'native' || !isRefusal(native))) return native;
  return lower(emulateMatrices(stmt));
}

/**
 * The passes, in an order that matters. A kernel whose grid has several parts goes through 1 to 7 and through 9 part by part; 8 sees all
 * parts, because they declare buffers together, and in the end they are joined.
 *  1 nest        before all: afterwards there are lanes and loop variables, no iters
 *  2 init        before regions: an init in front of a reduction loop widens the region its buffer must live in
 *  3 regions     before predicates: only where the region has an element for a failing instance may that instance run
 *  4 predicates  before accesses: it decides which loads are clamped, and may turn a vectorised loop into an unrolled one
 *  5 accesses    flat indices inside the regions, for all that follows
 *    subgroups   buffers that lanes share become registers: needs the flat indices, and changes them
 *    matrices    where the schedule asks for them: needs the accesses, and comes before barriers, which held matrices do not need
 *  6 barriers    before guards: a barrier must not end up under an `if`, so the guards go around it
 *  7 guards      last change of the tree
 *  8 layout      needs all accesses: one access that is no aligned vector makes the whole buffer scalar
 *  9 statements  unrolls, places indices as far out as they are known
 * 10 tidy        removes names that pass 9 gave and used once
 * Limits are checked as soon as what they limit is known.
 */
function lowerKernel(
  stmt: Stmt,
  name: string,
  buffers: ReadonlyMap<string, Buffer>,
  order: readonly string[],
  limits: DeviceLimits,
): Kernel | Refusal {
  const grid = wholeSubgroups(gridOf(stmt), stmt, limits);
  if (isRefusal(grid)) return grid;
  const beyond = checkGrid(name, grid, limits);
  if (beyond !== null) return beyond;
  const nests: KernelTree[] = [];
  for (const part of grid.parts) {
    const nest = buildTree(part, grid, name, buffers);
    if (isRefusal(nest)) return nest;
    nests.push(nest);
  }
  const unfit = checkCodeSize(name, nests) ?? checkIndices(nests);
  if (unfit !== null) return unfit;
  const trees: KernelTree[] = [];
  const settled: Settled[] = [];
  for (const nest of nests) {
    const found = findRegions(hoistInits(nest));
    if (isRefusal(found)) return found;
    const tree = lowerPredicates(found.tree, found.regions);
    const apart = checkSubgroups(tree, limits);
    if (apart !== null) return apart;
    const accesses = spreadOverLanes(tree, flattenAccesses(tree.body, found.regions), limits);
    if (isRefusal(accesses)) return accesses;
    const matrices = findMatrices(tree, accesses, limits);
    if (isRefusal(matrices)) return matrices;
    const hazard = checkStorage(tree, accesses);
    if (hazard !== null) return hazard;
    const guarded = placeGuards(placeBarriers(tree, accesses, matrices.held));
    trees.push(guarded);
    settled.push({ body: guarded.body, accesses, matrices });
  }
  const meeting = checkParts(settled.map(({ accesses }) => accesses));
  if (meeting !== null) return meeting;
  const plans = planLayouts(settled);
  const kernels = trees.map((tree, i) => {
    const kernel = emitKernel(tree, plans[i] as LayoutPlan, (settled[i] as Settled).matrices, order);
    return { ...kernel, body: inlineOnce(kernel.body) };
  });
  const kernel = joinParts(kernels, grid, order);
  return checkMemory(kernel, limits) ?? kernel;
}

/**
 * The kernel is named after its last reduction, or where there is none after the block that last writes storage. Of several blocks that write
 * one buffer, as loopPartition leaves them, the first gives the name.
 */
function kernelName(stmt: Stmt, buffers: ReadonlyMap<string, Buffer>): string {
  const reducers = new Map<string, string>();
  const writers = new Map<string, string>();
  let [reducer, writer]: (string | undefined)[] = [];
  walkStmt(stmt, (node) => {
    if (node.kind !== 'block') return;
    for (const { buffer } of node.writes) {
      if (node.reducer !== null) {
        if (!reducers.has(buffer)) reducers.set(buffer, node.name);
        reducer = reducers.get(buffer);
      }
      if (buffers.get(buffer)?.scope === 'storage') {
        if (!writers.has(buffer)) writers.set(buffer, node.name);
        writer = writers.get(buffer);
      }
    }
  });
  return reducer ?? writer ?? 'kernel';
}

function localBuffers(stmt: Stmt, buffers: ReadonlyMap<string, Buffer>): Set<Buffer> {
  const found = new Set<Buffer>();
  walkStmt(stmt, (node) => {
    if (node.kind !== 'block') return;
    for (const access of [...node.writes, ...readsOf(node)]) {
      const buffer = buffers.get(access.buffer);
      if (buffer !== undefined && buffer.scope !== 'storage') found.add(buffer);
    }
  });
  return found;
}
