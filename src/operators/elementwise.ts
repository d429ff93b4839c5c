import { UserError } from '../support/errors.ts';
import { type Refusal, refuse } from '../support/refusal.ts';
import { attribute, defineOperator, dimension, optional } from './define.ts';
import type { Index } from './definition.ts';
import { formulaFunctions } from './elementwise-functions.ts';
import { fillsFor, isEverFinite, isExactOnIntegers, ownTolerance } from './elementwise-inputs.ts';
import {
  type ElementFormula,
  type OperandName,
  operandNames,
  operandsOf,
  parseFormula,
} from './elementwise-language.ts';
import { numberOf, tensorValueOf } from './elementwise-meaning.ts';
import { cast } from './expression.ts';
import { exact, exactIntegerLimit } from './fill.ts';
import { compute, input, program } from './tensor.ts';

const dimensions = ['n', 'c', 'h', 'w'] as const;
type Shape = Readonly<Record<(typeof dimensions)[number], number>>;
type Texts = Readonly<Record<'expression' | OperandName, string>>;

/** For each of the four dimensions, whether an operand repeats (1) along it or follows the result; null where the text says neither. */
function broadcastOf(text: string): readonly boolean[] | null {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length !== dimensions.length) return null;
  if (parts.some((part, position) => part !== '1' && part !== dimensions[position])) return null;
  return parts.map((part) => part === '1');
}

/** The operands a formula uses, in the order x, y, z ... */
const usedOperands = (formula: ElementFormula): OperandName[] => {
  const used = operandsOf(formula);
  return operandNames.filter((name) => used.includes(name));
};

function formulaOf(texts: Texts): ElementFormula {
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
    return refuse(
      'bad-expression',
      () => `expression "${texts.expression}" uses none of the operands ${operandNames.join(', ')}`,
    );
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

/** The names of all functions, each with its doc where that says more than the name. */
function described(): string {
  return Object.entries(formulaFunctions)
    .map(([name, { doc }]) => (/[(:]|short/.test(doc) ? `${name} (${doc})` : name))
    .join(', ');
}

/**
 * One expression of up to seven broadcast operands, for every element of an n,c,h,w result. Arithmetic is in f32 whatever the
 * dtype (elementwise operators wait for memory, and f16 would only lose digits); loads and stores are in the dtype.
 */
defineOperator({
  name: 'elementwise',
  summary: 'an expression of up to seven broadcast operands, element by element: result[n,c,h,w]',
  parameters: {
    n: dimension(1, 'batch'),
    c: dimension(64, 'channels'),
    h: dimension(56, 'height'),
    w: dimension(56, 'width'),
  },
  attributes: {
    expression: attribute(
      'relu(x + y)',
      `numbers, operands ${operandNames.join(' ')}, + - * / < <= > >= == != (1 or 0), parentheses, and functions: ${described()}`,
    ),
    x: attribute('n,c,h,w', 'shape of x: each entry the dimension or 1, which repeats'),
    y: attribute('1,c,1,1', 'shape of y (a bias a channel by default)'),
    z: attribute('n,c,h,w', 'shape of z'),
    u: optional(attribute('n,c,h,w', 'shape of u')),
    v: optional(attribute('n,c,h,w', 'shape of v')),
    p: optional(attribute('n,c,h,w', 'shape of p')),
    q: optional(attribute('n,c,h,w', 'shape of q')),
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
        const numbers: Record<string, number> = {};
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
    return fillsFor(formulaOf(texts), exactIntegerLimit[dtype]);
  },
  tolerance: (_, texts, dtype) => {
    const formula = formulaOf(texts);
    return isExactOnIntegers(formula, exactIntegerLimit[dtype]) ? exact : ownTolerance(formula, dtype);
  },
});
