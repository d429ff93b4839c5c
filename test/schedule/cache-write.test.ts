import { expect, test } from 'vitest';
import { printProgram } from '../../src/ir/printer.ts';
import { matmul, softmax } from '../support/base-programs.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { type Step, scheduled } from '../support/schedule.ts';

test('the block writes a copy, which a block of its own stores', () => {
  const steps: Step[] = [['cacheWrite', { block: 'matmul', scope: 'private' }]];
  expect(printProgram(scheduled(matmul(), steps))).toMatchInlineSnapshot(`
    "input A: f32[1, 4, 5]
    input B: f32[1, 5, 6]
    output C: f32[1, 4, 6]
    private C_private: f32[1, 4, 6]
    for b in 1
      for i in 4
        for j in 6
          for k in 5
            block matmul(vb = b, vi = i, vj = j, vk~ = k)
              C_private[vb, vi, vj] sum= A[vb, vi, vk] * B[vb, vk, vj]
    for store_C_vb in 1
      for store_C_vi in 4
        for store_C_vj in 6
          block store_C(vb = store_C_vb, vi = store_C_vi, vj = store_C_vj)
            C[vb, vi, vj] = C_private[vb, vi, vj]"
  `);
});

primitiveContract(
  'cacheWrite',
  [
    {
      program: matmul,
      steps: [
        ['cacheWrite', { block: 'matmul', scope: 'private' }],
        ['computeAt', { block: 'matmul', loop: 'store_C_vj' }],
      ],
      code: 'cacheWrite(matmul, private)\ncomputeAt(matmul, store_C_vj)',
    },
    {
      program: softmax,
      steps: [['cacheWrite', { block: 'normalise', scope: 'workgroup' }]],
      code: 'cacheWrite(normalise, workgroup)',
      digits: 12,
    },
  ],
  [
    {
      title: 'a block that is not there',
      program: matmul,
      steps: [['cacheWrite', { block: 'x', scope: 'private' }]],
      message: 'there is no block named x; the blocks are matmul',
    },
    {
      title: 'a block that is cached already',
      program: matmul,
      steps: [
        ['cacheWrite', { block: 'matmul', scope: 'private' }],
        ['cacheWrite', { block: 'matmul', scope: 'workgroup' }],
      ],
      message: 'block matmul already writes C_private in private memory',
    },
    {
      title: 'a decomposed reduction',
      program: matmul,
      steps: [
        ['decomposeReduction', { block: 'matmul', loop: 'k' }],
        ['cacheWrite', { block: 'matmul', scope: 'private' }],
      ],
      message: 'C is written by more than block matmul; cacheWrite before decomposeReduction',
    },
    {
      title: 'a block whose loops hold other blocks',
      program: matmul,
      steps: [
        ['cacheRead', { block: 'matmul', buffer: 'A', scope: 'private' }],
        ['computeAt', { block: 'load_A_private', loop: 'i' }],
        ['cacheWrite', { block: 'matmul', scope: 'private' }],
      ],
      message:
        'loop b of block matmul holds other blocks too, so one iteration would store elements that it has not computed; cacheWrite matmul before computeAt puts other blocks into its loops',
    },
  ],
);
