import { boundsOf, type Ranges } from '../../arithmetic/bounds.ts';
import { isIndex, simplify } from '../../arithmetic/simplify.ts';
import { add, int, mul } from '../../ir/builders.ts';
import type { KExpr, Scalar, Width } from '../../ir/kernel.ts';
import type { BinaryOp, Expr, LoadExpr, UnaryOp } from '../../ir/nodes.ts';
import { usesVar } from '../../ir/visit.ts';
import { assert } from '../../support/errors.ts';
import type { Planned, PlannedBlock } from '../passes/layout.ts';
import type { BlockNode } from '../tree.ts';
import { loadPlace, placeOf } from './elements.ts';
import type { Emission } from './emission.ts';
import { conditionCode, indexCode, isIndexCondition } from './index-code.ts';
import { bool, i32, op, typeOf, u32 } from './types.ts';

/** The vectorised loop around a block. */
export interface Lane {
  readonly name: string;
  readonly width: Width;
}

interface ValueContext {
  readonly emission: Emission;
  readonly block: Pick<BlockNode, 'name' | 'ranges'>;
  /** Null for a position, whose loads stand in front of their block. */
  readonly planned: PlannedBlock | null;
  readonly lane: Lane | null;
}

const yieldsBool: ReadonlySet<BinaryOp> = new Set(['lt', 'le', 'gt', 'ge', 'eq', 'ne', 'and', 'or']);
const roundings: ReadonlySet<UnaryOp> = new Set(['floor', 'ceil', 'round']);
const literalOf = (type: KExpr['type'], value: number): KExpr => ({ kind: 'literal', type, value });
const mixesWidths: ReadonlySet<BinaryOp> = new Set(['add', 'sub', 'mul', 'div']);

/** A value in the current iteration: a vector when a lane is given and the value differs between its lanes, else a scalar. */
export function valueCode(expr: Expr, context: ValueContext): KExpr {
  const { emission, block, lane } = context;
  if (expr.kind === 'float') return { kind: 'literal', type: typeOf(expr.dtype, 1), value: expr.value };
  if (expr.kind === 'load') return loadCode(expr, context);
  if (expr.kind === 'int') return { kind: 'literal', type: expr.value < 0 ? i32 : typeOf('u32', 1), value: expr.value };
  if (isIndex(expr)) {
    if (lane !== null && usesVar(expr, lane.name)) return perLane(expr, context, lane);
    if (expr.kind === 'binary' && yieldsBool.has(expr.op))
      return asCode(conditionCode(emission, expr, block.ranges, block.name));
    const code = indexCode(emission, expr, block.ranges, 0, `${block.name}_at`);
    return boundsOf(expr, block.ranges).min < 0 ? { kind: 'construct', type: i32, args: [code] } : code;
  }
  switch (expr.kind) {
    case 'cast':
      return convert(valueCode(expr.a, context), expr.dtype);
    case 'unary': {
      if (expr.op === 'isNan' && lane !== null) return perLane(expr, context, lane);
      return unaryCode(expr.op, valueCode(expr.a, context));
    }
    case 'select':
      return selectCode(expr.condition, expr.then, expr.otherwise, expr, context);
    case 'binary': {
      if (yieldsBool.has(expr.op) && lane !== null) return perLane(expr, context, lane);
      return binaryCode(expr.op, valueCode(expr.a, context), valueCode(expr.b, context));
    }
    default:
      throw new Error(`unreachable: ${expr.kind}`);
  }
}

/** A unary operation: integers have only a sign and a magnitude, for all other functions they become floats. */
export function unaryCode(name: UnaryOp, a: KExpr): KExpr {
  const { scalar } = a.type;
  const isInteger = scalar === 'u32' || scalar === 'i32';
  if (isInteger && roundings.has(name)) return a;
  if (name === 'isNan')
    return isInteger ? literalOf(bool, 0) : { kind: 'unary', type: typeOf('bool', a.type.width), op: name, a };
  const operand = !isInteger || name === 'abs' ? a : convert(a, name === 'neg' ? 'i32' : 'f32');
  return { kind: 'unary', type: operand.type, op: name, a: operand };
}

/** The code of a position. It is known as far out as its variables are, which may be in front of the guards of its block. */
export function positionCode(emission: Emission, expr: Expr, ranges: Ranges): KExpr {
  return valueCode(expr, { emission, block: { name: 'position', ranges }, planned: null, lane: null });
}

/** An element of a buffer that the kernel does not write; without guards its index is kept inside the buffer by itself. */
function elementCode({ buffer, indices }: LoadExpr, { emission, block }: ValueContext): KExpr {
  const layout = emission.layouts.get(buffer);
  assert(layout?.kind === 'storage' && layout.width === 1, () => `positions are loaded from ${buffer}`);
  const flat = indices.reduce<Expr>(
    (sum, index, d) => add(sum, mul(index, int(layout.region.strides[d] as number))),
    int(0),
  );
  const code = indexCode(emission, simplify(flat, block.ranges), block.ranges, 0, `${buffer}_at`);
  const index = op('min', code, literalOf(u32, layout.length - 1));
  return { kind: 'element', type: typeOf(layout.scalar, 1), array: buffer, index };
}

