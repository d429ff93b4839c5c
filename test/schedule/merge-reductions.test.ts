import { expect, test } from 'vitest';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import { div, exp, maxOver, mul, reductionAxis, sub, sumOver } from '../../src/operators/expression.ts';
import { compute, input, program } from '../../src/operators/tensor.ts';
import {
  bind,
  cacheWrite,
  computeAt,
  computeInline,
  decomposeReduction,
  reorder,
  rfactor,
  split,
} from '../../src/schedule/steps.ts';
import { softmax } from '../support/base-programs.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { expectSameResult, plain, type Step, scheduled } from '../support/schedule.ts';

const layerNorm = (): Program => plain('layer_norm', 'rows=3,cols=8');
const attention = (): Program => plain('attention', 'b=1,h=2,m=3,n=5,d=2,dv=2,causal=1');
const merge = (first: string, second: string): Step => ['mergeReductions', { first, second }];
const mergeSoftmax = merge('find_row_max', 'sum_row');
const mergeNorm = merge('sum_row', 'sum_squares');

test('a maximum and a sum of exponentials less it become one pass', () => {
  expect(printProgram(scheduled(softmax(), [mergeSoftmax]))).toMatchInlineSnapshot(`
    "input X: f32[3, 5]
    output Y: f32[3, 5]
    storage rowMax: f32[3]
    storage rowSum: f32[3]
    for rowMax_i in 3
      for rowMax_k in 5
        block find_row_max(vi = rowMax_i, vk~ = rowMax_k)
          (rowMax[vi], rowSum[vi]) onlineSoftmax= (X[vi, vk], 1.0)
    for i in 3
      for j in 5
        block normalise(vi = i, vj = j)
          Y[vi, vj] = expNumber(X[vi, vj] - rowMax[vi]) / select(rowSum[vi] > 0.0 && rowSum[vi] < Infinity, rowSum[vi], NaN)"
  `);
});

test('a sum and a sum of squared deviations from its mean become one pass; readers of the sum read the mean', () => {
  expect(printProgram(scheduled(layerNorm(), [mergeNorm]))).toMatchInlineSnapshot(`
    "input X: f32[3, 8]
    input gamma: f32[8]
    input beta: f32[8]
    output Y: f32[3, 8]
    storage rowSquares: f32[3]
    storage rowSum_count: f32[3]
    storage rowSum_mean: f32[3]
    for rowSum_i in 3
      for rowSum_k in 8
        block sum_row(vi = rowSum_i, vk~ = rowSum_k)
          (rowSum_count[vi], rowSum_mean[vi], rowSquares[vi]) welford= (1.0, X[vi, vk], 0.0)
    for i in 3
      for j in 8
        block normalise(vi = i, vj = j)
          Y[vi, vj] = (X[vi, vj] - rowSum_mean[vi]) * inverseSqrt(rowSquares[vi] / 8.0 + 0.00001) * gamma[vj] + beta[vj]"
  `);
});

test('operators and names have no part in it: any program with the form will do', () => {
  const [rows, deep, cols] = [3, 2, 4];
  const X = input('X', [deep, cols, rows], 'f32');
  const [k, l] = [reductionAxis('k', cols), reductionAxis('l', deep)];
  const top = compute('top', { r: rows }, ({ r }) => maxOver(mul(X.at(l, k, r), 2), [l, k]), { stage: 'one' });
  const [p, q] = [reductionAxis('p', deep), reductionAxis('q', cols)];
  const mass = compute('mass', { s: rows }, ({ s }) => sumOver(exp(sub(mul(X.at(p, q, s), 2), top.at(s))), [q, p]), {
    stage: 'two',
  });
  const start = program([X], [mass]);
  const merged = scheduled(start, [merge('one', 'two')]);
  expect(printProgram(merged)).toContain('(top[vr], mass[vr]) onlineLogSumExp= (X[vl, vk, vr] * 2.0, 1.0)');
  expectSameResult(merged, start, 12);
});

