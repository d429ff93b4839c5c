import type { KExpr, KType } from '../ir/kernel.ts';

/*
 * NaN and infinity in WGSL, which has no literals for them and promises nothing about them. On devices `max` and `min` drop a NaN, `x != x` is
 * false for it (Tint writes an ordered comparison), `exp` of it is infinite, and `log` of 0 is -88 on SwiftShader. So NaN is told by its bits,
 * infinities are made from theirs at run time, and functions that differ from IEEE 754 are wrapped in functions of ours that do not.
 */

type Wrapped = 'min' | 'max' | 'exp' | 'log' | 'isNan';
const stems: Readonly<Record<Wrapped, string>> = {
  min: 'minimum',
  max: 'maximum',
  exp: 'exponential',
  log: 'logarithm',
  isNan: 'is_nan',
};
const isWrapped = (op: string): op is Wrapped => Object.hasOwn(stems, op);

const nameOf = (op: Wrapped, { scalar, width }: KType): string =>
  `${stems[op]}${width === 1 ? '' : `_vec${width}`}${scalar === 'f16' ? '_f16' : ''}`;

/** The name of our function for an operation whose function in the shading language is not IEEE 754's: `exponential_vec2_f16`; else null. */
export function wrapperOf(expr: KExpr): string | null {
  if ((expr.kind !== 'unary' && expr.kind !== 'binary') || !isWrapped(expr.op)) return null;
  const { scalar } = expr.a.type;
  return scalar === 'f32' || scalar === 'f16' ? nameOf(expr.op, expr.a.type) : null;
}

/** Names that a kernel's own variables must not take. */
export const nonFiniteNames: readonly string[] = [
  ...['infinity', 'infinity_bits', 'not_a_number', 'not_a_number_bits'],
  ...(Object.keys(stems) as Wrapped[]).flatMap((op) =>
    (['f32', 'f16'] as const).flatMap((scalar) =>
      ([1, 2, 3, 4] as const).map((width) => nameOf(op, { scalar, width })),
    ),
  ),
];

/** The constants and functions of this file that a kernel uses. */
export interface NonFiniteUsage {
  infinity: boolean;
  nan: boolean;
  /** Texts of functions, by name. */
  readonly functions: Map<string, string>;
}

export const nothingNonFinite = (): NonFiniteUsage => ({ infinity: false, nan: false, functions: new Map() });

/** Notes what one expression itself uses, not what the expressions inside it use. */
export function noteNonFinite(expr: KExpr, usage: NonFiniteUsage): void {
  if (expr.kind === 'literal' && (expr.type.scalar === 'f32' || expr.type.scalar === 'f16')) {
    if (Number.isNaN(expr.value)) usage.nan = true;
    else if (!Number.isFinite(expr.value)) usage.infinity = true;
  }
  const name = wrapperOf(expr);
  if (name === null || usage.functions.has(name) || (expr.kind !== 'unary' && expr.kind !== 'binary')) return;
  usage.functions.set(name, functionText(name, expr.op as Wrapped, expr.a.type));
}

/** The texts of the functions that a kernel calls, in a fixed order. */
export function nonFiniteFunctions({ functions }: NonFiniteUsage): string[] {
  return [...functions].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
}

function functionText(name: string, op: Wrapped, type: KType): string {
  const of = type.width === 1 ? type.scalar : `vec${type.width}<${type.scalar}>`;
  const [zero, infinity] = type.scalar === 'f16' ? ['0.0h', 'f16(bitcast<f32>(bits))'] : ['0.0', 'bitcast<f32>(bits)'];
  const unary = (result: string, body: string): string => `fn ${name}(x: ${of}) -> ${result} { ${body}; }`;
  // Where a is NaN the comparison is false, so that a is taken.
  const extreme = (sign: string): string =>
    `fn ${name}(a: ${of}, b: ${of}) -> ${of} { return select(a, b, (a ${sign} b) | (${nanTest('b', type)})); }`;
  switch (op) {
    case 'max':
      return extreme('<');
    case 'min':
      return extreme('>');
    case 'exp':
      return unary(of, `return select(exp(x), x, ${nanTest('x', type)})`);
    case 'log':
      // Below 0 the root is NaN, so the result is; at 0 it is 0 - infinity.
      return unary(of, `let bits = 0x7f800000u; return select(sqrt(x) - ${infinity}, log(x), x > ${of}(${zero}))`);
    case 'isNan':
      return unary(type.width === 1 ? 'bool' : `vec${type.width}<bool>`, `return ${nanTest('x', type)}`);
  }
}

/** A test for NaN. It compares signed integers, because not every processor's vectors compare unsigned ones. */
function nanTest(name: string, { scalar, width }: KType): string {
  const wide = (of: string): string => (width === 1 ? of : `vec${width}<${of}>`);
  const spread = (value: string): string => (width === 1 ? value : `${wide('i32')}(${value})`);
  const value = scalar === 'f16' ? `${wide('f32')}(${name})` : name;
  return `(bitcast<${wide('i32')}>(${value}) & ${spread('0x7fffffff')}) > ${spread('0x7f800000')}`;
}

/** Statements at the start of `main`. A `let` of WGSL is no constant expression, so its value may be infinite. */
export function nonFiniteConstants({ infinity, nan }: NonFiniteUsage): string[] {
  const made = (name: string, bits: string): string[] => [
    `  let ${name}_bits = ${bits}u;`,
    `  let ${name} = bitcast<f32>(${name}_bits);`,
  ];
  return [...(infinity ? made('infinity', '0x7f800000') : []), ...(nan ? made('not_a_number', '0x7fc00000') : [])];
}

/** A float that is not finite, in terms of those constants. */
export function printNonFinite(value: number, scalar: 'f32' | 'f16'): string {
  const name = Number.isNaN(value) ? 'not_a_number' : value < 0 ? '-infinity' : 'infinity';
  return scalar === 'f32' ? name : `f16(${name})`;
}
