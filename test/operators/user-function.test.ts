import { describe, expect, it } from 'vitest';
import { findOperator } from '../../src/operators/catalog.ts';
import { checkedProgram } from '../../src/operators/checked-program.ts';
import { defineOperator, dimension } from '../../src/operators/define.ts';
import * as expression from '../../src/operators/expression.ts';
import { exact, integers } from '../../src/operators/fill.ts';
import { expectedAt, generateInputs } from '../../src/operators/inputs.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { compute, input, program } from '../../src/operators/tensor.ts';
import { limitUserFunctions, moduleFault, userFunctionSeconds } from '../../src/operators/user-function.ts';
import { UserError } from '../../src/support/errors.ts';
import { isRefusal } from '../../src/support/refusal.ts';

let count = 0;

/** An operator of a user, wrong in the parts given; untyped, as in JavaScript. */
function define(parts: Readonly<Record<string, unknown>>): string {
  const name = `users_${count++}`;
  const definition = {
    name,
    summary: 'Y[i] = X[i] + 1',
    parameters: { n: dimension(8, 'elements') },
    build: (p: { readonly n: number }) => {
      const X = input('X', [p.n], 'f32');
      return program([X], [compute('Y', { i: p.n }, ({ i }) => expression.add(X.at(i), 1))]);
    },
    reference: (_: unknown, __: unknown, { X }: { readonly X: Float64Array }) => ({
      Y: (flat: number) => (X[flat] as number) + 1,
    }),
    inputs: () => ({ X: integers(-8, 8) }),
    tolerance: () => exact,
    ...parts,
  };
  defineOperator(definition as unknown as Parameters<typeof defineOperator>[0]);
  return name;
}

/** Calls every function of a definition that verification calls. */
function ask(name: string): Float64Array {
  const workload = makeWorkload(name, { attributes: { epilogue: 'x + bias' } });
  const inputs = generateInputs(workload, 1);
  findOperator(name).tolerance(workload);
  findOperator(name).takesOnes(workload);
  return expectedAt(workload, inputs, 'Y', null);
}

const never = (): never => {
  for (;;);
};

const mistakes: readonly (readonly [string, Readonly<Record<string, unknown>>, RegExp])[] = [
  [
    'build throws',
    {
      build: () => {
        throw new Error('no');
      },
    },
    /^build of the operator users_\d+ throws: .*\(user-function\.test\.ts line \d+\)$/,
  ],
  [
    'build throws a text',
    {
      build: () => {
        throw 'out of luck';
      },
    },
    /^build of the operator users_\d+ throws: out of luck$/,
  ],
  [
    'build returns a promise',
    {
      build: async () => {
        throw new Error('later');
      },
    },
    /^build of .* returns a promise; its value is wanted at once$/,
  ],
  [
    'build returns nothing',
    { build: () => undefined },
    /^build of .* returns undefined; what program\(inputs, outputs\) returns is wanted$/,
  ],
  [
    'build returns an object',
    { build: () => ({ inputs: [], outputs: ['Y'], buffers: [null], body: [] }) },
    /^build of .* returns an object that is no program/,
  ],
  [
    'build names a tensor that is not there',
    { build: () => ({ inputs: [], outputs: ['Y'], buffers: [], body: [] }) },
    /^build of .* none: parameter Y is not declared$/,
  ],
  [
    'build never ends',
    { build: never },
    /^build of .* does not end within 0\.2 s; where that is no mistake, --module-timeout gives it more$/,
  ],
  ['build ends the process', { build: () => process.exit(0) }, /^build of .* throws: it calls process\.exit/],
  [
    'reference returns arrays',
    { reference: () => ({ Y: new Float64Array(3) }) },
    /^reference of .* gives an array for Y; a function of the flat index is wanted$/,
  ],
  [
    'reference names another output',
    { reference: () => ({ Z: () => 1 }) },
    /^reference of .* says nothing of Y, one of the outputs of its program; it names Z$/,
  ],
  [
    'reference gives a text',
    { reference: () => ({ Y: (flat: number) => (flat > 3 ? '1' : 1) }) },
    /^reference of .* gives a text for element 4 of Y; a number is wanted$/,
  ],
  [
    'reference never ends late',
    { reference: () => ({ Y: (flat: number) => (flat > 3 ? never() : 1) }) },
    /^reference of .* does not end within 0\.2 s/,
  ],
  [
    'reference misses an input',
    { reference: (_: unknown, __: unknown, { W }: { readonly W: number[] }) => ({ Y: (flat: number) => W[flat] }) },
    /^reference of .* throws: .*; it asks for W, and the inputs are X, bias/,
  ],
  [
    'inputs forgets one',
    { inputs: () => ({ Z: integers(0, 1) }) },
    /^inputs of .* says nothing of X, one of the inputs of its program; it names Z$/,
  ],
  ['inputs says no fill', { inputs: () => ({ X: 3 }) }, /^inputs of .* gives a number for X/],
  [
    'inputs says an empty fill',
    { inputs: () => ({ X: { ...integers(0, 1), step: 0 } }) },
    /^inputs of .* gives a fill for X that has no values/,
  ],
  ['tolerance is a number', { tolerance: () => 0.1 }, /^tolerance of .* returns no tolerance/],
  [
    'tolerance is not a number',
    { tolerance: () => ({ absolute: Number.NaN, relative: 0 }) },
    /^tolerance of .* returns no tolerance/,
  ],
  ['channels lie outside', { channels: () => [1] }, /^channels of .* names dimension 1 of an output that has 1/],
  ['check returns a text', { check: () => 'no' }, /^check of .* returns a text; null, or refuse/],
  ['ones returns nothing', { ones: () => undefined }, /^ones of .* returns undefined; true or false is wanted$/],
  [
    'writeOut returns texts for numbers',
    { writeOut: () => ({ params: { n: '3' } }) },
    /^writeOut of .* returns params that are not all integers$/,
  ],
];

describe("a function of a user's operator", () => {
  it.each(mistakes)('where %s, is named in one sentence as a mistake of the user', (_, parts, sentence) => {
    limitUserFunctions(0.2);
    try {
      expect(() => ask(define(parts))).toThrow(UserError);
      expect(() => ask(define(parts))).toThrow(sentence);
    } finally {
      limitUserFunctions(userFunctionSeconds);
    }
  });

  it('that is missing or of another kind refuses the definition', () => {
    expect(() => define({ reference: undefined })).toThrow(
      /^reference of users_\d+ must be a function, and is undefined$/,
    );
    expect(() => define({ parameters: { n: 3 } })).toThrow(/^n among the parameters of users_\d+ is a number/);
  });

  it('may give NaN', () => {
    const name = define({ reference: () => ({ Y: () => Number.NaN }) });
    expect(ask(name)).toEqual(new Float64Array(8).fill(Number.NaN));
  });

  it('that throws on a workload from a log refuses that workload', () => {
    const name = define({
      build: () => {
        throw new Error('out of luck');
      },
    });
    const program = checkedProgram({ operator: name, params: { n: 8 }, attributes: {}, dtype: 'f32' });
    expect(isRefusal(program) && program.message()).toMatch(/^build of the operator users_\d+ throws: out of luck/);
  });

  it('is no excuse for an error of ours', () => {
    expect(moduleFault(new Error('ours'))).toBeNull();
    expect(moduleFault('a text')).toBeNull();
  });
});
