import { expect, test } from 'vitest';
import { printProgram } from '../../src/ir/printer.ts';
import { matmul } from '../support/base-programs.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { type Step, scheduled } from '../support/schedule.ts';

test('a factor that divides needs no guard', () => {
  const steps: Step[] = [
    ['split', { loop: 'k', factors: [null, 5] }],
    ['split', { loop: 'j', factors: [null, 3] }],
  ];
  expect(printProgram(scheduled(matmul(), steps))).toMatchInlineSnapshot(`
    "input A: f32[1, 4, 5]
    input B: f32[1, 5, 6]
    output C: f32[1, 4, 6]
    for b in 1
      for i in 4
        for j_0 in 2
          for j_1 in 3
            for k_0 in 1
              for k_1 in 5
                block matmul(vb = b, vi = i, vj = j_0 * 3 + j_1, vk~ = k_0 * 5 + k_1)
                  C[vb, vi, vj] sum= A[vb, vi, vk] * B[vb, vk, vj]"
  `);
});

test('a factor that does not divide guards the block', () => {
  const steps: Step[] = [
    ['split', { loop: 'i', factors: [null, 3] }],
    ['split', { loop: 'k', factors: [2, null, 2] }],
  ];
  expect(printProgram(scheduled(matmul(), steps))).toMatchInlineSnapshot(`
    "input A: f32[1, 4, 5]
    input B: f32[1, 5, 6]
    output C: f32[1, 4, 6]
    for b in 1
      for i_0 in 2
        for i_1 in 3
          for j in 6
            for k_0 in 2
              for k_1 in 2
                for k_2 in 2
                  block matmul(vb = b, vi = i_0 * 3 + i_1, vj = j, vk~ = k_0 * 4 + k_1 * 2 + k_2)  where i_0 * 3 + i_1 < 4 && k_0 * 4 + k_1 * 2 + k_2 < 5
                    C[vb, vi, vj] sum= A[vb, vi, vk] * B[vb, vk, vj]"
  `);
});

primitiveContract(
  'split',
  [
    { program: matmul, steps: [['split', { loop: 'i', factors: [null, 2] }]], code: 'split(i, [null, 2])' },
    {
      program: matmul,
      steps: [
        ['split', { loop: 'k', factors: [null, 2] }],
        ['split', { loop: 'k_1', factors: [2, 3] }],
      ],
      code: 'split(k, [null, 2])\nsplit(k_1, [2, 3])',
    },
    { program: matmul, steps: [['split', { loop: 'b', factors: [1, 4] }]], code: 'split(b, [1, 4])' },
  ],
  [
    {
      title: 'a loop that is not there',
      program: matmul,
      steps: [['split', { loop: 'x', factors: [null, 2] }]],
      message: 'there is no loop named x; the loops are b, i, j, k',
    },
    {
      title: 'two open factors',
      program: matmul,
      steps: [['split', { loop: 'i', factors: [null, null] }]],
      message: 'split of i leaves 2 factors open; expected at most one null',
    },
    {
      title: 'factors that do not cover the loop',
      program: matmul,
      steps: [['split', { loop: 'k', factors: [2, 2] }]],
      message: 'split of k by 2 x 2 covers 4 of its 5 iterations; make one factor null, or raise a factor',
    },
    {
      title: 'factors that overflow',
      program: matmul,
      steps: [['split', { loop: 'k', factors: [65536, 65536] }]],
      message: 'split of k makes 4294967296 iterations; expected fewer than 2^31',
    },
    {
      title: 'a bound loop',
      program: matmul,
      steps: [
        ['bind', { loop: 'i', to: 'workgroup.x' }],
        ['split', { loop: 'i', factors: [null, 2] }],
      ],
      message:
        'loop i is already workgroup.x; expected a serial loop; do this before the loop is bound, unrolled or vectorized',
    },
    {
      title: 'a loop of one iteration around a workgroup loop',
      program: matmul,
      steps: [
        ['bind', { loop: 'i', to: 'workgroup.x' }],
        ['split', { loop: 'b', factors: [null, 2] }],
      ],
      message:
        'split of b would make a loop of 2 iterations around i (workgroup.x); a workgroup loop may stand only inside other workgroup loops',
    },
    {
      title: 'one factor alone',
      program: matmul,
      steps: [['split', { loop: 'i', factors: [4] }]],
      message: 'split: argument factors: Too small: expected array to have >=2 items',
    },
  ],
);
