import { boundsOf, type Interval, type Ranges } from '../../arithmetic/bounds.ts';
import { difference, keyOf } from '../../arithmetic/linear.ts';
import { isIndex } from '../../arithmetic/simplify.ts';
import { int } from '../../ir/builders.ts';
import type { KExpr } from '../../ir/kernel.ts';
import type { BinaryExpr, BinaryOp, Expr, GridAxis } from '../../ir/nodes.ts';
import { isPosition } from '../../ir/visit.ts';
import { assert } from '../../support/errors.ts';
import {
  boundsOfTerms,
  type FormTerm,
  formOf,
  formOfLinear,
  type IndexCode,
  type IndexForm,
  instanceOf,
  isClamp,
  sidesOf,
} from '../analysis/index-form.ts';
import { divideCode } from './divide.ts';
import { type Emission, placeLet } from './emission.ts';
import type { StatementScope } from './scope.ts';
import { bool, literal, op, plus, u32 } from './types.ts';

/** The value of an index expression in the current iteration, plus `bias`. */
export function indexCode(emission: Emission, expr: Expr, ranges: Ranges, bias: number, hint: string): KExpr {
  const { form, constant } = instanceOf(
    formOf(expr, ranges, emission.variables),
    emission.iteration,
    emission.variables,
  );
  const code = termsCode(emission, form, 1, hint);
  return plus(code.expr, constant + bias - code.shift);
}

/**
 * The terms of a form divided by `scale` (which divides all their coefficients), grouped by the loop in which they are known: the part that
 * depends on workgroup and lane gets a name at the top of the kernel, the part that a loop adds gets one in that loop.
 */
export function termsCode(emission: Emission, form: IndexForm, scale: number, hint: string): IndexCode {
  const home = emission.loops[form.level] as StatementScope;
  const cached = form.codes.get(scale);
  if (cached !== undefined && cached.scope === home) return cached;
  const code = buildTerms(emission, form, scale, hint, home);
  form.codes.set(scale, code);
  return code;
}

function buildTerms(emission: Emission, form: IndexForm, scale: number, hint: string, home: StatementScope): IndexCode {
  let expr: KExpr | null = null;
  let shift = 0;
  let key = '';
  const levels = [...new Set(form.terms.map((term) => term.level))].sort((a, b) => a - b);
  for (const level of levels) {
    const terms = form.terms.filter((term) => term.level === level);
    for (const sign of [1, -1]) {
      for (const term of terms) {
        const coefficient = term.coefficient / scale;
        if (Math.sign(coefficient) !== sign) continue;
        const atom = atomCode(emission, term, form.ranges, hint);
        shift += coefficient * atom.shift;
        const size = Math.abs(coefficient);
        const part: KExpr = size === 1 ? atom.expr : op('mul', atom.expr, literal(size));
        if (expr === null) expr = sign === 1 ? part : op('sub', literal(0), part);
        else expr = op(sign === 1 ? 'add' : 'sub', expr, part);
        key += `${coefficient}*${atom.key} `;
      }
    }
    if (expr !== null && expr.kind === 'binary') expr = placeLet(emission, level, key, expr, hint);
  }
  return { expr, shift, key, scope: home };
}

interface AtomCode {
  readonly expr: KExpr;
  readonly shift: number;
  readonly key: string;
}

