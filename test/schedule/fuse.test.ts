import { expect, test } from 'vitest';
import { printProgram } from '../../src/ir/printer.ts';
import { matmul, softmax } from '../support/base-programs.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { type Step, scheduled } from '../support/schedule.ts';

test('two loops become one', () => {
  const steps: Step[] = [['fuse', { loops: ['i', 'j'] }]];
  expect(printProgram(scheduled(matmul(), steps))).toMatchInlineSnapshot(`
    "input A: f32[1, 4, 5]
    input B: f32[1, 5, 6]
    output C: f32[1, 4, 6]
    for b in 1
      for i_j in 24
        for k in 5
          block matmul(vb = b, vi = i_j / 6, vj = i_j % 6, vk~ = k)
            C[vb, vi, vj] sum= A[vb, vi, vk] * B[vb, vk, vj]"
  `);
});

test('loops that were split come together again', () => {
  const steps: Step[] = [
    ['split', { loop: 'j', factors: [null, 4] }],
    ['fuse', { loops: ['j_0', 'j_1'] }],
  ];
  expect(printProgram(scheduled(matmul(), steps))).toMatchInlineSnapshot(`
    "input A: f32[1, 4, 5]
    input B: f32[1, 5, 6]
    output C: f32[1, 4, 6]
    for b in 1
      for i in 4
        for j_0_j_1 in 8
          for k in 5
            block matmul(vb = b, vi = i, vj = j_0_j_1, vk~ = k)  where j_0_j_1 < 6
              C[vb, vi, vj] sum= A[vb, vi, vk] * B[vb, vk, vj]"
  `);
});

test('repeated fusing does not make names that are too long for a trace', () => {
  let steps: Step[] = [['fuse', { loops: ['i', 'j'] }]];
  let loop = 'i_j';
  // Splitting by 1 and fusing again doubles the name each time.
  for (let round = 0; round < 12; round++) {
    steps = [...steps, ['split', { loop, factors: [null, 1] }], ['fuse', { loops: [`${loop}_0`, `${loop}_1`] }]];
    const [, line] = /for (\S+) in 24/.exec(printProgram(scheduled(matmul(), steps))) ?? [];
    loop = line ?? '';
  }
  expect(loop).toMatch(/_fused/);
  expect(loop.length).toBeLessThanOrEqual(200);
});

primitiveContract(
  'fuse',
  [
    { program: matmul, steps: [['fuse', { loops: ['b', 'i', 'j', 'k'] }]], code: 'fuse(b, i, j, k)' },
    {
      program: matmul,
      steps: [
        ['split', { loop: 'i', factors: [null, 3] }],
        ['fuse', { loops: ['i_1', 'j'] }],
        ['split', { loop: 'i_1_j', factors: [null, 4] }],
      ],
      code: 'split(i, [null, 3])\nfuse(i_1, j)\nsplit(i_1_j, [null, 4])',
    },
  ],
  [
    {
      title: 'loops with another between them',
      program: matmul,
      steps: [['fuse', { loops: ['i', 'k'] }]],
      message:
        'loop k is not directly and alone inside i; expected perfectly nested loops, outermost first; reorder them next to each other first',
    },
    {
      title: 'the inner loop named first',
      program: matmul,
      steps: [['fuse', { loops: ['j', 'i'] }]],
      message:
        'loop i is not directly and alone inside j; expected perfectly nested loops, outermost first; reorder them next to each other first',
    },
    {
      title: 'an unrolled loop',
      program: matmul,
      steps: [
        ['unroll', { loop: 'j' }],
        ['fuse', { loops: ['i', 'j'] }],
      ],
      message:
        'loop j is already unrolled; expected a serial loop; do this before the loop is bound, unrolled or vectorized',
    },
    {
      title: 'loops of different nests',
      program: softmax,
      steps: [['fuse', { loops: ['i', 'rowMax_k'] }]],
      message:
        'loop rowMax_k is not directly and alone inside i; expected perfectly nested loops, outermost first; reorder them next to each other first',
    },
    {
      title: 'a loop that is not there',
      program: matmul,
      steps: [['fuse', { loops: ['i', 'x'] }]],
      message: 'there is no loop named x; the loops are b, i, j, k',
    },
  ],
);
