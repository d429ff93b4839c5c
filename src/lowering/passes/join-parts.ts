import type { KExpr, Kernel, KernelBinding, KStmt, SharedArray } from '../../ir/kernel.ts';
import { axes } from '../../ir/nodes.ts';
import { bool, literal, op, u32 } from '../codegen/types.ts';
import type { Grid, Part } from './parts.ts';

/**
 * The parts of a grid as one kernel, each under an `if` that asks which workgroup this is. The answer is the same for a whole workgroup, so
 * that barriers inside stand in uniform control flow. Parts share workgroup memory, because no workgroup runs two of them.
 */
export function joinParts(kernels: readonly Kernel[], grid: Grid, bufferOrder: readonly string[]): Kernel {
  const [first] = kernels as [Kernel, ...Kernel[]];
  if (kernels.length === 1) return first;
  const body = kernels.flatMap((kernel, i): readonly KStmt[] => {
    const condition = conditionOf(grid.parts[i] as Part, grid);
    return condition === null ? kernel.body : [{ kind: 'if', condition, body: kernel.body }];
  });
  const bindings = new Map<string, KernelBinding>();
  const shared = new Map<string, SharedArray>();
  for (const kernel of kernels) {
    for (const binding of kernel.bindings) bindings.set(binding.buffer, binding);
    for (const array of kernel.shared) {
      const length = Math.max(array.length, shared.get(array.name)?.length ?? 0);
      shared.set(array.name, { ...array, length });
    }
  }
  return {
    ...first,
    bindings: bufferOrder.flatMap((name) => bindings.get(name) ?? []),
    shared: [...shared.values()],
    body,
  };
}

/** The condition that holds for the workgroups of a part; null where the part has all of them. */
function conditionOf(part: Part, { dispatch }: Grid): KExpr | null {
  let all: KExpr | null = null;
  for (const [i, axis] of axes.entries()) {
    const { min, max } = part.workgroups[i] as Part['workgroups'][number];
    const id: KExpr = { kind: 'builtin', type: u32, of: 'wg', axis };
    const bounds: KExpr[] = [];
    if (min > 0) bounds.push(op('ge', id, literal(min), bool));
    if (max + 1 < (dispatch[i] as number)) bounds.push(op('lt', id, literal(max + 1), bool));
    for (const bound of bounds) all = all === null ? bound : op('and', all, bound, bool);
  }
  return all;
}