/** Code of a term that linear arithmetic cannot look into. Operands of division, minimum and comparison are shifted up to be never negative. */
function atomCode(emission: Emission, term: FormTerm, ranges: Ranges, hint: string): AtomCode {
  const { atom, key, level } = term;
  if (atom.kind === 'var') return variableCode(emission, atom.name, key, ranges);
  const place = (suffix: string, expr: KExpr, shift: number): AtomCode => ({
    expr: placeLet(emission, level, `${key}${suffix}`, expr, `${hint}_part`),
    shift,
    key: `${key}${suffix}`,
  });
  if (atom.kind === 'binary' && atom.b.kind === 'int' && (atom.op === 'div' || atom.op === 'mod')) {
    const divisor = atom.b.value;
    const { min, max } = boundsOf(atom.a, ranges);
    assert(Number.isFinite(min) && Number.isFinite(max), () => `cannot bound ${keyOf(atom)}`);
    const lift = min < 0 ? Math.ceil(-min / divisor) : 0;
    const top = max + lift * divisor;
    const numerator = indexCode(emission, atom.a, ranges, lift * divisor, hint);
    const expr = divideCode(atom.op, numerator, divisor, top, level > 0, () =>
      placeLet(emission, level, `${keyOf(atom.a)}+${lift * divisor}`, numerator, `${hint}_part`),
    );
    return place(`#${top}`, expr, atom.op === 'div' ? lift : 0);
  }
  if (atom.kind === 'binary' && (atom.op === 'div' || atom.op === 'mod')) {
    // Shifted up as above: (a + n * b) / b = a / b + n.
    const [{ min }, { min: least }] = [boundsOf(atom.a, ranges), boundsOf(atom.b, ranges)];
    const lift = min < 0 ? Math.ceil(-min / least) : 0;
    const divisor = indexCode(emission, atom.b, ranges, 0, hint);
    const plain = indexCode(emission, atom.a, ranges, 0, hint);
    const numerator = lift === 0 ? plain : op('add', plain, op('mul', divisor, literal(lift)));
    return place('', op(atom.op, numerator, divisor), atom.op === 'div' ? lift : 0);
  }
  if (atom.kind === 'binary' && atom.op === 'mul') {
    // Factors below zero wrap, and so does their product; shifted up to be never negative, it equals the product without wrapping.
    const lift = Math.max(0, -boundsOf(atom, ranges).min);
    const product = op(
      'mul',
      indexCode(emission, atom.a, ranges, 0, hint),
      indexCode(emission, atom.b, ranges, 0, hint),
    );
    return place(`#${lift}`, plus(product, lift), lift);
  }
  if (isPosition(atom)) return place('', emission.position(atom, ranges), 0);
  if (isClamp(atom) && atom.kind === 'binary' && atom.a.kind === 'cast') {
    return place(
      '',
      op('min', indexCode(emission, atom.a.a, ranges, 0, hint), indexCode(emission, atom.b, ranges, 0, hint)),
      0,
    );
  }
  if (atom.kind === 'binary' && (atom.op === 'min' || atom.op === 'max')) {
    const low = Math.min(boundsOf(atom.a, ranges).min, boundsOf(atom.b, ranges).min);
    assert(Number.isFinite(low), () => `cannot bound ${keyOf(atom)}`);
    const lift = Math.max(0, -low);
    const a = indexCode(emission, atom.a, ranges, lift, hint);
    const b = indexCode(emission, atom.b, ranges, lift, hint);
    return place(`#${lift}`, op(atom.op, a, b), lift);
  }
  if (atom.kind === 'select') {
    const lift = Math.max(0, -boundsOf(atom, ranges).min);
    const condition = conditionCode(emission, atom.condition, ranges, hint);
    const yes = indexCode(emission, atom.then, ranges, lift, hint);
    const no = indexCode(emission, atom.otherwise, ranges, lift, hint);
    if (typeof condition === 'boolean') return { expr: condition ? yes : no, shift: lift, key: `${key}#${lift}` };
    return place(`#${lift}`, { kind: 'select', type: u32, condition, yes, no }, lift);
  }
  assert(atom.kind === 'binary' && yieldsTruth(atom.op), () => `${keyOf(atom)} is no index expression`);
  const condition = conditionCode(emission, atom, ranges, hint);
  if (typeof condition === 'boolean') return { expr: literal(condition ? 1 : 0), shift: 0, key };
  return place('', { kind: 'select', type: u32, condition, yes: literal(1), no: literal(0) }, 0);
}

function variableCode(emission: Emission, name: string, key: string, ranges: Ranges): AtomCode {
  const axis = name.slice(-1) as GridAxis;
  if (name.startsWith('wg.')) return bounded({ kind: 'builtin', type: u32, of: 'wg', axis }, emission.tree.ranges);
  if (name.startsWith('lid.')) return bounded({ kind: 'builtin', type: u32, of: 'lid', axis }, ranges);
  return { expr: { kind: 'name', type: u32, name }, shift: 0, key };

  /**
   * The id with the bounds that we know and a compiler does not: no workgroup is beyond the grid, no lane beyond the guard around it. A
   * compiler that must keep every access inside its buffer would clamp each index that depends on the id, in whatever loop; an operation or
   * two out here spare it that.
   */
  function bounded(id: KExpr, known: Ranges): AtomCode {
    const { min, max } = known.get(name) as Interval;
    if (name.startsWith('lid.') && max === (emission.tree.ranges.get(name) as Interval).max)
      return { expr: id, shift: 0, key };
    const below = op('min', id, literal(max));
    const text = `${name}<=${max}`;
    const expr = placeLet(emission, 0, text, min > 0 ? op('max', below, literal(min)) : below, name.replace('.', '_'));
    return { expr, shift: 0, key: text };
  }
}

