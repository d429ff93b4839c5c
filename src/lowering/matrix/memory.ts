import { linearOf } from '../../arithmetic/linear.ts';
import { type KMatrix, type MatrixPlace, strideOf } from '../../ir/kernel.ts';
import { usesVar } from '../../ir/visit.ts';
import { type Refusal, refuse } from '../../support/refusal.ts';
import type { FlatAccess } from '../analysis/accesses.ts';

/** How a matrix lies in memory: whether its rows or its columns are contiguous, and their distance, in elements. */
export type MatrixOrder = Pick<MatrixPlace, 'order' | 'stride'>;

/** The order of a matrix; null where neither rows nor columns are contiguous, or where neighbours overlap. */
export function orderOf(
  access: FlatAccess,
  down: string,
  across: string,
  { rows, columns }: KMatrix,
): MatrixOrder | null {
  const [byRow, byColumn] = [coefficientOf(access, down), coefficientOf(access, across)];
  if (byRow === null || byColumn === null) return null;
  if (byColumn === 1 && byRow >= columns) return { order: 'rows', stride: byRow };
  if (byRow === 1 && byColumn >= rows) return { order: 'columns', stride: byColumn };
  return null;
}

function coefficientOf({ flat }: FlatAccess, name: string): number | null {
  let found: number | null = null;
  for (const { atom, coefficient } of linearOf(flat).terms.values()) {
    if (!usesVar(atom, name)) continue;
    if (atom.kind !== 'var') return null;
    found = coefficient;
  }
  return found;
}

/**
 * Vulkan wants the start of a matrix and the distance of its rows aligned to 16 bytes, or to a row where that is shorter
 * (VUID-RuntimeSpirv-OpCooperativeMatrixLoadKHR-08986); other drivers are not slower when both are aligned.
 */
export function requireAligned(
  access: FlatAccess,
  { order, stride }: MatrixOrder,
  loops: readonly string[],
  { scalar, rows, columns }: KMatrix,
): Refusal | null {
  const bytes = strideOf({ scalar, width: 1 });
  const unit = Math.min(16, bytes * (order === 'rows' ? columns : rows));
  const { terms, constant } = linearOf(access.flat);
  const others = [...terms.values()].filter(({ atom }) => !(atom.kind === 'var' && loops.includes(atom.name)));
  const steps = [constant, stride, ...others.map(({ coefficient }) => coefficient)];
  if (steps.every((step) => (step * bytes) % unit === 0)) return null;
  return refuse(
    'matrix-alignment',
    () =>
      `block ${access.block.name}: tiles of ${access.region.buffer.name} do not all start at a multiple of ${unit} bytes`,
    () => `pad rows by multiples of ${unit / bytes} elements`,
  );
}