function loadCode(load: LoadExpr, context: ValueContext): KExpr {
  const { emission, planned, lane } = context;
  if (planned === null) return elementCode(load, context);
  const access = planned.loads.get(load);
  assert(access !== undefined, () => `load of ${load.buffer} was not planned`);
  if (lane === null || access.motion === 'still') return loadPlace(emission, placeOf(emission, access, 1), access);
  if (isVector(access, emission, lane)) return loadPlace(emission, placeOf(emission, access, lane.width), access);
  return perLane(load, context, lane);
}

/** Whether an access is one vector of the lane's width in memory. */
export function isVector(access: Planned, emission: Emission, lane: Lane): boolean {
  return access.motion === 'aligned' && emission.layouts.get(access.access.region.buffer.name)?.width === lane.width;
}

/** A vector from its components, each computed by itself. */
function perLane(expr: Expr, context: ValueContext, lane: Lane): KExpr {
  const scalar: ValueContext = { ...context, lane: null };
  const args: KExpr[] = [];
  for (let i = 0; i < lane.width; i++) {
    context.emission.iteration.set(lane.name, i);
    args.push(valueCode(expr, scalar));
  }
  context.emission.iteration.set(lane.name, 0);
  return { kind: 'construct', type: typeOf(args[0]?.type.scalar ?? 'f32', lane.width), args };
}

function selectCode(condition: Expr, then: Expr, otherwise: Expr, whole: Expr, context: ValueContext): KExpr {
  const { emission, block, lane } = context;
  if (lane !== null && variesWith(condition, context, lane)) return perLane(whole, context, lane);
  const code = isIndexCondition(condition)
    ? conditionCode(emission, condition, block.ranges, block.name)
    : valueCode(condition, { ...context, lane: null });
  if (typeof code === 'boolean') return valueCode(code ? then : otherwise, context);
  return choose(code, valueCode(then, context), valueCode(otherwise, context));
}

/** `condition ? yes : no` with operands brought to one type. */
export function choose(condition: KExpr, yes: KExpr, no: KExpr): KExpr {
  const [a, b] = unify(yes, no);
  const width = Math.max(a.type.width, b.type.width) as Width;
  const type = typeOf(a.type.scalar, width);
  return { kind: 'select', type, condition, yes: splat(a, width), no: splat(b, width) };
}

function variesWith(expr: Expr, context: ValueContext, lane: Lane): boolean {
  if (usesVar(expr, lane.name)) return true;
  if (expr.kind === 'load') return context.planned?.loads.get(expr)?.motion !== 'still';
  if (expr.kind === 'unary' || expr.kind === 'cast') return variesWith(expr.a, context, lane);
  if (expr.kind === 'binary') return variesWith(expr.a, context, lane) || variesWith(expr.b, context, lane);
  if (expr.kind === 'select')
    return [expr.condition, expr.then, expr.otherwise].some((part) => variesWith(part, context, lane));
  return false;
}

/** A binary operation on values, with types made equal and scalars spread where the operation asks for it. */
export function binaryCode(name: BinaryOp, left: KExpr, right: KExpr): KExpr {
  const [a, b] = unify(left, right);
  const width = Math.max(a.type.width, b.type.width) as Width;
  if (yieldsBool.has(name)) return op(name, splat(a, width), splat(b, width), typeOf('bool', width));
  const type = typeOf(a.type.scalar, width);
  if (name === 'mod' && (type.scalar === 'f32' || type.scalar === 'f16')) {
    // The IR's remainder is that of a floored quotient; the shading language's truncates.
    const quotient: KExpr = { kind: 'unary', type, op: 'floor', a: op('div', a, b, type) };
    return op('sub', a, op('mul', b, quotient, type), type);
  }
  if (mixesWidths.has(name)) return op(name, a, b, type);
  return op(name, splat(a, width), splat(b, width), type);
}

const rank: Record<Scalar, number> = { bool: 0, u32: 1, i32: 2, f16: 3, f32: 4 };

function unify(a: KExpr, b: KExpr): [KExpr, KExpr] {
  const x = a.type.scalar;
  const y = b.type.scalar;
  if (x === y) return [a, b];
  const scalar = rank[x] >= rank[y] ? x : y;
  return [convert(a, scalar), convert(b, scalar)];
}

export function convert(expr: KExpr, scalar: Scalar): KExpr {
  if (expr.type.scalar === scalar) return expr;
  const type = typeOf(scalar, expr.type.width);
  if (expr.kind === 'literal' && scalar !== 'bool' && !(scalar === 'u32' && expr.value < 0))
    return { kind: 'literal', type, value: scalar === 'f32' || scalar === 'f16' ? expr.value : Math.trunc(expr.value) };
  return { kind: 'construct', type, args: [expr] };
}

export function splat(expr: KExpr, width: Width): KExpr {
  if (expr.type.width === width) return expr;
  return { kind: 'construct', type: typeOf(expr.type.scalar, width), args: [expr] };
}

function asCode(condition: KExpr | boolean): KExpr {
  return typeof condition === 'boolean' ? { kind: 'literal', type: bool, value: condition ? 1 : 0 } : condition;
}
