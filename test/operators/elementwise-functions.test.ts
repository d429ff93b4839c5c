import { describe, expect, it } from 'vitest';
import { formulaFunctions } from '../../src/operators/elementwise-functions.ts';
import { erfOf } from '../../src/operators/error-function.ts';
import { expectedAt, generateInputs } from '../../src/operators/inputs.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { programOf } from '../../src/tuner/build.ts';

/** The value of an expression for each pair of operands, as the interpreter rounds it. */
function evaluated(expression: string, x: readonly number[], y: readonly number[] = x): number[] {
  const shape = { n: 1, c: 1, h: 1, w: x.length };
  const workload = makeWorkload('elementwise', { shape, attributes: { expression, y: 'n,c,h,w' } });
  const program = programOf(workload);
  const inputs = { x: Float64Array.from(x), y: Float64Array.from(y) };
  const used = Object.fromEntries(Object.entries(inputs).filter(([name]) => program.inputs.includes(name)));
  return Array.from(interpret(program, used, { rounding: true }).result ?? []);
}

const [nan, inf] = [Number.NaN, Number.POSITIVE_INFINITY];

describe('functions of elementwise expressions', () => {
  it.each([
    ['floor(x)', [-1.5, 2.5, -0.25], [-2, 2, -1]],
    ['ceil(x)', [-1.5, 2.5, -0.25], [-1, 3, -0]],
    ['round(x)', [0.5, 1.5, 2.5, -0.5, -1.5, 1.25], [0, 2, 2, -0, -2, 1]],
    ['sign(x)', [-3, 0, 0.001, nan, inf, -inf], [-1, 0, 1, nan, 1, -1]],
    ['clamp(x, 0, 6)', [-1, 3, 9, nan, inf], [0, 3, 6, nan, 6]],
    ['x > 1', [0, 1, 2, nan], [0, 0, 1, 0]],
    ['x != x', [0, nan], [0, 1]],
    ['x == x', [inf, nan], [1, 0]],
    ['select(x > 1, x * 10, -1)', [0, 2, nan], [-1, 20, -1]],
    ['select(x, 1, 2)', [0, -3, nan], [2, 1, 2]],
    ['(x >= 0) * (x < 2)', [-1, 0, 1, 2], [0, 1, 1, 0]],
    ['pow(x, 3)', [-2, 0, 1.5], [-8, 0, 3.375]],
    ['pow(x, -2)', [-2, 4], [0.25, 0.0625]],
    ['pow(x, 0)', [nan, inf, 0], [1, 1, 1]],
    ['pow(x, 0.5)', [4, 0], [2, 0]],
    ['relu(x)', [nan, inf, -inf], [nan, inf, 0]],
    ['tanh(x)', [nan, inf, -inf], [nan, 1, -1]],
    ['sigmoid(x)', [nan, inf, -inf], [nan, 1, 0]],
    ['exp(x)', [nan, inf, -inf], [nan, inf, 0]],
    ['log(x)', [nan, inf, 0, -1], [nan, inf, -inf, nan]],
    ['sqrt(x)', [nan, inf, -1], [nan, inf, nan]],
    ['erf(x)', [nan, inf, -inf, 0], [nan, 1, -1, 0]],
  ] as const)('%s of %o is %o', (expression, x, expected) => {
    const got = evaluated(expression, x);
    for (const [i, want] of expected.entries()) {
      if (Number.isFinite(want)) expect(got[i]).toBeCloseTo(want, 6);
      else expect(got[i]).toBe(want);
    }
  });

  it('max and min are NaN where either operand is', () => {
    for (const name of ['max', 'min']) {
      expect(evaluated(`${name}(x, y)`, [nan, 1, nan, inf], [1, nan, nan, -inf]).slice(0, 3)).toEqual([nan, nan, nan]);
    }
    expect(evaluated('max(x, y)', [inf, -inf], [-inf, -inf])).toEqual([inf, -inf]);
  });

  it('a power of any exponent is that of JavaScript', () => {
    const bases = [0.5, 2, 3, -2, -2, -2, 0, 0, inf, inf, -1.5, 4];
    const exponents = [1.5, -0.25, 2, 3, 2, 0.5, 2, -1, 0.5, -2, -3, 0];
    const got = evaluated('pow(x, y)', bases, exponents);
    for (const [i, value] of got.entries()) {
      const want = (bases[i] as number) ** (exponents[i] as number);
      if (Number.isFinite(want)) expect(Math.abs(value - want)).toBeLessThan(1e-5 * (1 + Math.abs(want)));
      else expect(value).toBe(want);
    }
  });

  it('erf agrees with the tables, and its f32 form is within a few roundings of it', () => {
    for (const [x, want] of [
      [0.5, 0.5204998778130465],
      [1, 0.8427007929497149],
      [2.4, 0.9993114861033549],
      [2.6, 0.9997639655834707],
      [4, 0.9999999845827421],
    ] as const) {
      expect(erfOf(x)).toBeCloseTo(want, 14);
      expect(erfOf(-x)).toBe(-erfOf(x));
    }
    const x = Array.from({ length: 2001 }, (_, i) => Math.fround((i - 1000) / 160));
    for (const [i, value] of evaluated('erf(x)', x).entries()) {
      const want = erfOf(x[i] as number);
      expect(Math.abs(value - want)).toBeLessThanOrEqual(5e-7 * Math.abs(want));
    }
  });

  it('the two forms of GELU differ, and gelu is the one by tanh', () => {
    const x = [-2, -0.5, 0, 1, 2.25];
    expect(evaluated('gelu(x)', x)).toEqual(evaluated('gelu_tanh(x)', x));
    const exact = x.map((value) => (value / 2) * (1 + erfOf(value / Math.SQRT2)));
    for (const [i, value] of evaluated('gelu_erf(x)', x).entries()) expect(value).toBeCloseTo(exact[i] as number, 6);
    expect(Math.abs((evaluated('gelu(x)', [2.25])[0] as number) - (exact[4] as number))).toBeGreaterThan(1e-4);
  });

  it('seven operands may each broadcast in their own way', () => {
    const attributes = {
      expression: 'x + 2 * y + 3 * z - u * v + p / 2 - q',
      u: '1,1,h,1',
      q: '1,1,1,1',
      p: '1,c,1,w',
    };
    const workload = makeWorkload('elementwise', { shape: { n: 1, c: 2, h: 3, w: 2 }, attributes });
    const program = programOf(workload);
    expect(program.inputs).toEqual(['x', 'y', 'z', 'u', 'v', 'p', 'q']);
    const inputs = generateInputs(workload, 3);
    const got = interpret(program, inputs, { rounding: true });
    const expected = expectedAt(workload, inputs, 'result', null);
    for (const [i, want] of expected.entries()) expect(got.result?.[i]).toBeCloseTo(want, 4);
  });

  it('every function says what it is and computes what its reference says where it is defined', () => {
    for (const [name, { arity, doc }] of Object.entries(formulaFunctions)) {
      expect(doc.length).toBeGreaterThan(3);
      const expression = `${name}(${['x', 'y', 'z'].slice(0, arity).join(', ')})`;
      const workload = makeWorkload('elementwise', { shape: { n: 1, c: 2, h: 4, w: 8 }, attributes: { expression } });
      const inputs = generateInputs(workload, 5);
      const got = interpret(programOf(workload), inputs, { rounding: true }).result ?? [];
      for (const [i, want] of expectedAt(workload, inputs, 'result', null).entries()) {
        expect(Number.isFinite(want), expression).toBe(true);
        expect(Math.abs((got[i] as number) - want), expression).toBeLessThan(1e-4 * (1 + Math.abs(want)));
      }
    }
  });
});

