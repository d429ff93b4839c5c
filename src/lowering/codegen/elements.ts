import type { KExpr, KStmt, KType, Width } from '../../ir/kernel.ts';
import { assert } from '../../support/errors.ts';
import type { Exchange } from '../analysis/accesses.ts';
import { instanceOf } from '../analysis/index-form.ts';
import type { Layout, Planned } from '../passes/layout.ts';
import { type Emission, newName, touch, versionOf } from './emission.ts';
import { termsCode } from './index-code.ts';
import { laneCode } from './lane-code.ts';
import type { StatementScope } from './scope.ts';
import { literal, op, plus, typeOf } from './types.ts';

/** The place of one instance of an access: a named variable or an element of an array, and the component within it. */
export interface ElementPlace {
  readonly layout: Layout;
  /** Null for a named variable. */
  readonly index: KExpr | null;
  readonly name: string;
  readonly at: number | null;
  /** Text that is equal for equal places. */
  readonly key: string;
}

/** The place of an access in the current iteration; `width` above 1 asks for the whole aligned vector. */
export function placeOf(emission: Emission, planned: Planned, width: Width): ElementPlace {
  const { region, clamped } = planned.access;
  const layout = emission.layouts.get(region.buffer.name) as Layout;
  const { form, constant } = instanceOf(planned.form, emission.iteration, emission.variables);
  const part = (element: number): number | null =>
    layout.width === 1 || width > 1 ? null : element - Math.floor(element / layout.width) * layout.width;
  const last = layout.length - 1;
  if (layout.kind === 'named') {
    assert(form.terms.length === 0, () => `${region.buffer.name} has an index that is not constant`);
    const flat = clamped ? Math.min(Math.max(constant, 0), layout.length * layout.width - 1) : constant;
    const name = nameOf(emission, layout, Math.floor(flat / layout.width));
    return { layout, index: null, name, at: part(flat), key: name };
  }
  const code = termsCode(emission, form, layout.width, `${region.buffer.name}_at`);
  const element = Math.floor(constant / layout.width);
  let index = plus(code.expr, element - code.shift);
  if (clamped)
    index = code.expr === null ? literal(Math.min(Math.max(element, 0), last)) : op('min', index, literal(last));
  return {
    layout,
    index,
    name: region.buffer.name,
    at: part(constant),
    key: `${code.key}${clamped ? 'c' : ''}${element}`,
  };
}