test('the sum itself is still there for those who want it', () => {
  const X = input('X', [2, 4], 'f32');
  const k = reductionAxis('k', 4);
  const total = compute('total', { i: 2 }, ({ i }) => sumOver(X.at(i, k), [k]));
  const spread = compute('spread', { i: 2 }, ({ i }) => {
    const deviation = sub(X.at(i, k), mul(total.at(i), 0.25));
    return sumOver(mul(deviation, deviation), [k]);
  });
  const both = compute('both', { i: 2 }, ({ i }) => sub(spread.at(i), total.at(i)));
  const start = program([X], [both]);
  const merged = scheduled(start, [merge('total_stage', 'spread_stage')]);
  expect(printProgram(merged)).toContain('both[vi] = spread[vi] - total_mean[vi] * 4.0');
  expectSameResult(merged, start, 12);
});

/** The maximum over columns, then another stage that reads X and the maximum. */
function afterMax(second: 'other' | 'columns' | 'independent' | 'output'): Program {
  const X = input('X', [3, 3], 'f32');
  const Z = input('Z', [3, 3], 'f32');
  const k = reductionAxis('k', 3);
  const top = compute('top', { i: 3 }, ({ i }) => maxOver(X.at(i, k), [k]), { stage: 'find' });
  const values = {
    other: () => compute('S', { i: 3 }, ({ i }) => sumOver(exp(sub(Z.at(i, k), top.at(i))), [k]), { stage: 'add' }),
    columns: () => compute('S', { i: 3 }, ({ i }) => sumOver(exp(sub(X.at(k, i), top.at(i))), [k]), { stage: 'add' }),
    independent: () => compute('S', { i: 3 }, ({ i }) => sumOver(exp(X.at(i, k)), [k]), { stage: 'add' }),
    output: () =>
      compute('S', { i: 3 }, ({ i }) => sumOver(exp(sub(X.at(i, k), div(top.at(i), 1))), [k]), { stage: 'add' }),
  };
  const S = values[second]();
  return program(second === 'other' ? [X, Z] : [X], second === 'independent' ? [top, S] : [S]);
}

function outputSum(): Program {
  const X = input('X', [2, 4], 'f32');
  const k = reductionAxis('k', 4);
  const total = compute('total', { i: 2 }, ({ i }) => sumOver(X.at(i, k), [k]));
  const spread = compute('spread', { i: 2 }, ({ i }) => {
    const deviation = sub(X.at(i, k), div(total.at(i), 4));
    return sumOver(mul(deviation, deviation), [k]);
  });
  return program([X], [total, spread]);
}

const expected =
  'expected max of x and then sum of exp(x - maximum), or sum of x and then sum of (x - sum / count) squared';

