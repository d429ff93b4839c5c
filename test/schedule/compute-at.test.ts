import { expect, test } from 'vitest';
import { printProgram } from '../../src/ir/printer.ts';
import { conv, matmul, softmax } from '../support/base-programs.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { type Step, scheduled } from '../support/schedule.ts';

test('a copy shrinks to the tile that is read', () => {
  const steps: Step[] = [
    ['split', { loop: 'i', factors: [null, 2] }],
    ['cacheRead', { block: 'matmul', buffer: 'A', scope: 'private' }],
    ['computeAt', { block: 'load_A_private', loop: 'i_0' }],
  ];
  expect(printProgram(scheduled(matmul(), steps))).toMatchInlineSnapshot(`
    "input A: f32[1, 4, 5]
    input B: f32[1, 5, 6]
    output C: f32[1, 4, 6]
    private A_private: f32[1, 4, 5]
    for b in 1
      for i_0 in 2
        for load_A_private_d0 in 1
          for load_A_private_d1 in 2
            for load_A_private_d2 in 5
              block load_A_private(d0 = load_A_private_d0, d1 = i_0 * 2 + load_A_private_d1, d2 = load_A_private_d2)
                A_private[d0, d1, d2] = A[d0, d1, d2]
        for i_1 in 2
          for j in 6
            for k in 5
              block matmul(vb = b, vi = i_0 * 2 + i_1, vj = j, vk~ = k)
                C[vb, vi, vj] sum= A_private[vb, vi, vk] * B[vb, vk, vj]"
  `);
});

test('where the tile reaches over the edge, the copy gets a guard', () => {
  const steps: Step[] = [
    ['split', { loop: 'j', factors: [null, 4] }],
    ['cacheRead', { block: 'matmul', buffer: 'B', scope: 'workgroup' }],
    ['computeAt', { block: 'load_B_workgroup', loop: 'j_0' }],
  ];
  expect(printProgram(scheduled(matmul(), steps))).toMatchInlineSnapshot(`
    "input A: f32[1, 4, 5]
    input B: f32[1, 5, 6]
    output C: f32[1, 4, 6]
    workgroup B_workgroup: f32[1, 5, 6]
    for b in 1
      for i in 4
        for j_0 in 2
          for load_B_workgroup_d0 in 1
            for load_B_workgroup_d1 in 5
              for load_B_workgroup_d2 in 4
                block load_B_workgroup(d0 = load_B_workgroup_d0, d1 = load_B_workgroup_d1, d2 = j_0 * 4 + load_B_workgroup_d2)  where j_0 * 4 + load_B_workgroup_d2 < 6
                  B_workgroup[d0, d1, d2] = B[d0, d1, d2]
          for j_1 in 4
            for k in 5
              block matmul(vb = b, vi = i, vj = j_0 * 4 + j_1, vk~ = k)  where j_0 * 4 + j_1 < 6
                C[vb, vi, vj] sum= A[vb, vi, vk] * B_workgroup[vb, vk, vj]"
  `);
});

test('workgroup memory holds what all invocations read', () => {
  const steps: Step[] = [
    ['split', { loop: 'i', factors: [null, 2] }],
    ['bind', { loop: 'i_1', to: 'invocation.y' }],
    ['cacheRead', { block: 'matmul', buffer: 'A', scope: 'workgroup' }],
    ['computeAt', { block: 'load_A_workgroup', loop: 'i_1' }],
  ];
  expect(printProgram(scheduled(matmul(), steps))).toMatchInlineSnapshot(`
    "input A: f32[1, 4, 5]
    input B: f32[1, 5, 6]
    output C: f32[1, 4, 6]
    workgroup A_workgroup: f32[1, 4, 5]
    for b in 1
      for i_0 in 2
        for i_1 in 2  # invocation.y
          for load_A_workgroup_d0 in 1
            for load_A_workgroup_d1 in 2
              for load_A_workgroup_d2 in 5
                block load_A_workgroup(d0 = load_A_workgroup_d0, d1 = i_0 * 2 + load_A_workgroup_d1, d2 = load_A_workgroup_d2)
                  A_workgroup[d0, d1, d2] = A[d0, d1, d2]
          for j in 6
            for k in 5
              block matmul(vb = b, vi = i_0 * 2 + i_1, vj = j, vk~ = k)
                C[vb, vi, vj] sum= A_workgroup[vb, vi, vk] * B[vb, vk, vj]"
  `);
});