/** `acc_2_1` for the element at [2, 1]: dimensions of extent 1 are left out, and a buffer of one variable keeps its plain name. */
function nameOf(emission: Emission, layout: Layout, element: number): string {
  let known = emission.elementNames.get(layout);
  if (known === undefined) {
    known = [];
    emission.elementNames.set(layout, known);
  }
  const held = known[element];
  if (held !== undefined) return held;
  const { buffer, shape } = layout.region;
  const last = shape[shape.length - 1] ?? 1;
  const dims = last % layout.width === 0 ? [...shape.slice(0, -1), last / layout.width] : [layout.length];
  const digits: number[] = [];
  let rest = element;
  for (const extent of [...dims].reverse()) {
    if (extent > 1) digits.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  const name = layout.length === 1 ? buffer.name : newName(emission, [buffer.name, ...digits].join('_'));
  known[element] = name;
  return name;
}

function elementType(layout: Layout): KType {
  return typeOf(layout.scalar, layout.width);
}

/**
 * The value at a place, in the lane that an access takes it from. Elements of shared arrays, and those of other lanes, are loaded once and
 * keep a name until something may have changed them.
 */
export function loadPlace(emission: Emission, place: ElementPlace, planned: Planned): KExpr {
  const { layout } = place;
  const type = elementType(layout);
  let whole: KExpr;
  if (place.index === null) {
    declare(emission, layout, place.name);
    whole = { kind: 'name', type, name: place.name };
  } else {
    whole = { kind: 'element', type, array: place.name, index: place.index };
    if (layout.kind !== 'array') whole = remember(emission, place, place.key, whole);
  }
  if (planned.laneForm !== null) {
    const exchange = planned.access.exchange as Exchange;
    const lane = laneCode(emission, planned.laneForm, exchange);
    whole = remember(emission, place, `${place.key} of ${lane.key}`, {
      kind: 'exchange',
      type,
      how: 'from',
      value: whole,
      lane: lane.code,
      lanes: exchange.lanes,
      whole: exchange.whole,
    });
  }
  const value: KExpr =
    place.at === null ? whole : { kind: 'component', type: typeOf(layout.scalar, 1), of: whole, at: place.at };
  if (layout.region.buffer.dtype !== 'bool' || layout.scalar === 'bool') return value;
  return op('ne', value, literal(0), typeOf('bool', 1));
}

function remember(emission: Emission, place: ElementPlace, text: string, element: KExpr): KExpr {
  const buffer = place.layout.region.buffer.name;
  const key = `${buffer} ${text}`;
  const version = versionOf(emission, buffer);
  let scope: StatementScope | null = emission.scope;
  while (scope !== null) {
    const known = scope.loads.get(key);
    if (known !== undefined && known.version === version) return known.value;
    // Stores later in this loop's body, which an earlier iteration has run, are not in the versions yet.
    if (scope.isLoop && !place.layout.readOnly) break;
    scope = scope.parent;
  }
  const name = newName(emission, `${buffer}_value`);
  emission.scope.statements.push({ kind: 'let', name, value: element });
  const value: KExpr = { kind: 'name', type: element.type, name };
  emission.scope.loads.set(key, { value, version });
  return value;
}

/** The value that a place holds now, for `x = combine(x, ...)`: never a remembered one. */
export function currentValue(emission: Emission, place: ElementPlace): KExpr {
  const { layout } = place;
  const type = elementType(layout);
  if (place.index === null) declare(emission, layout, place.name);
  const whole: KExpr =
    place.index === null
      ? { kind: 'name', type, name: place.name }
      : { kind: 'element', type, array: place.name, index: place.index };
  return place.at === null ? whole : { kind: 'component', type: typeOf(layout.scalar, 1), of: whole, at: place.at };
}

export function storePlace(emission: Emission, place: ElementPlace, value: KExpr): void {
  const { layout } = place;
  const type = elementType(layout);
  const { statements } = emission.scope;
  touch(emission, layout.region.buffer.name);
  if (place.index !== null) {
    statements.push({ kind: 'store', array: place.name, type, index: place.index, at: place.at, value });
    return;
  }
  if (
    place.at === null &&
    emission.scope.allocated.has(layout.region.buffer.name) &&
    !isDeclared(emission, place.name)
  ) {
    emission.scope.declared.add(place.name);
    statements.push({ kind: 'var', name: place.name, type, value });
    return;
  }
  declare(emission, layout, place.name);
  statements.push({ kind: 'assign', name: place.name, type, at: place.at, value });
}

export function isDeclared(emission: Emission, name: string): boolean {
  for (let scope: StatementScope | null = emission.scope; scope !== null; scope = scope.parent)
    if (scope.declared.has(name)) return true;
  return false;
}

/** Declares a private variable where its buffer is allocated, in front of the statement being written there, unless it is declared already. */
function declare(emission: Emission, layout: Layout, name: string): void {
  if (isDeclared(emission, name)) return;
  declareIn(emission, layout.region.buffer.name, { kind: 'var', name, type: elementType(layout), value: null });
}

/** Adds a declaration where a buffer is allocated, in front of the statement being written there. */
export function declareIn(emission: Emission, buffer: string, stmt: Extract<KStmt, { kind: 'var' | 'matrix' }>): void {
  let scope: StatementScope | null = emission.scope;
  while (scope !== null && !scope.allocated.has(buffer)) scope = scope.parent;
  assert(scope !== null, () => `${buffer} is used outside the place it is allocated at`);
  scope.declared.add(stmt.name);
  scope.statements.push(stmt);
}

/** Opens a buffer's life in the current scope; a private array is declared at once. */
export function allocate(emission: Emission, buffer: string): void {
  const layout = emission.layouts.get(buffer);
  if (layout === undefined || layout.kind === 'workgroup') return;
  emission.scope.allocated.add(buffer);
  if (layout.kind !== 'array' || isDeclared(emission, buffer)) return;
  emission.scope.declared.add(buffer);
  emission.scope.statements.push({ kind: 'array', name: buffer, element: elementType(layout), length: layout.length });
}

/** Takes a value now, before the elements it reads are overwritten. */
export function pinValue(emission: Emission, value: KExpr, hint: string): KExpr {
  const name = newName(emission, hint);
  emission.scope.statements.push({ kind: 'let', name, value, pinned: true });
  return { kind: 'name', type: value.type, name };
}

/** Gives a value a name in the current scope, for several uses in a row. */
export function nameValue(emission: Emission, value: KExpr, hint: string): KExpr {
  if (value.kind === 'name' || value.kind === 'literal') return value;
  const name = newName(emission, hint);
  emission.scope.statements.push({ kind: 'let', name, value });
  return { kind: 'name', type: value.type, name };
}