primitiveContract(
  'mergeReductions',
  [
    { program: softmax, steps: [mergeSoftmax], code: 'mergeReductions(find_row_max, sum_row)', digits: 12 },
    { program: layerNorm, steps: [mergeNorm], code: 'mergeReductions(sum_row, sum_squares)', digits: 12 },
    {
      program: attention,
      steps: [computeInline('exponentiate'), merge('find_row_max', 'sum_row')],
      code: 'computeInline(exponentiate)\nmergeReductions(find_row_max, sum_row)',
      digits: 12,
    },
    {
      program: softmax,
      steps: [mergeSoftmax, split('rowMax_k', null, 2), rfactor('find_row_max', 'rowMax_k_1')],
      code: 'mergeReductions(find_row_max, sum_row)\nsplit(rowMax_k, [null, 2])\nrfactor(find_row_max, rowMax_k_1)',
      digits: 12,
    },
    {
      program: layerNorm,
      steps: [
        split('rowSum_k', null, 3),
        mergeNorm,
        reorder('rowSum_k_1', 'rowSum_k_0'),
        rfactor('sum_row', 'rowSum_k_1'),
        decomposeReduction('sum_row_rf', 'rowSum_k_0_rf'),
      ],
      code: 'split(rowSum_k, [null, 3])\nmergeReductions(sum_row, sum_squares)\nreorder(rowSum_k_1, rowSum_k_0)\nrfactor(sum_row, rowSum_k_1)\ndecomposeReduction(sum_row_rf, rowSum_k_0_rf)',
      digits: 12,
    },
  ],
  [
    {
      title: 'a block that is not there',
      program: softmax,
      steps: [merge('find_row_max', 'sum')],
      message: 'there is no block named sum; the blocks are find_row_max, sum_row, normalise',
    },
    {
      title: 'a block that reduces nothing',
      program: softmax,
      steps: [merge('find_row_max', 'normalise')],
      message: 'block normalise is no whole reduction; mergeReductions before decomposeReduction',
    },
    {
      title: 'a reduction that is decomposed',
      program: softmax,
      steps: [decomposeReduction('sum_row', 'k'), mergeSoftmax],
      message: 'block sum_row is no whole reduction; mergeReductions before decomposeReduction',
    },
    {
      title: 'a reduction of tuples',
      program: softmax,
      steps: [mergeSoftmax, merge('find_row_max', 'find_row_max')],
      message: 'block find_row_max combines tuples of 2 already; expected a reduction of one value',
    },
    {
      title: 'the wrong way round',
      program: softmax,
      steps: [merge('sum_row', 'find_row_max')],
      message:
        'block find_row_max does not read rowSum, which block sum_row makes; expected a reduction that uses it; computeInline what stands between them first; reductions that do not use each other are no case of it',
    },
    {
      title: 'reductions that do not use each other',
      program: () => afterMax('independent'),
      steps: [merge('find', 'add')],
      message:
        'block add does not read top, which block find makes; expected a reduction that uses it; computeInline what stands between them first; reductions that do not use each other are no case of it',
    },
    {
      title: 'exponentials of something else',
      program: () => afterMax('other'),
      steps: [merge('find', 'add')],
      message: `blocks find and add are max of X[vi, vk] and then sum of exp(Z[vi, vk] - top[vi]); no single pass is known for them; ${expected}`,
    },
    {
      title: 'rows and columns mixed up',
      program: () => afterMax('columns'),
      steps: [merge('find', 'add')],
      message: `blocks find and add are max of X[vi, vk] and then sum of exp(X[vk, vi] - top[vi]); no single pass is known for them; ${expected}`,
    },
    {
      title: 'almost the form',
      program: () => afterMax('output'),
      steps: [merge('find', 'add')],
      message: `blocks find and add are max of X[vi, vk] and then sum of exp(X[vi, vk] - top[vi] / 1.0); no single pass is known for them; ${expected}`,
    },
    {
      title: 'a sum that is an output',
      program: outputSum,
      steps: [merge('total_stage', 'spread_stage')],
      message: 'block total_stage writes the output total, of which one pass would keep the mean only',
    },
    {
      title: 'a reduction inside the loops of others',
      program: softmax,
      steps: [
        split('i', null, 1),
        bind('i_0', 'workgroup.x'),
        ['setScope', { buffer: 'rowSum', scope: 'workgroup' }],
        computeAt('sum_row', 'i_0'),
        mergeSoftmax,
      ],
      message:
        'loop i_0 holds block sum_row and other blocks; expected a nest of its own; mergeReductions before computeAt and reverseComputeAt',
    },
    {
      title: 'a maximum that its own nest does not store',
      program: softmax,
      steps: [cacheWrite('find_row_max', 'private'), mergeSoftmax],
      message:
        'block sum_row does not read rowMax_private, which block find_row_max makes; expected a reduction that uses it; computeInline what stands between them first; reductions that do not use each other are no case of it',
    },
  ],
);
