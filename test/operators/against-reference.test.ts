import { describe, expect, it } from 'vitest';
import { interpret } from '../../src/ir/interpret.ts';
import { checkSpec } from '../../src/ir/spec.ts';
import { findOperator } from '../../src/operators/catalog.ts';
import { expectedAt, generateInputs } from '../../src/operators/inputs.ts';
import { makeWorkload, type WorkloadWish } from '../../src/operators/parse-workload.ts';
import { describeWorkload } from '../../src/operators/workload.ts';

const conv = 'n=2,c=3,h=7,w=7,oc=5';

type Case = readonly [operator: string, shape: string, attributes?: Readonly<Record<string, string>>];

const cases: readonly Case[] = [
  ['matmul', 'm=7,n=5,k=3'],
  ['matmul', 'b=3,m=7,n=5,k=3'],
  ['matmul', 'b=2,m=7,n=5,k=3,transpose_a=1'],
  ['matmul', 'b=2,m=7,n=5,k=3,transpose_b=1'],
  ['matmul', 'b=2,m=7,n=5,k=3,transpose_a=1,transpose_b=1'],
  ['matmul', 'm=1,n=9,k=17'],
  ['matmul', 'm=9,n=1,k=17'],
  ['matmul', 'm=1,n=1,k=1'],
  ['conv2d', conv],
  ['conv2d', `${conv},pad=0`],
  ['conv2d', `${conv},stride=2`],
  ['conv2d', `${conv},stride=2,pad=3,dilation=2`],
  ['conv2d', `${conv},kh=1,kw=5,pad=2`],
  ['conv2d', 'n=2,c=6,h=7,w=5,oc=9,groups=3'],
  ['conv2d', 'n=1,c=4,h=7,w=7,oc=4,groups=4,pad=0,stride=3'],
  ['reduce_sum', 'rows=1,cols=197'],
  ['reduce_sum', 'rows=197,cols=1'],
  ['reduce_sum', 'rows=13,cols=31,axis=0'],
  ['reduce_max', 'rows=5,cols=33'],
  ['reduce_max', 'rows=5,cols=33,axis=0'],
  ['reduce_max', 'rows=1,cols=1'],
  ['softmax', 'rows=1,cols=197'],
  ['softmax', 'rows=7,cols=1'],
  ['softmax', 'rows=7,cols=33'],
  ['elementwise', 'n=2,c=3,h=7,w=5'],
  ['elementwise', 'n=1,c=3,h=7,w=7', { expression: 'x * y - z', y: '1,1,h,1', z: 'n,c,1,w' }],
  ['elementwise', 'n=2,c=3,h=1,w=7', { expression: 'gelu(x) * sigmoid(-y) + 0.5' }],
  ['elementwise', 'n=2,c=3,h=4,w=1', { expression: 'sqrt(abs(x)) / (log(y) + 3) + tanh(exp(z))' }],
  ['elementwise', 'n=1,c=1,h=4,w=9', { expression: 'min(max(x, -2), 2) - y * (1 - x)' }],
];

/** The largest amount by which an element misses its tolerance; 0 when all are within. */
function worstMiss(operator: string, wish: WorkloadWish): number {
  const workload = makeWorkload(operator, wish);
  const program = findOperator(operator).build(workload);
  expect(checkSpec(program)).toBeNull();
  const inputs = generateInputs(workload, 7);
  const values = interpret(program, inputs, { rounding: true });
  const { absolute, relative } = findOperator(operator).tolerance(workload);
  let worst = 0;
  for (const name of program.outputs) {
    const expected = expectedAt(workload, inputs, name, null);
    expect(expected.every(Number.isFinite)).toBe(true);
    expected.forEach((want, position) => {
      const miss = Math.abs((values[name]?.[position] ?? Number.NaN) - want) - absolute - relative * Math.abs(want);
      worst = miss > worst || Number.isNaN(miss) ? miss : worst;
    });
  }
  return worst;
}

describe('the program of an operator computes what its reference says', () => {
  for (const dtype of ['f32', 'f16'] as const) {
    for (const [operator, shape, attributes = {}] of cases) {
      it(`${operator} ${shape} ${Object.values(attributes).join(' ')} ${dtype}`, () => {
        expect(worstMiss(operator, { shape, attributes, dtype })).toBe(0);
      });
    }
  }

  it('on the default workload of every operator that is quick to interpret', () => {
    for (const operator of ['matmul', 'reduce_sum', 'reduce_max', 'softmax', 'elementwise']) {
      expect(worstMiss(operator, {}), describeWorkload(makeWorkload(operator))).toBe(0);
    }
  });

  it('notices a wrong program', () => {
    const workload = makeWorkload('matmul', { shape: 'm=7,n=5,k=3' });
    const program = findOperator('matmul').build(workload);
    const short = JSON.parse(JSON.stringify(program).replaceAll('"extent":3', '"extent":2'));
    const inputs = generateInputs(workload, 7);
    expect(interpret(short, inputs).C).not.toEqual(expectedAt(workload, inputs, 'C', null));
  });

  it('gives the same expectation at sampled positions as for all', () => {
    for (const [operator, shape] of [
      ['softmax', 'rows=7,cols=33'],
      ['conv2d', conv],
      ['matmul', 'b=2,m=7,n=5'],
    ] as const) {
      const workload = makeWorkload(operator, { shape });
      const inputs = generateInputs(workload, 3);
      const output = findOperator(operator).build(workload).outputs[0] ?? '';
      const all = expectedAt(workload, inputs, output, null);
      const positions = [all.length - 1, 0, 17];
      expect([...expectedAt(workload, inputs, output, positions)]).toEqual(positions.map((position) => all[position]));
    }
  });
});
