import { UserError } from '../support/errors.ts';
import { type Refusal, refuse } from '../support/refusal.ts';
import { attribute, defineOperator, dimension } from './define.ts';
import { type Formula, type OperandName, operandNames, operandsOf, parseFormula } from './elementwise-language.ts';
import { fillFor, isEverFinite, isExactOnIntegers, numberOf, tensorValueOf } from './elementwise-meaning.ts';
import { cast, type Index } from './expression.ts';
import { exact, exactIntegerLimit } from './fill.ts';
import { compute, input, program } from './tensor.ts';

const dimensions = ['n', 'c', 'h', 'w'] as const;
type Shape = Readonly<Record<(typeof dimensions)[number], number>>;
type Texts = Readonly<Record<'expression' | OperandName, string>>;

/** For each of the four dimensions, whether an operand repeats (1) or follows the result; or why the text says neither. */
function broadcastOf(text: string): readonly boolean[] | null {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length !== dimensions.length) return null;
  if (parts.some((part, position) => part !== '1' && part !== dimensions[position])) return null;
  return parts.map((part) => part === '1');
}

/** The operands a formula uses, in the order x, y, z. */
const usedOperands = (formula: Formula): OperandName[] => {
  const used = operandsOf(formula);
  return operandNames.filter((name) => used.includes(name));
};

function formulaOf(texts: Texts): Formula {
  const formula = parseFormula(texts.expression);
  if (formula.kind === 'formula-error') throw new UserError(`expression "${texts.expression}": ${formula.message}`);
  return formula;
}

function shapeOf(text: string, shape: Shape): number[] {
  const repeats = broadcastOf(text);
  if (repeats === null) throw new UserError(`operand shape "${text}" is not four of n, c, h, w or 1 in their places`);
  return dimensions.map((name, position) => (repeats[position] ? 1 : shape[name]));
}

function checkTexts(texts: Texts): Refusal | null {
  const formula = parseFormula(texts.expression);
  if (formula.kind === 'formula-error') {
    return refuse('bad-expression', () => `expression "${texts.expression}": ${formula.message}`);
  }
  if (operandsOf(formula).length === 0) {
    return refuse('bad-expression', () => `expression "${texts.expression}" uses none of the operands x, y, z`);
  }
  for (const name of operandNames) {
    if (broadcastOf(texts[name]) !== null) continue;
    return refuse(
      'bad-operand-shape',
      () => `${name}="${texts[name]}" must be four entries, each the dimension's own name or 1, e.g. ${name}="1,c,1,1"`,
    );
  }
  if (!isEverFinite(formula)) {
    return refuse('bad-expression', () => `expression "${texts.expression}" gives no finite number on any input tried`);
  }
  return null;
}

/**
 * One expression of up to three broadcast operands, for every element of an n,c,h,w result. Arithmetic is in f32 whatever the
 * dtype (elementwise operators wait for memory, and f16 would only lose digits); loads and stores are in the dtype.
 */
export const elementwise = defineOperator({
  name: 'elementwise',
  summary: 'an expression of up to three broadcast operands, element by element: result[n,c,h,w]',
  parameters: {
    n: dimension(1, 'batch'),
    c: dimension(64, 'channels'),
    h: dimension(56, 'height'),
    w: dimension(56, 'width'),
  },
  attributes: {
    expression: attribute(
      'relu(x + y)',
      'numbers, operands x y z, + - * /, parentheses, relu gelu sigmoid tanh exp log sqrt abs min max',
    ),
    x: attribute('n,c,h,w', 'shape of x: each entry the dimension or 1, which repeats'),
    y: attribute('1,c,1,1', 'shape of y (a bias a channel by default)'),
    z: attribute('n,c,h,w', 'shape of z'),
  },
  check: (_, texts) => checkTexts(texts),
  build: (p, texts, dtype) => {
    const formula = formulaOf(texts);
    const operands = usedOperands(formula).map((name) => ({
      name,
      repeats: broadcastOf(texts[name]) ?? [],
      tensor: input(name, shapeOf(texts[name], p), dtype),
    }));
    const result = compute(
      'result',
      { n: p.n, c: p.c, h: p.h, w: p.w },
      (index) => {
        const at = (repeats: readonly boolean[]): (Index | number)[] =>
          dimensions.map((name, position) => (repeats[position] ? 0 : index[name]));
        const values = operands.map(({ name, repeats, tensor }) => [name, cast('f32', tensor.at(...at(repeats)))]);
        return cast(dtype, tensorValueOf(formula, Object.fromEntries(values)));
      },
      { stage: 'elementwise' },
    );
    return program(
      operands.map(({ tensor }) => tensor),
      [result],
    );
  },
  reference: (p, texts, inputs) => {
    const formula = formulaOf(texts);
    const operands = operandNames.map((name) => ({ name, shape: shapeOf(texts[name], p), values: inputs[name] }));
    return {
      result: (flat) => {
        const w = flat % p.w;
        const h = Math.floor(flat / p.w) % p.h;
        const c = Math.floor(flat / (p.w * p.h)) % p.c;
        const n = Math.floor(flat / (p.w * p.h * p.c));
        const numbers = { x: Number.NaN, y: Number.NaN, z: Number.NaN };
        for (const { name, shape, values } of operands) {
          const [sn = 1, sc = 1, sh = 1, sw = 1] = shape;
          const at = (((n % sn) * sc + (c % sc)) * sh + (h % sh)) * sw + (w % sw);
          numbers[name] = values?.[at] ?? Number.NaN;
        }
        return numberOf(formula, numbers);
      },
    };
  },
  inputs: (_, texts, dtype) => {
    const formula = formulaOf(texts);
    const fill = fillFor(formula, exactIntegerLimit[dtype]);
    return Object.fromEntries(usedOperands(formula).map((name) => [name, fill]));
  },
  // WGSL allows tanh an absolute error of 1e-5 and exp a few units in the last place; an expression nests a handful of them.
  // f16 rounds the result to 11 bits, and a device may flush its subnormals to zero.
  tolerance: (_, texts, dtype) => {
    if (isExactOnIntegers(formulaOf(texts), exactIntegerLimit[dtype])) return exact;
    return dtype === 'f32' ? { absolute: 1e-4, relative: 1e-4 } : { absolute: 2e-4, relative: 2e-3 };
  },
});
