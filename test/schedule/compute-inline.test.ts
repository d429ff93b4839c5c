import { expect, test } from 'vitest';
import { printProgram } from '../../src/ir/printer.ts';
import { conv, matmul, softmax } from '../support/base-programs.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { type Step, scheduled } from '../support/schedule.ts';

test('the padding moves into the convolution', () => {
  const steps: Step[] = [['computeInline', { block: 'pad' }]];
  expect(printProgram(scheduled(conv(), steps))).toMatchInlineSnapshot(`
    "input X: f32[1, 2, 4, 4]
    input W: f32[2, 2, 3, 3]
    output Y: f32[1, 2, 4, 4]
    for n in 1
      for oc in 2
        for oh in 4
          for ow in 4
            for ic in 2
              for kh in 3
                for kw in 3
                  block conv2d(vn = n, voc = oc, voh = oh, vow = ow, vic~ = ic, vkh~ = kh, vkw~ = kw)
                    Y[vn, voc, voh, vow] sum= select(voh + vkh >= 1 && voh + vkh < 5 && vow + vkw >= 1 && vow + vkw < 5, X[vn, vic, voh + vkh - 1, vow + vkw - 1], 0.0) * W[voc, vic, vkh, vkw]"
  `);
});

primitiveContract(
  'computeInline',
  [
    {
      program: conv,
      steps: [
        ['computeInline', { block: 'pad' }],
        ['split', { loop: 'ow', factors: [null, 3] }],
      ],
      code: 'computeInline(pad)\nsplit(ow, [null, 3])',
    },
    {
      program: matmul,
      steps: [
        ['cacheRead', { block: 'matmul', buffer: 'A', scope: 'private' }],
        ['computeInline', { block: 'load_A_private' }],
      ],
      code: 'cacheRead(matmul, A, private)\ncomputeInline(load_A_private)',
    },
  ],
  [
    {
      title: 'a block that is not there',
      program: conv,
      steps: [['computeInline', { block: 'x' }]],
      message: 'there is no block named x; the blocks are pad, conv2d',
    },
    {
      title: 'a reduction',
      program: softmax,
      steps: [['computeInline', { block: 'sum_row' }]],
      message:
        'block sum_row is a reduction; expected an elementwise block; computeAt moves a reduction into its readers',
    },
    {
      title: 'the block of an output',
      program: softmax,
      steps: [['computeInline', { block: 'normalise' }]],
      message: 'block normalise writes the output Y, which must stay',
    },
    {
      title: 'a block whose producer stays in its loops',
      program: matmul,
      steps: [
        ['cacheRead', { block: 'matmul', buffer: 'A', scope: 'workgroup' }],
        ['cacheRead', { block: 'load_A_workgroup', buffer: 'A', scope: 'private' }],
        ['computeAt', { block: 'load_A_private', loop: 'load_A_workgroup_d1' }],
        ['computeInline', { block: 'load_A_workgroup' }],
      ],
      message:
        'block load_A_workgroup reads A_private, which block load_A_private computes inside loop load_A_workgroup_d0; expected a place inside load_A_workgroup_d0; move load_A_workgroup first and compute load_A_private at its new loops',
    },
  ],
);
