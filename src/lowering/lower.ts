import type { BufferSpec } from '../ir/artifact.ts';
import type { Kernel, LoweredProgram } from '../ir/kernel.ts';
import type { DeviceLimits } from '../ir/limits.ts';
import type { Buffer, Program, Stmt } from '../ir/nodes.ts';
import { freshName, readsOf, walkStmt } from '../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../support/refusal.ts';
import { flattenAccesses } from './accesses.ts';
import { placeBarriers } from './barriers.ts';
import { placeGuards } from './guards.ts';
import { checkStorage } from './hazards.ts';
import { hoistInits } from './init.ts';
import { planLayouts } from './layout.ts';
import { checkCodeSize, checkGrid, checkMemory } from './limits.ts';
import { buildTree } from './nest.ts';
import { lowerPredicates } from './predicates.ts';
import { findRegions } from './regions.ts';
import { emitKernel } from './statements.ts';
import { inlineOnce } from './tidy.ts';

/**
 * A scheduled program as kernels, one a top-level statement, in order; or why the device cannot run it. Deterministic.
 * The program must satisfy the spec check; every refusal's reason is a closed name (`invocations`, `private-across-invocations` ...).
 */
export function lowerProgram(program: Program, limits: DeviceLimits): LoweredProgram | Refusal {
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
    const kernel = lowerKernel(stmt, name, buffers, order, limits);
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
  const used = new Set(kernels.flatMap((kernel) => kernel.bindings.map((binding) => binding.buffer)));
  const specs: BufferSpec[] = [];
  for (const name of order) {
    const { dtype, shape } = buffers.get(name) as Buffer;
    const role = program.inputs.includes(name) ? 'input' : program.outputs.includes(name) ? 'output' : 'scratch';
    if (role !== 'scratch' || used.has(name)) specs.push({ name, role, dtype, shape });
  }
  return { buffers: specs, kernels };
}

/**
 * The passes, in an order that matters:
 *  1 nest        before all: afterwards there are lanes and loop variables, no iters
 *  2 init        before regions: an init in front of a reduction loop widens the region its buffer must live in
 *  3 regions     before predicates: whether a failing instance hits an element of its own depends on the region having one
 *  4 predicates  before accesses: it decides which loads are clamped, and may turn a vectorised loop into an unrolled one
 *  5 accesses    flat indices inside the regions, for all that follows
 *  6 barriers    before guards: a barrier must not end up under an `if`, so the guards go around it
 *  7 guards      last change of the tree
 *  8 layout      needs all accesses: one that is no aligned vector makes the whole buffer scalar
 *  9 statements  unrolls, places indices as far out as they are known
 * 10 tidy        what pass 9 named and used once
 * Limits are checked as soon as what they limit is known.
 */
function lowerKernel(
  stmt: Stmt,
  name: string,
  buffers: ReadonlyMap<string, Buffer>,
  order: readonly string[],
  limits: DeviceLimits,
): Kernel | Refusal {
  const nest = buildTree(stmt, name, buffers);
  if (isRefusal(nest)) return nest;
  const beyond = checkGrid(nest, limits) ?? checkCodeSize(nest);
  if (beyond !== null) return beyond;
  const found = findRegions(hoistInits(nest));
  if (isRefusal(found)) return found;
  const settled = lowerPredicates(found.tree, found.regions);
  const accesses = flattenAccesses(settled.body, found.regions);
  const hazard = checkStorage(settled, accesses);
  if (hazard !== null) return hazard;
  const guarded = placeGuards(placeBarriers(settled, accesses));
  const kernel = emitKernel(guarded, planLayouts(guarded.body, accesses), order);
  return checkMemory(kernel, limits) ?? { ...kernel, body: inlineOnce(kernel.body) };
}

/** What the kernel is for: its last reduction, or where there is none the block that last writes storage. */
function kernelName(stmt: Stmt, buffers: ReadonlyMap<string, Buffer>): string {
  let writer = 'kernel';
  let reducer: string | null = null;
  walkStmt(stmt, (node) => {
    if (node.kind !== 'block') return;
    if (node.reducer !== null) reducer = node.name;
    if (node.writes.some((write) => buffers.get(write.buffer)?.scope === 'storage')) writer = node.name;
  });
  return reducer ?? writer;
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
