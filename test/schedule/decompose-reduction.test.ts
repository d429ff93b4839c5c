import { expect, test } from 'vitest';
import { printProgram } from '../../src/ir/printer.ts';
import { matmul, softmax } from '../support/base-programs.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { type Step, scheduled } from '../support/schedule.ts';

test('the identity is stored before the loop', () => {
  const steps: Step[] = [['decomposeReduction', { block: 'matmul', loop: 'k' }]];
  expect(printProgram(scheduled(matmul(), steps))).toMatchInlineSnapshot(`
    "input A: f32[1, 4, 5]
    input B: f32[1, 5, 6]
    output C: f32[1, 4, 6]
    for b in 1
      for i in 4
        for j in 6
          block init_matmul(vb = b, vi = i, vj = j)
            C[vb, vi, vj] = 0.0
          for k in 5
            block matmul(vb = b, vi = i, vj = j, vk~ = k)
              C[vb, vi, vj] sum= A[vb, vi, vk] * B[vb, vk, vj]  # initialised before"
  `);
});

test('at a loop further out its spatial loops are copied', () => {
  const steps: Step[] = [
    ['split', { loop: 'j', factors: [null, 4] }],
    ['reorder', { loops: ['k', 'j_1'] }],
    ['vectorize', { loop: 'j_1' }],
    ['decomposeReduction', { block: 'matmul', loop: 'j_0' }],
  ];
  expect(printProgram(scheduled(matmul(), steps))).toMatchInlineSnapshot(`
    "input A: f32[1, 4, 5]
    input B: f32[1, 5, 6]
    output C: f32[1, 4, 6]
    for b in 1
      for i in 4
        for init_j_0 in 2
          for init_j_1 in 4  # vectorized
            block init_matmul(vb = b, vi = i, vj = init_j_0 * 4 + init_j_1)  where init_j_0 * 4 + init_j_1 < 6
              C[vb, vi, vj] = 0.0
        for j_0 in 2
          for k in 5
            for j_1 in 4  # vectorized
              block matmul(vb = b, vi = i, vj = j_0 * 4 + j_1, vk~ = k)  where j_0 * 4 + j_1 < 6
                C[vb, vi, vj] sum= A[vb, vi, vk] * B[vb, vk, vj]  # initialised before"
  `);
});

test('a guard of the reduction does not concern the identity', () => {
  const steps: Step[] = [
    ['split', { loop: 'k', factors: [null, 3] }],
    ['decomposeReduction', { block: 'matmul', loop: 'k_0' }],
  ];
  expect(printProgram(scheduled(matmul(), steps))).toMatchInlineSnapshot(`
    "input A: f32[1, 4, 5]
    input B: f32[1, 5, 6]
    output C: f32[1, 4, 6]
    for b in 1
      for i in 4
        for j in 6
          block init_matmul(vb = b, vi = i, vj = j)
            C[vb, vi, vj] = 0.0
          for k_0 in 2
            for k_1 in 3
              block matmul(vb = b, vi = i, vj = j, vk~ = k_0 * 3 + k_1)  where k_0 * 3 + k_1 < 5
                C[vb, vi, vj] sum= A[vb, vi, vk] * B[vb, vk, vj]  # initialised before"
  `);
});

primitiveContract(
  'decomposeReduction',
  [
    {
      program: matmul,
      steps: [['decomposeReduction', { block: 'matmul', loop: 'b' }]],
      code: 'decomposeReduction(matmul, b)',
    },
    {
      program: matmul,
      steps: [
        ['fuse', { loops: ['j', 'k'] }],
        ['split', { loop: 'j_k', factors: [null, 7] }],
        ['decomposeReduction', { block: 'matmul', loop: 'j_k_0' }],
      ],
      code: 'fuse(j, k)\nsplit(j_k, [null, 7])\ndecomposeReduction(matmul, j_k_0)',
    },
    {
      program: matmul,
      steps: [
        ['reorder', { loops: ['k', 'j'] }],
        ['cacheRead', { block: 'matmul', buffer: 'B', scope: 'workgroup' }],
        ['computeAt', { block: 'load_B_workgroup', loop: 'k' }],
        ['decomposeReduction', { block: 'matmul', loop: 'k' }],
      ],
      code: 'reorder(k, j)\ncacheRead(matmul, B, workgroup)\ncomputeAt(load_B_workgroup, k)\ndecomposeReduction(matmul, k)',
    },
  ],
  [
    {
      title: 'a block that is not there',
      program: matmul,
      steps: [['decomposeReduction', { block: 'x', loop: 'k' }]],
      message: 'there is no block named x; the blocks are matmul',
    },
    {
      title: 'a block that is no reduction',
      program: softmax,
      steps: [['decomposeReduction', { block: 'normalise', loop: 'i' }]],
      message: 'block normalise is no reduction',
    },
    {
      title: 'a reduction that is decomposed already',
      program: matmul,
      steps: [
        ['decomposeReduction', { block: 'matmul', loop: 'k' }],
        ['decomposeReduction', { block: 'matmul', loop: 'k' }],
      ],
      message: 'the reduction of block matmul is decomposed already',
    },
    {
      title: 'a loop of another block',
      program: softmax,
      steps: [['decomposeReduction', { block: 'sum_row', loop: 'i' }]],
      message: 'loop i does not stand around block sum_row; the loops around it are rowSum_i, k',
    },
    {
      title: 'a loop inside the reduction',
      program: matmul,
      steps: [
        ['split', { loop: 'k', factors: [null, 2] }],
        ['decomposeReduction', { block: 'matmul', loop: 'k_1' }],
      ],
      message:
        'loop k_1 stands inside the reduction loop k_0; the identity must be stored before the reduction begins; decompose at k_0 or a loop around it',
    },
    {
      title: 'a loop in which the result is read',
      program: matmul,
      steps: [
        ['cacheWrite', { block: 'matmul', scope: 'private' }],
        ['computeAt', { block: 'matmul', loop: 'store_C_vi' }],
        ['decomposeReduction', { block: 'matmul', loop: 'store_C_vi' }],
      ],
      message:
        'loop store_C_vi holds block store_C too, which reads the result of block matmul in every iteration; decompose at a loop inside',
    },
  ],
);
