import { expect, test } from 'vitest';
import { printProgram } from '../../src/ir/printer.ts';
import { matmul, softmax } from '../support/base-programs.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { type Step, scheduled } from '../support/schedule.ts';

test('the named loops change places, and the others stay', () => {
  const steps: Step[] = [['reorder', { loops: ['k', 'i'] }]];
  expect(printProgram(scheduled(matmul(), steps))).toMatchInlineSnapshot(`
    "input A: f32[1, 4, 5]
    input B: f32[1, 5, 6]
    output C: f32[1, 4, 6]
    for b in 1
      for k in 5
        for j in 6
          for i in 4
            block matmul(vb = b, vi = i, vj = j, vk~ = k)
              C[vb, vi, vj] sum= A[vb, vi, vk] * B[vb, vk, vj]"
  `);
});

test('outer loops of tiles go outwards, inner ones inwards', () => {
  const steps: Step[] = [
    ['split', { loop: 'i', factors: [null, 2] }],
    ['split', { loop: 'j', factors: [null, 3] }],
    ['reorder', { loops: ['i_0', 'j_0', 'k', 'i_1', 'j_1'] }],
  ];
  expect(printProgram(scheduled(matmul(), steps))).toMatchInlineSnapshot(`
    "input A: f32[1, 4, 5]
    input B: f32[1, 5, 6]
    output C: f32[1, 4, 6]
    for b in 1
      for i_0 in 2
        for j_0 in 2
          for k in 5
            for i_1 in 2
              for j_1 in 3
                block matmul(vb = b, vi = i_0 * 2 + i_1, vj = j_0 * 3 + j_1, vk~ = k)
                  C[vb, vi, vj] sum= A[vb, vi, vk] * B[vb, vk, vj]"
  `);
});

primitiveContract(
  'reorder',
  [
    { program: matmul, steps: [['reorder', { loops: ['k', 'j', 'i', 'b'] }]], code: 'reorder(k, j, i, b)' },
    {
      program: matmul,
      steps: [
        ['split', { loop: 'k', factors: [null, 2] }],
        ['reorder', { loops: ['k_1', 'i', 'k_0'] }],
      ],
      code: 'split(k, [null, 2])\nreorder(k_1, i, k_0)',
    },
  ],
  [
    {
      title: 'a loop named twice',
      program: matmul,
      steps: [['reorder', { loops: ['i', 'i'] }]],
      message: 'reorder names a loop twice: i, i',
    },
    {
      title: 'a loop that is not there',
      program: matmul,
      steps: [['reorder', { loops: ['i', 'x'] }]],
      message: 'there is no loop named x; the loops are b, i, j, k',
    },
    {
      title: 'loops of different nests',
      program: softmax,
      steps: [['reorder', { loops: ['i', 'rowMax_i'] }]],
      message: 'the loops i, rowMax_i do not stand inside one another',
    },
    {
      title: 'across a sequence',
      program: matmul,
      steps: [
        ['cacheRead', { block: 'matmul', buffer: 'A', scope: 'workgroup' }],
        ['computeAt', { block: 'load_A_workgroup', loop: 'i' }],
        ['reorder', { loops: ['j', 'i'] }],
      ],
      message: 'below loop i stands more than one statement, so the loops j, i are not perfectly nested',
    },
    {
      title: 'a reduction loop around several blocks',
      program: matmul,
      steps: [
        ['cacheRead', { block: 'matmul', buffer: 'A', scope: 'private' }],
        ['reorder', { loops: ['k', 'j'] }],
        ['computeAt', { block: 'load_A_private', loop: 'j' }],
        ['reorder', { loops: ['j', 'k'] }],
      ],
      message:
        'loop k carries the reduction of block matmul; expected a loop whose iterations are independent; rfactor matmul over k first, or take one of its spatial loops',
    },
    {
      title: 'a loop that holds spatial and reduction iterations',
      program: matmul,
      steps: [
        ['fuse', { loops: ['j', 'k'] }],
        ['split', { loop: 'j_k', factors: [null, 4] }],
        ['reorder', { loops: ['j_k_1', 'j_k_0'] }],
      ],
      message:
        'loop j_k_0 drives the reduction of block matmul and its spatial iter vj; in another order it could start in the middle of a reduction; decomposeReduction of matmul first',
    },
    {
      title: 'a vectorized loop moved outwards',
      program: matmul,
      steps: [
        ['reorder', { loops: ['k', 'j'] }],
        ['split', { loop: 'j', factors: [null, 2] }],
        ['vectorize', { loop: 'j_1' }],
        ['reorder', { loops: ['j_1', 'j_0'] }],
      ],
      message: 'the vectorized loop j_1 would stand around j_0; expected it innermost',
    },
    {
      title: 'a workgroup loop moved inwards',
      program: matmul,
      steps: [
        ['bind', { loop: 'i', to: 'workgroup.x' }],
        ['reorder', { loops: ['j', 'i'] }],
      ],
      message:
        'loop i (workgroup.x) would stand inside j (serial); a workgroup loop may stand only inside other workgroup loops',
    },
  ],
);