describe('inputs lie where the formula is defined', () => {
  const allFinite = (operator: string, shape: string, attributes: Record<string, string>): void => {
    for (const dtype of ['f32', 'f16'] as const) {
      const workload = makeWorkload(operator, { shape, attributes, dtype });
      const inputs = generateInputs(workload, 11);
      const [output = ''] = programOf(workload).outputs;
      const expected = expectedAt(workload, inputs, output, null);
      expect(expected.every(Number.isFinite), `${operator} ${JSON.stringify(attributes)} ${dtype}`).toBe(true);
      expect(new Set(expected).size).toBeGreaterThan(1);
    }
  };

  it.each([
    'relu(log(x - 1))',
    'sqrt(1 - x * x) + 0.5 * x',
    'log(x - y)',
    '1 / (x - 3)',
    'x / (y * y + 1)',
    'pow(x, 0.3)',
    'pow(x - 5, -1)',
    'log(-x)',
    'sqrt(x - 100)',
    'log(x) / log(y)',
    'exp(exp(x))',
    'log(sin(x) + 1.5) / z',
    'sqrt(x) + sqrt(-y)',
  ])('%s', (expression) => {
    allFinite('elementwise', 'n=1,c=2,h=8,w=16', { expression, y: 'n,c,h,w' });
  });

  it.each([
    ['matmul', 'm=8,n=8,k=16', 'max(log(x), 0) + 0.5 * log(x)'],
    ['conv2d', 'c=3,oc=4,h=6,w=6', 'sqrt(x) + bias'],
    ['softmax', 'rows=4,cols=16', 'log(x)'],
    ['max_pool2d', 'c=3,h=8,w=8', 'log(-x) / shift'],
    ['reduce_sum', 'rows=8,cols=32', '1 / x'],
    ['elementwise', 'n=1,c=2,h=4,w=8', 'log(x + 3 + t)'],
    ['depthwise_conv2d', 'c=4,h=6,w=6', 'pow(x, 0.5)'],
  ])('of %s %s with the epilogue %s', (operator, shape, epilogue) => {
    allFinite(operator, shape, { epilogue });
  });
});
