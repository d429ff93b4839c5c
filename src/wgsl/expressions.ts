import type { KBinaryOp, KExpr, KType } from '../ir/kernel.ts';
import type { UnaryOp } from '../ir/nodes.ts';
import { printLiteral } from './literals.ts';
import { wrapperOf } from './non-finite.ts';

const infix: { readonly [op in KBinaryOp]?: { readonly sign: string; readonly level: number } } = {
  or: { sign: '||', level: 1 },
  and: { sign: '&&', level: 2 },
  eq: { sign: '==', level: 3 },
  ne: { sign: '!=', level: 3 },
  lt: { sign: '<', level: 3 },
  le: { sign: '<=', level: 3 },
  gt: { sign: '>', level: 3 },
  ge: { sign: '>=', level: 3 },
  bitAnd: { sign: '&', level: 4 },
  shr: { sign: '>>', level: 4 },
  add: { sign: '+', level: 5 },
  sub: { sign: '-', level: 5 },
  mul: { sign: '*', level: 6 },
  div: { sign: '/', level: 6 },
  mod: { sign: '%', level: 6 },
};

const prefix: { readonly [op in UnaryOp]?: string } = { neg: '-', not: '!' };
/** Operations that have another name in the shading language. */
const builtin: Readonly<Partial<Record<string, string>>> = { expNumber: 'exp', maxNumber: 'max' };
const nameOf = (op: string): string => builtin[op] ?? op;
const components = 'xyzw';

export function printType(type: KType): string {
  return type.width === 1 ? type.scalar : `vec${type.width}<${type.scalar}>`;
}

/** One expression. `spell` gives names their WGSL spelling. */
export function printExpression(expr: KExpr, spell: (name: string) => string): string {
  switch (expr.kind) {
    case 'literal':
      return printLiteral(expr.value, expr.type.scalar);
    case 'name':
      return spell(expr.name);
    case 'builtin':
      return `${expr.of}.${expr.axis}`;
    case 'element':
      return `${spell(expr.array)}[${printExpression(expr.index, spell)}]`;
    case 'component':
      return `${operand(expr.of, 9, spell)}.${components[expr.at]}`;
    case 'unary': {
      const sign = prefix[expr.op];
      if (sign === undefined) return `${wrapperOf(expr) ?? nameOf(expr.op)}(${printExpression(expr.a, spell)})`;
      const text = operand(expr.a, 7, spell);
      return text.startsWith('-') ? `${sign}(${text})` : `${sign}${text}`;
    }
    case 'binary':
      return printBinary(expr, spell);
    case 'select':
      return `select(${argument(expr.no, spell)}, ${argument(expr.yes, spell)}, ${printExpression(expr.condition, spell)})`;
    case 'subgroup-lane':
      return 'subgroup_lane';
    case 'exchange': {
      const call =
        expr.how === 'xor'
          ? 'subgroupShuffleXor'
          : expr.lane.kind === 'literal'
            ? 'subgroupBroadcast'
            : 'subgroupShuffle';
      return `${call}(${printExpression(expr.value, spell)}, ${printExpression(expr.lane, spell)})`;
    }
    case 'construct':
      return `${printType(expr.type)}(${expr.args.map((arg) => argument(arg, spell)).join(', ')})`;
  }
}

function printBinary(expr: Extract<KExpr, { kind: 'binary' }>, spell: (name: string) => string): string {
  const wrapper = wrapperOf(expr);
  if (wrapper !== null) {
    // Extremes test whether their second operand is NaN; for a constant compilers know the answer.
    const [a, b] = isConstant(expr.a) ? [expr.b, expr.a] : [expr.a, expr.b];
    return `${wrapper}(${printExpression(a, spell)}, ${printExpression(b, spell)})`;
  }
  const found = infix[expr.op];
  if (found === undefined)
    return `${nameOf(expr.op)}(${printExpression(expr.a, spell)}, ${printExpression(expr.b, spell)})`;
  const { sign, level } = found;
  // WGSL defines no precedence between shifts, masks and other operators, nor between && and ||: such operands are always in parentheses.
  const mixed = level <= 2 || level === 4;
  const chains = mixed && expr.a.kind === 'binary' && expr.a.op === expr.op && expr.op !== 'shr';
  const a = chains
    ? printExpression(expr.a, spell)
    : operand(expr.a, level <= 2 ? 3 : level === 4 ? 9 : level === 3 ? 5 : level, spell);
  const b = operand(expr.b, level <= 2 ? 3 : level === 4 ? 9 : level === 3 ? 5 : level + 1, spell);
  return `${a} ${sign} ${b}`;
}

function isConstant(expr: KExpr): boolean {
  return expr.kind === 'literal' || (expr.kind === 'construct' && expr.args.every(isConstant));
}

/** WGSL reads `f(a < b, c > d)` as a template `a<b, c>`, so comparisons among arguments stand in parentheses. */
function argument(expr: KExpr, spell: (name: string) => string): string {
  return operand(expr, 4, spell);
}

/** An operand, in parentheses unless it binds at least as tightly as `level`. */
function operand(expr: KExpr, level: number, spell: (name: string) => string): string {
  const text = printExpression(expr, spell);
  return tightness(expr) >= level ? text : `(${text})`;
}

function tightness(expr: KExpr): number {
  if (expr.kind === 'binary') return infix[expr.op]?.level ?? 9;
  if (expr.kind === 'unary') return prefix[expr.op] === undefined ? 9 : 7;
  if (expr.kind === 'literal') return expr.value < 0 || Object.is(expr.value, -0) ? 7 : 9;
  return 9;
}
