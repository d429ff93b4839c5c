import { describe, expect, it } from 'vitest';
import { blocksRunOnce, runOnce } from '../../src/ir/constants.ts';
import { checkSpec } from '../../src/ir/spec.ts';
import { checkedProgram } from '../../src/operators/checked-program.ts';
import { defineOperator, dimension } from '../../src/operators/define.ts';
import { mul, reductionAxis, sumOver } from '../../src/operators/expression.ts';
import { exact, integers } from '../../src/operators/fill.ts';
import { flopsOf, minimumBytes } from '../../src/operators/flops.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { compute, input, program } from '../../src/operators/tensor.ts';
import { describeWorkload, workloadKey } from '../../src/operators/workload.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { programOf } from '../../src/tuner/build.ts';

const shape = 'm=4,n=8,k=16';
const withConstant = (constant: string, epilogue = '') =>
  makeWorkload('matmul', { shape, attributes: { constant, epilogue } });

/** Squares a constant row before a varying one is multiplied with it. */
defineOperator({
  name: 'squared_weights_test',
  summary: 'for tests of constant inputs',
  parameters: { n: dimension(8, 'elements') },
  build({ n }, _, dtype) {
    const X = input('X', [n], dtype);
    const W = input('W', [n], dtype, { constant: true });
    const S = compute('S', { i: n }, ({ i }) => mul(W.at(i), W.at(i)));
    const k = reductionAxis('k', n);
    const Y = compute('Y', { i: 1 }, () => sumOver(mul(X.at(k), S.at(k)), [k]));
    return program([X, W], [Y]);
  },
  reference: ({ n }, _, { X, W }) => ({
    Y: () => Array.from({ length: n }, (_x, i) => (X?.[i] ?? 0) * (W?.[i] ?? 0) ** 2).reduce((a, b) => a + b, 0),
  }),
  inputs: () => ({ X: integers(-4, 4), W: integers(-4, 4) }),
  tolerance: () => exact,
});

describe('constant inputs', () => {
  it('are in the program and in the key of the workload, in the order of the inputs', () => {
    const workload = withConstant(' B , A');
    expect(describeWorkload(workload)).toBe('matmul b=1 m=4 n=8 k=16 transpose_a=0 transpose_b=0 constant="A,B" f32');
    expect(programOf(workload).constants).toEqual(['A', 'B']);
    expect(workloadKey(workload)).toBe(workloadKey(withConstant('A,B')));
    const keys = ['', 'A', 'B', 'A,B'].map((constant) => workloadKey(withConstant(constant)));
    expect(new Set(keys).size).toBe(4);
  });

  it('leave workloads without them as they were', () => {
    expect(withConstant('').attributes).toEqual({});
    expect(programOf(withConstant(''))).not.toHaveProperty('constants');
  });

  it('may be those of an epilogue', () => {
    expect(programOf(withConstant('B,bias', 'relu(x + bias)')).constants).toEqual(['B', 'bias']);
  });

  it.each([
    ['C', 'matmul: constant names C; the inputs are A, B'],
    ['bb', 'matmul: constant names bb (did you mean B?); the inputs are A, B'],
    ['B,B', 'matmul: constant names B twice'],
    ['B,', 'matmul: constant names an empty input; the inputs are A, B'],
  ])('%s is refused in one sentence', (constant, message) => {
    expect(() => withConstant(constant)).toThrow(message);
  });

  it('that an operator declares are in its workloads, and so in their keys and in records', () => {
    const workload = makeWorkload('squared_weights_test');
    expect(workload.attributes).toEqual({ constant: 'W' });
    expect(checkedProgram(workload)).toMatchObject({ constants: ['W'] });
    const before = checkedProgram({ ...workload, attributes: {} });
    expect(isRefusal(before) && before.reason).toBe('illegal-workload');
    expect(makeWorkload('squared_weights_test', { attributes: { constant: 'X' } }).attributes.constant).toBe('X,W');
  });

  it('must be inputs of the program', () => {
    expect(checkSpec({ ...programOf(withConstant('')), constants: ['C'] })).toBe('the constant C is no input');
  });
});

describe('what runs once', () => {
  it('is no work of a run, and what it alone reads is not moved in one', () => {
    const program = programOf(makeWorkload('squared_weights_test'));
    const { constants: _, ...varying } = program;
    expect([flopsOf(program), flopsOf(varying)]).toEqual([16, 24]);
    expect([minimumBytes(program), minimumBytes(varying)]).toEqual([36, 68]);
    const [constant, plain] = [programOf(withConstant('B')), programOf(withConstant(''))];
    expect([flopsOf(constant), minimumBytes(constant)]).toEqual([flopsOf(plain), minimumBytes(plain)]);
  });

  it('is what reads constants alone, and no output', () => {
    expect([...blocksRunOnce(programOf(makeWorkload('squared_weights_test')))]).toEqual(['S_stage']);
    const all = makeWorkload('squared_weights_test', { attributes: { constant: 'X,W' } });
    expect([...blocksRunOnce(programOf(all))]).toEqual(['S_stage']);
    expect([...blocksRunOnce(programOf(withConstant('')))]).toEqual([]);
  });

  it('ends where anybody else writes what it makes', () => {
    const steps = [
      { reads: ['W'], writes: ['P'] },
      { reads: ['P'], writes: ['Q'] },
      { reads: ['X', 'Q'], writes: ['Y'] },
    ];
    const given = { constants: ['W'], outputs: ['Y'] };
    expect(runOnce(steps, given)).toEqual([true, true, false]);
    expect(runOnce([...steps, { reads: ['X'], writes: ['P'] }], given)).toEqual([false, false, false, false]);
    expect(runOnce(steps, { outputs: ['Y'] })).toEqual([false, false, false]);
  });
});
