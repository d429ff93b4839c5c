import type { BinaryExpr, BinaryOp, Buffer, DType, Expr, LoadExpr, UnaryOp } from '../ir/nodes.ts';
import { dispatchExpr, type ExprTable } from '../ir/visit.ts';
import { assert } from '../support/errors.ts';

/** The JavaScript of an expression, the type it yields, and, for an index whose values can be bounded, its range. */
export interface Code {
  readonly text: string;
  readonly type: DType | 'index';
  readonly range?: Range;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

/** A place in the program that is checked while it runs; the error message names it. */
export interface Site {
  readonly block: string;
  readonly what: string;
}

interface Context {
  readonly scope: ReadonlyMap<string, Code>;
  readonly buffers: ReadonlyMap<string, { readonly buffer: Buffer; readonly slot: number }>;
  /** Appended to. */
  readonly sites: Site[];
  readonly rounding: boolean;
  readonly block: string;
}

const integerTypes: ReadonlySet<Code['type']> = new Set(['index', 'i32', 'u32']);

const unaryText: Record<UnaryOp, (a: string) => string> = {
  neg: (a) => `(-${a})`,
  abs: (a) => `Math.abs(${a})`,
  exp: (a) => `Math.exp(${a})`,
  // `number` makes of NaN the worst that a device may.
  expNumber: (a) => `number.exp(${a})`,
  log: (a) => `Math.log(${a})`,
  sqrt: (a) => `Math.sqrt(${a})`,
  inverseSqrt: (a) => `(1 / Math.sqrt(${a}))`,
  tanh: (a) => `Math.tanh(${a})`,
  sin: (a) => `Math.sin(${a})`,
  cos: (a) => `Math.cos(${a})`,
  floor: (a) => `Math.floor(${a})`,
  ceil: (a) => `Math.ceil(${a})`,
  round: (a) => `roundEven(${a})`,
  not: (a) => `(!${a})`,
  isNan: (a) => `Number.isNaN(${a})`,
};

const binaryText: Record<BinaryOp, (a: string, b: string) => string> = {
  add: (a, b) => `(${a} + ${b})`,
  sub: (a, b) => `(${a} - ${b})`,
  mul: (a, b) => `(${a} * ${b})`,
  div: (a, b) => `(${a} / ${b})`,
  mod: (a, b) => `(${a} - ${b} * Math.floor(${a} / ${b}))`,
  min: (a, b) => `Math.min(${a}, ${b})`,
  max: (a, b) => `Math.max(${a}, ${b})`,
  maxNumber: (a, b) => `number.max(${a}, ${b})`,
  pow: (a, b) => `Math.pow(${a}, ${b})`,
  shr: (a, b) => `(${a} >>> ${b})`,
  bitAnd: (a, b) => `((${a} & ${b}) >>> 0)`,
  lt: (a, b) => `(${a} < ${b})`,
  le: (a, b) => `(${a} <= ${b})`,
  gt: (a, b) => `(${a} > ${b})`,
  ge: (a, b) => `(${a} >= ${b})`,
  eq: (a, b) => `(${a} === ${b})`,
  ne: (a, b) => `(${a} !== ${b})`,
  and: (a, b) => `(${a} && ${b})`,
  or: (a, b) => `(${a} || ${b})`,
};

const yieldsBool: ReadonlySet<BinaryOp> = new Set(['lt', 'le', 'gt', 'ge', 'eq', 'ne', 'and', 'or']);

/** The JavaScript of one expression; see compileProgram. */
export function compileExpr(expr: Expr, context: Context): Code {
  const compile = (child: Expr): Code => compileExpr(child, context);
  const rounded = (text: string, type: Code['type']): Code =>
    context.rounding && (type === 'f32' || type === 'f16') ? { text: `${type}(${text})`, type } : { text, type };

  const table: ExprTable<Code> = {
    int: ({ value }) => ({ text: literal(value), type: 'index', range: { low: value, high: value } }),
    float: ({ value, dtype }) => rounded(literal(value), dtype),
    var: ({ name }) => {
      const code = context.scope.get(name);
      assert(code !== undefined, () => `block ${context.block} uses ${name}, which is not in scope`);
      return code;
    },
    load: (node) => compileLoad(node, context),
    unary: ({ op, a }) => {
      const code = compile(a);
      if (op === 'not' || op === 'isNan') return { text: unaryText[op](code.text), type: 'bool' };
      const range = op === 'neg' && code.range ? { low: -code.range.high, high: -code.range.low } : undefined;
      const result = rounded(unaryText[op](code.text), code.type);
      return range ? { ...result, range } : result;
    },
    binary: (node) => {
      const a = compile(node.a);
      const b = compile(node.b);
      if (yieldsBool.has(node.op)) return { text: binaryText[node.op](a.text, b.text), type: 'bool' };
      const type = a.type === 'index' ? b.type : a.type;
      if (!integerTypes.has(type)) return rounded(binaryText[node.op](a.text, b.text), type);
      return compileInteger(node, a, b, type);
    },
    select: (node) => {
      const then = compile(node.then);
      const otherwise = compile(node.otherwise);
      const code: Code = {
        text: `(${compile(node.condition).text} ? ${then.text} : ${otherwise.text})`,
        type: then.type,
      };
      if (!then.range || !otherwise.range) return code;
      const low = Math.min(then.range.low, otherwise.range.low);
      return { ...code, range: { low, high: Math.max(then.range.high, otherwise.range.high) } };
    },
    cast: ({ dtype, a }) => {
      const code = compile(a);
      if (dtype === 'bool') return { text: `(${code.text} !== 0)`, type: 'bool' };
      const number = code.type === 'bool' ? `Number(${code.text})` : code.text;
      if (integerTypes.has(dtype)) return { text: `Math.trunc(${number})`, type: dtype };
      return rounded(number, dtype);
    },
  };
  return dispatchExpr(table, expr);
}

/** The element itself, usable on either side of an assignment. Indices that are not provably inside the shape are checked. */
function compileLoad(node: LoadExpr, context: Context): Code {
  const found = context.buffers.get(node.buffer);
  assert(found !== undefined, () => `block ${context.block} uses ${node.buffer}, which the program does not declare`);
  const { buffer, slot } = found;
  assert(
    node.indices.length === buffer.shape.length,
    () =>
      `block ${context.block}: ${buffer.name} has ${buffer.shape.length} dimensions, got ${node.indices.length} indices`,
  );
  let offset = '0';
  node.indices.forEach((index, dimension) => {
    const code = compileExpr(index, context);
    const extent = buffer.shape[dimension] as number;
    const proved = code.range !== undefined && code.range.low >= 0 && code.range.high < extent;
    let text = code.text;
    if (!proved) {
      text = `check(${text}, ${extent}, ${context.sites.length})`;
      context.sites.push({ block: context.block, what: `index ${dimension} of ${buffer.name}` });
    }
    offset = dimension === 0 ? text : `(${offset}) * ${extent} + ${text}`;
  });
  const element = `b${slot}[${offset}]`;
  return { text: element, type: buffer.dtype };
}

/** Integer arithmetic: division floors, and intervals are carried along so that most bounds need no check at run time. */
function compileInteger(node: BinaryExpr, a: Code, b: Code, type: Code['type']): Code {
  const range = a.range && b.range ? combineRanges(node.op, a.range, b.range) : undefined;
  let text = binaryText[node.op](a.text, b.text);
  const small = a.range !== undefined && a.range.low >= 0 && a.range.high < 2 ** 31;
  const byConstant = b.range !== undefined && b.range.low === b.range.high && b.range.low > 0;
  if (node.op === 'div')
    text = small && byConstant ? `((${a.text} / ${b.text}) | 0)` : `Math.floor(${a.text} / ${b.text})`;
  if (node.op === 'mod' && small && byConstant) text = `(${a.text} % ${b.text})`;
  return range ? { text, type, range } : { text, type };
}

function combineRanges(op: BinaryOp, a: Range, b: Range): Range | undefined {
  switch (op) {
    case 'add':
      return { low: a.low + b.low, high: a.high + b.high };
    case 'sub':
      return { low: a.low - b.high, high: a.high - b.low };
    case 'mul': {
      const products = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high];
      return { low: Math.min(...products), high: Math.max(...products) };
    }
    case 'div':
      if (b.low !== b.high || b.low <= 0) return undefined;
      return { low: Math.floor(a.low / b.low), high: Math.floor(a.high / b.low) };
    case 'mod':
      if (b.low !== b.high || b.low <= 0) return undefined;
      return a.low >= 0 && a.high < b.low ? a : { low: 0, high: b.low - 1 };
    case 'min':
      return { low: Math.min(a.low, b.low), high: Math.min(a.high, b.high) };
    case 'max':
      return { low: Math.max(a.low, b.low), high: Math.max(a.high, b.high) };
    default:
      return undefined;
  }
}

/** Parenthesised, so that a minus in front of a negative number stays two tokens. */
function literal(value: number): string {
  return value < 0 || Object.is(value, -0) ? `(${value})` : `${value}`;
}