const compares: ReadonlySet<BinaryOp> = new Set(['lt', 'le', 'gt', 'ge', 'eq', 'ne']);

/** A condition over indices in the current iteration: its code, or its truth where that is certain. */
export function conditionCode(emission: Emission, expr: Expr, ranges: Ranges, hint: string): KExpr | boolean {
  if (expr.kind === 'int') return expr.value !== 0;
  if (expr.kind === 'unary' && expr.op === 'not') {
    const inner = conditionCode(emission, expr.a, ranges, hint);
    return typeof inner === 'boolean' ? !inner : { kind: 'unary', type: bool, op: 'not', a: inner };
  }
  if (expr.kind === 'binary' && (expr.op === 'and' || expr.op === 'or')) {
    const a = conditionCode(emission, expr.a, ranges, hint);
    const b = conditionCode(emission, expr.b, ranges, hint);
    const absorbing = expr.op === 'or';
    if (typeof a === 'boolean') return a === absorbing ? absorbing : b;
    if (typeof b === 'boolean') return b === absorbing ? absorbing : a;
    return op(expr.op, a, b, bool);
  }
  return compareCode(emission, expr, ranges, hint);
}

const yieldsTruth = (name: BinaryOp): boolean => compares.has(name) || name === 'and' || name === 'or';

/** Whether a condition is over indices only, and not over values. */
export function isIndexCondition(expr: Expr): boolean {
  return expr.kind === 'unary' && expr.op === 'not' ? isIndexCondition(expr.a) : isIndex(expr);
}

/**
 * a < b with both sides free of negative numbers: the terms of a - b are put on the side where their sign is positive, and the constant
 * as well. u32 comparison is then right whatever the operands' difference is.
 */
function compareCode(emission: Emission, expr: Expr, ranges: Ranges, hint: string): KExpr | boolean {
  // A number is a condition too: it holds where it is not zero.
  const isComparison = expr.kind === 'binary' && compares.has(expr.op);
  const {
    op: compare,
    a: one,
    b: other,
  }: Pick<BinaryExpr, 'op' | 'a' | 'b'> = isComparison ? expr : { op: 'ne', a: expr, b: int(0) };
  let held = emission.differences.get(expr);
  if (held === undefined || held.ranges !== ranges) {
    held = formOfLinear(difference(one, other), ranges, emission.variables);
    emission.differences.set(expr, held);
  }
  const { form, constant } = instanceOf(held, emission.iteration, emission.variables);
  const bounds = boundsOfTerms(form);
  const decided = decide(compare, bounds.min + constant, bounds.max + constant);
  if (decided !== null) return decided;
  const sides = sidesOf(form);
  const left = termsCode(emission, sides.positive, 1, hint);
  const right = termsCode(emission, sides.negative, 1, hint);
  const balance = constant - left.shift + right.shift;
  const a = balance > 0 ? plus(left.expr, balance) : (left.expr ?? literal(0));
  const b = balance > 0 ? (right.expr ?? literal(0)) : plus(right.expr, -balance);
  const code = op(compare, a, b, bool);
  return placeLet(emission, form.level, `${left.key}${compare} ${balance} ${right.key}`, code, `${hint}_inside`);
}

function decide(kind: BinaryOp, min: number, max: number): boolean | null {
  switch (kind) {
    case 'lt':
      return max < 0 ? true : min >= 0 ? false : null;
    case 'le':
      return max <= 0 ? true : min > 0 ? false : null;
    case 'gt':
      return min > 0 ? true : max <= 0 ? false : null;
    case 'ge':
      return min >= 0 ? true : max < 0 ? false : null;
    case 'eq':
      return min === 0 && max === 0 ? true : min > 0 || max < 0 ? false : null;
    default:
      return min > 0 || max < 0 ? true : min === 0 && max === 0 ? false : null;
  }
}
