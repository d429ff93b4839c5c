import { expect, test } from 'vitest';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import {
  bind,
  cacheRead,
  cacheWrite,
  computeAt,
  decomposeReduction,
  fuse,
  reorder,
  reverseComputeAt,
  split,
  vectorize,
} from '../../src/schedule/steps.ts';
import { expectSameMeaning } from '../lowering/equality.ts';
import { conv, softmax } from '../support/base-programs.ts';
import { linear } from '../support/linear.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { plain, scheduled } from '../support/schedule.ts';

const product = (): Program => plain(linear.name, 'm=4,n=6,k=5');
const matmul = (): Program => plain('matmul', 'm=5,n=6,k=5');

test('a store moves into the tile that computes, and gets its guard', () => {
  const steps = [split('i', null, 2), cacheWrite('matmul', 'private'), reverseComputeAt('store_C', 'i_0')];
  expect(printProgram(scheduled(matmul(), steps))).toMatchInlineSnapshot(`
    "input A: f32[1, 5, 5]
    input B: f32[1, 5, 6]
    output C: f32[1, 5, 6]
    private C_private: f32[1, 5, 6]
    for b in 1
      for i_0 in 3
        for i_1 in 2
          for j in 6
            for k in 5
              block matmul(vb = b, vi = i_0 * 2 + i_1, vj = j, vk~ = k)  where i_0 * 2 + i_1 < 5
                C_private[vb, vi, vj] sum= A[vb, vi, vk] * B[vb, vk, vj]
        for store_C_vb in 1
          for store_C_vi in 2
            for store_C_vj in 6
              block store_C(vb = b + store_C_vb, vi = i_0 * 2 + store_C_vi, vj = store_C_vj)  where i_0 * 2 + store_C_vi < 5
                C[vb, vi, vj] = C_private[vb, vi, vj]"
  `);
});

test('a reduction over what is complete moves too', () => {
  const steps = [split('rowMax_i', null, 2), reverseComputeAt('sum_row', 'rowMax_i_1')];
  expect(printProgram(scheduled(softmax(), steps))).toMatchInlineSnapshot(`
    "input X: f32[3, 5]
    output Y: f32[3, 5]
    storage rowMax: f32[3]
    storage rowSum: f32[3]
    for rowMax_i_0 in 2
      for rowMax_i_1 in 2
        for rowMax_k in 5
          block find_row_max(vi = rowMax_i_0 * 2 + rowMax_i_1, vk~ = rowMax_k)  where rowMax_i_0 * 2 + rowMax_i_1 < 3
            rowMax[vi] maxNumber= X[vi, vk]
        for sum_row_vi in 1
          for sum_row_vk in 5
            block sum_row(vi = rowMax_i_0 * 2 + rowMax_i_1 + sum_row_vi, vk~ = sum_row_vk)  where rowMax_i_0 * 2 + rowMax_i_1 + sum_row_vi < 3
              rowSum[vi] sum= expNumber(X[vi, vk] - rowMax[vi])
    for i in 3
      for j in 5
        block normalise(vi = i, vj = j)
          Y[vi, vj] = expNumber(X[vi, vj] - rowMax[vi]) / select(rowSum[vi] > 0.0 && rowSum[vi] < Infinity, rowSum[vi], NaN)"
  `);
});

test('a store moved under workgroup and invocation loops means the same lane by lane', () => {
  const steps = [
    cacheWrite('matmul', 'private'),
    split('i', null, 2),
    split('j', null, 2, 2),
    reorder('i_0', 'j_0', 'i_1', 'j_1', 'k', 'j_2'),
    bind('i_0', 'workgroup.y'),
    bind('j_0', 'workgroup.x'),
    bind('i_1', 'invocation.y'),
    bind('j_1', 'invocation.x'),
    reverseComputeAt('store_C', 'j_1'),
    vectorize('store_C_vj'),
  ];
  expect(expectSameMeaning(scheduled(matmul(), steps)).kernels.length).toBe(1);
});