test('a window reads a halo', () => {
  const steps: Step[] = [['computeAt', { block: 'pad', loop: 'oh' }]];
  expect(printProgram(scheduled(conv(), steps))).toMatchInlineSnapshot(`
    "input X: f32[1, 2, 4, 4]
    input W: f32[2, 2, 3, 3]
    output Y: f32[1, 2, 4, 4]
    storage padded: f32[1, 2, 6, 6]
    for n in 1
      for oc in 2
        for oh in 4
          for pad_vn in 1
            for pad_vc in 2
              for pad_vy in 3
                for pad_vx in 6
                  block pad(vn = pad_vn, vc = pad_vc, vy = oh + pad_vy, vx = pad_vx)
                    padded[vn, vc, vy, vx] = select(vy >= 1 && vy < 5 && vx >= 1 && vx < 5, X[vn, vc, vy - 1, vx - 1], 0.0)
          for ow in 4
            for ic in 2
              for kh in 3
                for kw in 3
                  block conv2d(vn = n, voc = oc, voh = oh, vow = ow, vic~ = ic, vkh~ = kh, vkw~ = kw)
                    Y[vn, voc, voh, vow] sum= padded[vn, vic, voh + vkh, vow + vkw] * W[voc, vic, vkh, vkw]"
  `);
});

primitiveContract(
  'computeAt',
  [
    {
      program: softmax,
      steps: [
        ['computeAt', { block: 'sum_row', loop: 'i' }],
        ['computeAt', { block: 'find_row_max', loop: 'i' }],
      ],
      code: 'computeAt(sum_row, i)\ncomputeAt(find_row_max, i)',
      digits: 12,
    },
    {
      program: matmul,
      steps: [
        ['cacheWrite', { block: 'matmul', scope: 'private' }],
        ['split', { loop: 'store_C_vj', factors: [null, 4] }],
        ['computeAt', { block: 'matmul', loop: 'store_C_vj_0' }],
      ],
      code: 'cacheWrite(matmul, private)\nsplit(store_C_vj, [null, 4])\ncomputeAt(matmul, store_C_vj_0)',
    },
  ],
  [
    {
      title: 'a block that is not there',
      program: matmul,
      steps: [['computeAt', { block: 'x', loop: 'i' }]],
      message: 'there is no block named x; the blocks are matmul',
    },
    {
      title: 'a loop that is not there',
      program: softmax,
      steps: [['computeAt', { block: 'sum_row', loop: 'x' }]],
      message: 'there is no loop named x; the loops are rowMax_i, rowMax_k, rowSum_i, k, i, j',
    },
    {
      title: 'the block of an output',
      program: matmul,
      steps: [['computeAt', { block: 'matmul', loop: 'i' }]],
      message:
        'block matmul writes the output C, all of which is needed; cacheWrite it first and move the block that computes',
    },
    {
      title: 'a loop of the block itself',
      program: softmax,
      steps: [['computeAt', { block: 'sum_row', loop: 'rowSum_i' }]],
      message: 'loop rowSum_i is a loop of block sum_row itself; expected a loop of its readers',
    },
    {
      title: 'a loop that does not hold all readers',
      program: softmax,
      steps: [['computeAt', { block: 'find_row_max', loop: 'i' }]],
      message: 'block sum_row reads rowMax outside loop i; every reader must stand inside it',
    },
    {
      title: 'storage inside a bound loop',
      program: softmax,
      steps: [
        ['bind', { loop: 'i', to: 'workgroup.x' }],
        ['computeAt', { block: 'sum_row', loop: 'i' }],
      ],
      message:
        "rowSum is in storage and loop i is workgroup.x; invocations could not see each other's part; setScope(rowSum, workgroup) or private first",
    },
    {
      title: 'a decomposed reduction',
      program: softmax,
      steps: [
        ['decomposeReduction', { block: 'sum_row', loop: 'k' }],
        ['computeAt', { block: 'sum_row', loop: 'i' }],
      ],
      message: 'rowSum is written by more than block sum_row; computeAt before decomposeReduction',
    },
    {
      title: 'a vectorized loop',
      program: softmax,
      steps: [
        ['split', { loop: 'j', factors: [null, 4] }],
        ['vectorize', { loop: 'j_1' }],
        ['computeAt', { block: 'sum_row', loop: 'j_1' }],
      ],
      message: 'loop j_1 is vectorized and holds one block; nothing can be computed inside it; take a loop around it',
    },
    {
      title: 'a block whose producer would stay behind',
      program: matmul,
      steps: [
        ['cacheRead', { block: 'matmul', buffer: 'A', scope: 'workgroup' }],
        ['cacheRead', { block: 'load_A_workgroup', buffer: 'A', scope: 'private' }],
        ['computeAt', { block: 'load_A_private', loop: 'load_A_workgroup_d1' }],
        ['computeAt', { block: 'load_A_workgroup', loop: 'i' }],
      ],
      message:
        'block load_A_workgroup reads A_private, which block load_A_private computes inside loop load_A_workgroup_d0; expected a place inside load_A_workgroup_d0; move load_A_workgroup first and compute load_A_private at its new loops',
    },
  ],
);
