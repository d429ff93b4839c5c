import { expect, test } from 'vitest';
import { printProgram } from '../../src/ir/printer.ts';
import { softmax } from '../support/base-programs.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { plain, type Step, scheduled } from '../support/schedule.ts';

test('an intermediate buffer moves', () => {
  const steps: Step[] = [['setScope', { buffer: 'rowMax', scope: 'workgroup' }]];
  expect(printProgram(scheduled(softmax(), steps))).toMatchInlineSnapshot(`
    "input X: f32[3, 5]
    output Y: f32[3, 5]
    workgroup rowMax: f32[3]
    storage rowSum: f32[3]
    for rowMax_i in 3
      for rowMax_k in 5
        block find_row_max(vi = rowMax_i, vk~ = rowMax_k)
          rowMax[vi] maxNumber= X[vi, vk]
    for rowSum_i in 3
      for k in 5
        block sum_row(vi = rowSum_i, vk~ = k)
          rowSum[vi] sum= expNumber(X[vi, vk] - rowMax[vi])
    for i in 3
      for j in 5
        block normalise(vi = i, vj = j)
          Y[vi, vj] = expNumber(X[vi, vj] - rowMax[vi]) / select(rowSum[vi] > 0.0 && rowSum[vi] < Infinity, rowSum[vi], NaN)"
  `);
});

primitiveContract(
  'setScope',
  [
    {
      program: softmax,
      steps: [
        ['setScope', { buffer: 'rowMax', scope: 'workgroup' }],
        ['setScope', { buffer: 'rowSum', scope: 'private' }],
      ],
      code: 'setScope(rowMax, workgroup)\nsetScope(rowSum, private)',
      digits: 12,
    },
  ],
  [
    {
      title: 'a buffer that is not there',
      program: softmax,
      steps: [['setScope', { buffer: 'x', scope: 'private' }]],
      message: 'there is no buffer named x; the buffers are X, Y, rowMax, rowSum',
    },
    {
      title: 'an input',
      program: softmax,
      steps: [['setScope', { buffer: 'X', scope: 'private' }]],
      message: 'X is a parameter and stays in storage; cacheRead or cacheWrite makes a nearer copy of it',
    },
    {
      title: 'an output',
      program: softmax,
      steps: [['setScope', { buffer: 'Y', scope: 'workgroup' }]],
      message: 'Y is a parameter and stays in storage; cacheRead or cacheWrite makes a nearer copy of it',
    },
    {
      title: 'back to storage',
      program: softmax,
      steps: [['setScope', { buffer: 'rowMax', scope: 'storage' }]],
      message: 'setScope: argument scope: Invalid option: expected one of "workgroup"|"subgroup"|"private"',
    },
    {
      title: 'what lanes of a subgroup reduce into',
      program: () => plain('softmax', 'rows=3,cols=8'),
      steps: [
        ['setScope', { buffer: 'rowMax', scope: 'private' }],
        ['bind', { loop: 'rowMax_k', to: 'subgroup.x' }],
        ['setScope', { buffer: 'rowMax', scope: 'workgroup' }],
      ],
      message:
        'block find_row_max reduces across the lanes of a subgroup into rowMax, which is therefore private; let a block of its own copy it: cacheWrite before bind',
    },
  ],
);
