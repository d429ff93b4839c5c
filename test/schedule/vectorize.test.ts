import { expect, test } from 'vitest';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import { matmul } from '../support/base-programs.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { plain, type Step, scheduled } from '../support/schedule.ts';

test('the innermost loop becomes one vector operation', () => {
  const steps: Step[] = [
    ['split', { loop: 'j', factors: [null, 2] }],
    ['reorder', { loops: ['k', 'j_1'] }],
    ['vectorize', { loop: 'j_1' }],
  ];
  expect(printProgram(scheduled(matmul(), steps))).toMatchInlineSnapshot(`
    "input A: f32[1, 4, 5]
    input B: f32[1, 5, 6]
    output C: f32[1, 4, 6]
    for b in 1
      for i in 4
        for j_0 in 3
          for k in 5
            for j_1 in 2  # vectorized
              block matmul(vb = b, vi = i, vj = j_0 * 2 + j_1, vk~ = k)
                C[vb, vi, vj] sum= A[vb, vi, vk] * B[vb, vk, vj]"
  `);
});

primitiveContract(
  'vectorize',
  [
    {
      program: matmul,
      steps: [
        ['split', { loop: 'j', factors: [null, 4] }],
        ['reorder', { loops: ['k', 'j_1'] }],
        ['vectorize', { loop: 'j_1' }],
      ],
      code: 'split(j, [null, 4])\nreorder(k, j_1)\nvectorize(j_1)',
    },
  ],
  [
    {
      title: 'a loop that is not there',
      program: matmul,
      steps: [['vectorize', { loop: 'x' }]],
      message: 'there is no loop named x; the loops are b, i, j, k',
    },
    {
      title: 'five lanes',
      program: (): Program => plain('matmul', 'm=4,n=5,k=5'),
      steps: [
        ['reorder', { loops: ['k', 'j'] }],
        ['vectorize', { loop: 'j' }],
      ],
      message: 'loop j runs 5 times; WGSL has vectors of 2, 3 and 4; split j by 4 or 2 and vectorize the inner loop',
    },
    {
      title: 'one lane',
      program: matmul,
      steps: [['vectorize', { loop: 'b' }]],
      message: 'loop b runs 1 times; WGSL has vectors of 2, 3 and 4; split b by 4 or 2 and vectorize the inner loop',
    },
    {
      title: 'a reduction loop',
      program: matmul,
      steps: [
        ['split', { loop: 'k', factors: [null, 4] }],
        ['vectorize', { loop: 'k_1' }],
      ],
      message:
        'loop k_1 carries the reduction of block matmul; expected a loop whose iterations are independent; rfactor matmul over k_1 first, or take one of its spatial loops',
    },
    {
      title: 'a loop around a loop',
      program: matmul,
      steps: [['vectorize', { loop: 'i' }]],
      message: 'loop i holds more than a block; expected the innermost loop of one block; reorder i inwards',
    },
  ],
);