primitiveContract(
  'reverseComputeAt',
  [
    {
      program: matmul,
      steps: [
        split('i', null, 2),
        split('i_0', null, 2),
        cacheWrite('matmul', 'private'),
        reverseComputeAt('store_C', 'i_1'),
      ],
      code: 'split(i, [null, 2])\nsplit(i_0, [null, 2])\ncacheWrite(matmul, private)\nreverseComputeAt(store_C, i_1)',
    },
    {
      program: product,
      steps: [reorder('C_j', 'C_i'), reverseComputeAt('add_bias', 'C_j'), reverseComputeAt('relu', 'add_bias_vi')],
      code: 'reorder(C_j, C_i)\nreverseComputeAt(add_bias, C_j)\nreverseComputeAt(relu, add_bias_vi)',
    },
    {
      program: softmax,
      steps: [reverseComputeAt('sum_row', 'rowMax_i'), split('sum_row_vk', null, 2)],
      code: 'reverseComputeAt(sum_row, rowMax_i)\nsplit(sum_row_vk, [null, 2])',
      digits: 12,
    },
    {
      program: conv,
      steps: [reverseComputeAt('conv2d', 'padded_n')],
      code: 'reverseComputeAt(conv2d, padded_n)',
    },
  ],
  [
    {
      title: 'a block that is not there',
      program: matmul,
      steps: [reverseComputeAt('x', 'i')],
      message: 'there is no block named x; the blocks are matmul',
    },
    {
      title: 'a loop that is not there',
      program: product,
      steps: [reverseComputeAt('relu', 'x')],
      message: 'there is no loop named x; the loops are C_i, C_j, k, D_i, D_j, i, j',
    },
    {
      title: 'a loop of the block itself',
      program: product,
      steps: [reverseComputeAt('relu', 'j')],
      message: 'loop j is a loop of block relu itself; expected a loop of its producer',
    },
    {
      title: 'a loop that holds no producer',
      program: product,
      steps: [reverseComputeAt('relu', 'C_i')],
      message: 'nothing inside loop C_i computes what block relu reads: D',
    },
    {
      title: 'a reduction that is not finished',
      program: product,
      steps: [reverseComputeAt('add_bias', 'k')],
      message:
        'loop k carries the reduction of block matmul, so one iteration of k completes nothing of C; take a loop around k',
    },
    {
      title: 'a window over rows that are not complete',
      program: conv,
      steps: [reverseComputeAt('conv2d', 'c')],
      message:
        'one iteration of loop c completes 1 of 2 elements in dimension 1 of padded, and block conv2d reads that dimension at vic; expected it at a spatial iter of the block; take a loop in which dimension 1 is complete',
    },
    {
      title: 'storage inside a bound loop',
      program: product,
      steps: [bind('C_i', 'workgroup.x'), reverseComputeAt('add_bias', 'C_i')],
      message:
        "C is in storage and loop C_i is workgroup.x; invocations could not see each other's part; setScope(C, workgroup) or private first",
    },
    {
      title: 'a region that no loop repeats',
      program: product,
      steps: [fuse('C_i', 'C_j'), split('C_i_C_j', null, 4), reverseComputeAt('add_bias', 'C_i_C_j_0')],
      message:
        'block matmul writes C at (C_i_C_j_0 * 4 + C_i_C_j_1) / 6 in loops that one iteration of C_i_C_j_0 runs through, which leaves gaps; split the loops instead of fusing them',
    },
    {
      title: 'a guard in the middle',
      program: matmul,
      steps: [
        split('i', null, 4),
        split('i_1', null, 3),
        cacheWrite('matmul', 'private'),
        reverseComputeAt('store_C', 'i_0'),
      ],
      message:
        'the guard i_1_0 * 3 + i_1_1 < 4 of block matmul is not the end of one of its iters, so what it completes is no box; split by factors that divide',
    },
    {
      title: 'an input that is not complete there',
      program: softmax,
      steps: [reverseComputeAt('normalise', 'rowMax_i')],
      message:
        'block normalise also reads rowSum, which block sum_row computes after block find_row_max; expected rowSum to be complete before block find_row_max',
    },
    {
      title: 'two producers in one loop',
      program: softmax,
      steps: [reverseComputeAt('sum_row', 'rowMax_i'), reverseComputeAt('normalise', 'rowMax_i')],
      message: 'block normalise reads rowMax and rowSum, which are computed inside loop rowMax_i; expected one',
    },
    {
      title: 'a decomposed block',
      program: softmax,
      steps: [decomposeReduction('sum_row', 'k'), reverseComputeAt('sum_row', 'rowMax_i')],
      message: 'rowSum is written by more than block sum_row',
    },
    {
      title: 'a vectorized loop',
      program: product,
      steps: [split('D_j', null, 2), vectorize('D_j_1'), reverseComputeAt('relu', 'D_j_1')],
      message: 'loop D_j_1 is vectorized and holds one block; nothing can be computed inside it; take a loop around it',
    },
    {
      title: 'a loop that repeats the region',
      program: matmul,
      steps: [
        cacheRead('matmul', 'A', 'private'),
        cacheRead('matmul', 'A_private', 'private'),
        computeAt('load_A_private_private', 'j'),
        computeAt('load_A_private', 'j'),
        reverseComputeAt('load_A_private_private', 'j'),
      ],
      message:
        'iterations of i, j do not complete different regions of A_private each, so what reads them would run several times; take a loop in which the producer computes each element once',
    },
    {
      title: 'a decomposed producer',
      program: product,
      steps: [decomposeReduction('matmul', 'k'), reverseComputeAt('add_bias', 'C_i')],
      message: 'C is written by init_matmul and matmul; expected one block; do this before decomposeReduction',
    },
  ],
);
