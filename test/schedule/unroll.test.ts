import { expect, test } from 'vitest';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import { matmul } from '../support/base-programs.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { plain, type Step, scheduled } from '../support/schedule.ts';

test('the loop is marked', () => {
  const steps: Step[] = [['unroll', { loop: 'k' }]];
  expect(printProgram(scheduled(matmul(), steps))).toMatchInlineSnapshot(`
    "input A: f32[1, 4, 5]
    input B: f32[1, 5, 6]
    output C: f32[1, 4, 6]
    for b in 1
      for i in 4
        for j in 6
          for k in 5  # unrolled
            block matmul(vb = b, vi = i, vj = j, vk~ = k)
              C[vb, vi, vj] sum= A[vb, vi, vk] * B[vb, vk, vj]"
  `);
});

primitiveContract(
  'unroll',
  [
    {
      program: matmul,
      steps: [
        ['unroll', { loop: 'j' }],
        ['unroll', { loop: 'k' }],
      ],
      code: 'unroll(j)\nunroll(k)',
    },
  ],
  [
    {
      title: 'a loop that is not there',
      program: matmul,
      steps: [['unroll', { loop: 'x' }]],
      message: 'there is no loop named x; the loops are b, i, j, k',
    },
    {
      title: 'a loop that is unrolled already',
      program: matmul,
      steps: [
        ['unroll', { loop: 'k' }],
        ['unroll', { loop: 'k' }],
      ],
      message:
        'loop k is already unrolled; expected a serial loop; do this before the loop is bound, unrolled or vectorized',
    },
    {
      title: 'a loop too long to write out',
      program: (): Program => plain('reduce_sum', 'rows=1,cols=1025'),
      steps: [['unroll', { loop: 'k' }]],
      message: 'loop k runs 1025 times; expected at most 1024 to unroll; split k and unroll the inner loop',
    },
  ],
);
