import { f16round } from '@petamoriken/float16';
import type { KBinaryOp, KExpr, Scalar } from '../../src/ir/kernel.ts';
import type { UnaryOp } from '../../src/ir/nodes.ts';
import { roundEven } from '../../src/support/round-even.ts';
import { ofNumbers } from '../../src/testing/interpret.ts';

/** The functions that generated code calls; one object for all kernels. */
export const runtime = {
  f16: f16round,
  roundEven,
  ofNumbers,
  map1: (a: readonly number[], f: (x: number) => number): number[] => a.map(f),
  map2: (
    a: number | readonly number[],
    b: number | readonly number[],
    width: number,
    f: (x: number, y: number) => number,
  ): number[] =>
    Array.from({ length: width }, (_, i) =>
      f(typeof a === 'number' ? a : (a[i] as number), typeof b === 'number' ? b : (b[i] as number)),
    ),
  divide: (a: number, b: number): number => {
    if (b === 0) throw new Error('integer division by zero');
    return Math.trunc(a / b);
  },
};

const unaryText: Record<UnaryOp, (a: string) => string> = {
  neg: (a) => `-(${a})`,
  not: (a) => `!(${a})`,
  abs: (a) => `Math.abs(${a})`,
  exp: (a) => `Math.exp(${a})`,
  expNumber: (a) => `R.ofNumbers.exp(${a})`,
  log: (a) => `Math.log(${a})`,
  sqrt: (a) => `Math.sqrt(${a})`,
  inverseSqrt: (a) => `(1 / Math.sqrt(${a}))`,
  tanh: (a) => `Math.tanh(${a})`,
  sin: (a) => `Math.sin(${a})`,
  cos: (a) => `Math.cos(${a})`,
  floor: (a) => `Math.floor(${a})`,
  ceil: (a) => `Math.ceil(${a})`,
  round: (a) => `R.roundEven(${a})`,
  isNan: (a) => `Number.isNaN(${a})`,
};

function binaryText(op: KBinaryOp, scalar: Scalar, a: string, b: string): string {
  const integer = scalar === 'u32' || scalar === 'i32';
  switch (op) {
    case 'add':
      return `(${a} + ${b})`;
    case 'sub':
      return `(${a} - ${b})`;
    case 'mul':
      return integer ? `Math.imul(${a}, ${b})` : `(${a} * ${b})`;
    case 'div':
      return integer ? `R.divide(${a}, ${b})` : `(${a} / ${b})`;
    case 'mod':
      return `(${a} % ${b})`;
    case 'min':
      return `Math.min(${a}, ${b})`;
    case 'max':
      return `Math.max(${a}, ${b})`;
    case 'maxNumber':
      return `R.ofNumbers.max(${a}, ${b})`;
    case 'pow':
      return `Math.pow(${a}, ${b})`;
    case 'lt':
      return `(${a} < ${b})`;
    case 'le':
      return `(${a} <= ${b})`;
    case 'gt':
      return `(${a} > ${b})`;
    case 'ge':
      return `(${a} >= ${b})`;
    case 'eq':
      return `(${a} === ${b})`;
    case 'ne':
      return `(${a} !== ${b})`;
    case 'and':
      return `(${a} && ${b})`;
    case 'or':
      return `(${a} || ${b})`;
    case 'shr':
      return `(${a} >>> ${b})`;
    case 'bitAnd':
      return `(${a} & ${b})`;
  }
}

/** Wraps an expression so that its value is rounded or wrapped as its type requires. */
export function settle(text: string, scalar: Scalar): string {
  switch (scalar) {
    case 'f32':
      return `Math.fround(${text})`;
    case 'f16':
      return `R.f16(${text})`;
    case 'u32':
      return `((${text}) >>> 0)`;
    case 'i32':
      return `((${text}) | 0)`;
    case 'bool':
      return text;
  }
}

/** JavaScript of a kernel expression: numbers and booleans for scalars, arrays for vectors. */
export function compileExpression(expr: KExpr): string {
  const { scalar, width } = expr.type;
  switch (expr.kind) {
    case 'literal':
      return scalar === 'bool' ? String(expr.value !== 0) : settle(`(${expr.value})`, scalar);
    case 'name':
      return `$${expr.name}`;
    case 'builtin':
      return `${expr.of}.${expr.axis}`;
    case 'element':
      return `$${expr.array}.${width === 1 ? 'get' : 'getVector'}(${compileExpression(expr.index)})`;
    case 'component':
      return `${compileExpression(expr.of)}[${expr.at}]`;
    case 'unary': {
      const a = compileExpression(expr.a);
      if (width === 1) return settle(unaryText[expr.op](a), scalar);
      return `R.map1(${a}, (x) => ${settle(unaryText[expr.op]('x'), scalar)})`;
    }
    case 'binary': {
      if (expr.a.type.scalar !== expr.b.type.scalar)
        throw new Error(`${expr.op} of ${expr.a.type.scalar} and ${expr.b.type.scalar}`);
      const a = compileExpression(expr.a);
      const b = compileExpression(expr.b);
      const operands = expr.a.type.scalar;
      if (width === 1) return settle(binaryText(expr.op, operands, a, b), scalar);
      return `R.map2(${a}, ${b}, ${width}, (x, y) => ${settle(binaryText(expr.op, operands, 'x', 'y'), scalar)})`;
    }
    case 'select': {
      // Both branches are evaluated, as in WGSL, so that an access out of bounds in the branch not taken is found.
      if (expr.yes.type.width !== width || expr.no.type.width !== width) throw new Error('select of different widths');
      return `((c, y, n) => (c ? y : n))(${compileExpression(expr.condition)}, ${compileExpression(expr.yes)}, ${compileExpression(expr.no)})`;
    }
    case 'subgroup-lane':
      return 'subgroupLane';
    case 'exchange':
      if (expr.value.type.scalar === 'bool') throw new Error('lanes cannot exchange a bool');
      // The lane stops here until all lanes of its subgroup have a value to offer; see runKernel.
      return `(yield [${JSON.stringify(expr.how)}, ${compileExpression(expr.value)}, ${compileExpression(expr.lane)}])`;
    case 'construct': {
      const args = expr.args.map(compileExpression);
      const only = expr.args[0] as KExpr;
      if (width === 1) return convert(args[0] as string, scalar);
      if (args.length > 1) return `[${args.join(', ')}]`;
      if (only.type.width === 1) return `new Array(${width}).fill(${args[0]})`;
      return `R.map1(${args[0]}, (x) => ${convert('x', scalar)})`;
    }
  }
}

function convert(text: string, scalar: Scalar): string {
  if (scalar === 'bool') return `(${text} !== 0)`;
  const number = `Number(${text})`;
  return settle(scalar === 'u32' || scalar === 'i32' ? `Math.trunc(${number})` : number, scalar);
}
