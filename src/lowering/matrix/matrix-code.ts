import type { KExpr, KMatrix, MatrixPlace } from '../../ir/kernel.ts';
import type { LoadExpr } from '../../ir/nodes.ts';
import { assert } from '../../support/errors.ts';
import { instanceOf } from '../analysis/index-form.ts';
import { declareIn, isDeclared } from '../codegen/elements.ts';
import { type Emission, newName, touch, versionOf } from '../codegen/emission.ts';
import { termsCode } from '../codegen/index-code.ts';
import type { StatementScope } from '../codegen/scope.ts';
import { plus, typeOf } from '../codegen/types.ts';
import type { Planned, PlannedBlock } from '../passes/layout.ts';
import type { BlockNode } from '../tree.ts';
import { namesOf } from './find.ts';
import type { MatrixTile } from './held.ts';
import { type MatrixOrder, orderOf } from './memory.ts';

/** The instructions of one nest of matrix loops, in the current iteration of the unrolled loops around it. */
export function emitMatrices(emission: Emission, block: BlockNode, planned: PlannedBlock, tile: MatrixTile): void {
  const { rows, columns, depth } = tile;
  for (const loop of [rows, columns, ...(depth === null ? [] : [depth])]) emission.iteration.set(loop.name, 0);
  const [target] = planned.writes as [Planned];
  const { dtype } = tile.held.region.buffer;
  assert(dtype !== 'bool', () => `${tile.held.region.buffer.name} cannot be a matrix`);
  const matrix: KMatrix = { use: 'result', scalar: dtype, rows: rows.extent, columns: columns.extent };
  const [first, second] = tile.memory;
  const { statements } = emission.scope;
  if (tile.does === 'fill') {
    const { value } = block.writes[0] as BlockNode['writes'][number];
    assert(value.kind === 'float', () => `${block.name} fills with no constant`);
    const isNew = emission.scope.allocated.has(target.access.region.buffer.name);
    const known = heldName(emission, target);
    const name = declared(emission, target, known, matrix);
    if (isNew && known.isNew && value.value === 0) return;
    const constant: KExpr = { kind: 'literal', type: typeOf(dtype, 1), value: value.value };
    statements.push({ kind: 'matrix-fill', name, matrix, value: constant });
    return;
  }
  if (tile.does === 'store') {
    const source = planned.loads.get((block.writes[0]?.value ?? null) as LoadExpr) as Planned;
    const name = declared(emission, source, heldName(emission, source), matrix);
    const { place } = placeIn(emission, target, (first as MatrixTile['memory'][number]).matrix, tile);
    statements.push({ kind: 'matrix-store', name, to: place });
    touch(emission, place.array);
    return;
  }
  assert(first !== undefined && second !== undefined, () => `${block.name} has no two factors`);
  const [left, right] = [first, second].map((factor) =>
    loaded(emission, planned.loads.get(factor.load as LoadExpr) as Planned, factor.matrix, tile),
  ) as [string, string];
  const result = declared(emission, target, heldName(emission, target), matrix);
  statements.push({ kind: 'matrix-multiply', result, left, right });
}

interface HeldName {
  readonly name: string;
  readonly isNew: boolean;
}

/** The name of the matrix at a place of a held buffer. The subgroup's own part of its index is left out, and the rest is a constant. */
function heldName(emission: Emission, planned: Planned): HeldName {
  const { name: buffer } = planned.access.region.buffer;
  const { constant } = instanceOf(planned.form, emission.iteration, emission.variables);
  const names = emission.held.get(buffer) ?? new Map<number, string>();
  emission.held.set(buffer, names);
  const known = names.get(constant);
  if (known !== undefined) return { name: known, isNew: !isDeclared(emission, known) };
  const name = newName(emission, `${buffer}_${names.size}`);
  names.set(constant, name);
  return { name, isNew: true };
}

/** Declares a held matrix where its buffer is allocated, unless it is declared already. */
function declared(emission: Emission, planned: Planned, { name, isNew }: HeldName, matrix: KMatrix): string {
  if (isNew) declareIn(emission, planned.access.region.buffer.name, { kind: 'matrix', name, matrix });
  return name;
}

/** A factor, loaded once and kept until something may have changed it. */
function loaded(emission: Emission, planned: Planned, matrix: KMatrix, tile: MatrixTile): string {
  const { place, key: at } = placeIn(emission, planned, matrix, tile);
  const key = `${matrix.use} ${place.order} ${place.stride} ${place.array} ${at}`;
  const version = versionOf(emission, place.array);
  const { readOnly } = emission.layouts.get(place.array) as { readonly readOnly: boolean };
  for (let scope: StatementScope | null = emission.scope; scope !== null; scope = scope.parent) {
    const known = scope.loads.get(key);
    if (known?.value.kind === 'name' && known.version === version) return known.value.name;
    if (scope.isLoop && !readOnly) break;
  }
  const name = newName(emission, `${place.array}_${matrix.use}`);
  emission.scope.statements.push({ kind: 'matrix-load', name, matrix, from: place });
  const value: KExpr = { kind: 'name', type: typeOf(matrix.scalar, 1), name };
  emission.scope.loads.set(key, { value, version });
  return name;
}

/** The place of a matrix's first element, where all loops over it stand at 0. */
function placeIn(
  emission: Emission,
  planned: Planned,
  matrix: KMatrix,
  { rows, columns, depth }: MatrixTile,
): { readonly place: MatrixPlace; readonly key: string } {
  const { access } = planned;
  const array = access.region.buffer.name;
  const [down, across] = namesOf(matrix, rows, columns, depth);
  const order = orderOf(access, down, across, matrix) as MatrixOrder;
  const { form, constant } = instanceOf(planned.form, emission.iteration, emission.variables);
  const code = termsCode(emission, form, 1, `${array}_at`);
  return { place: { array, index: plus(code.expr, constant - code.shift), ...order }, key: `${code.key}${constant}` };
}
