import { expect, test } from 'vitest';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import { matmul, softmax } from '../support/base-programs.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { plain, type Step, scheduled } from '../support/schedule.ts';

const rows = (): Program => plain('reduce_sum', 'rows=5,cols=12');

test('every iteration of the loop gets partial results, which are then reduced', () => {
  const steps: Step[] = [
    ['split', { loop: 'k', factors: [null, 4] }],
    ['rfactor', { block: 'reduce_sum', loop: 'k_1' }],
  ];
  expect(printProgram(scheduled(rows(), steps))).toMatchInlineSnapshot(`
    "input X: f32[5, 12]
    output Y: f32[5]
    storage Y_rf: f32[5, 4]
    for i_rf in 5
      for k_0_rf in 3
        for k_1_rf in 4
          block reduce_sum_rf(vi = i_rf, rf = k_1_rf, k_0~ = k_0_rf)
            Y_rf[vi, rf] sum= X[vi, k_0 * 4 + rf]
    for i in 5
      for k_1 in 4
        block reduce_sum(vi = i, rf~ = k_1)
          Y[vi] sum= Y_rf[vi, rf]"
  `);
});

test('a guard of the reduction becomes a select of the identity', () => {
  const steps: Step[] = [
    ['split', { loop: 'k', factors: [null, 5] }],
    ['rfactor', { block: 'reduce_sum', loop: 'k_1' }],
  ];
  expect(printProgram(scheduled(rows(), steps))).toMatchInlineSnapshot(`
    "input X: f32[5, 12]
    output Y: f32[5]
    storage Y_rf: f32[5, 5]
    for i_rf in 5
      for k_0_rf in 3
        for k_1_rf in 5
          block reduce_sum_rf(vi = i_rf, rf = k_1_rf, k_0~ = k_0_rf)
            Y_rf[vi, rf] sum= select(k_0 * 5 + rf < 12, X[vi, k_0 * 5 + rf], 0.0)
    for i in 5
      for k_1 in 5
        block reduce_sum(vi = i, rf~ = k_1)
          Y[vi] sum= Y_rf[vi, rf]"
  `);
});

test('partial results may be counted by any dimension', () => {
  const steps: Step[] = [
    ['split', { loop: 'k', factors: [3, null] }],
    ['rfactor', { block: 'reduce_sum', loop: 'k_0', axis: 0 }],
  ];
  expect(printProgram(scheduled(rows(), steps))).toMatchInlineSnapshot(`
    "input X: f32[5, 12]
    output Y: f32[5]
    storage Y_rf: f32[3, 5]
    for i_rf in 5
      for k_0_rf in 3
        for k_1_rf in 4
          block reduce_sum_rf(rf = k_0_rf, vi = i_rf, k_1~ = k_1_rf)
            Y_rf[rf, vi] sum= X[vi, rf * 4 + k_1]
    for i in 5
      for k_0 in 3
        block reduce_sum(vi = i, rf~ = k_0)
          Y[vi] sum= Y_rf[rf, vi]"
  `);
});

primitiveContract(
  'rfactor',
  [
    {
      program: rows,
      steps: [
        ['split', { loop: 'k', factors: [null, 5] }],
        ['rfactor', { block: 'reduce_sum', loop: 'k_0' }],
      ],
      code: 'split(k, [null, 5])\nrfactor(reduce_sum, k_0)',
    },
    {
      program: matmul,
      steps: [
        ['split', { loop: 'k', factors: [2, null] }],
        ['rfactor', { block: 'matmul', loop: 'k_0' }],
      ],
      code: 'split(k, [2, null])\nrfactor(matmul, k_0)',
    },
    {
      program: matmul,
      steps: [
        ['split', { loop: 'k', factors: [3, null] }],
        ['rfactor', { block: 'matmul', loop: 'k_0', axis: 1 }],
      ],
      code: 'split(k, [3, null])\nrfactor(matmul, k_0, 1)',
    },
    {
      program: (): Program => plain('reduce_max', 'rows=3,cols=7'),
      steps: [
        ['split', { loop: 'k', factors: [null, 3] }],
        ['rfactor', { block: 'reduce_max', loop: 'k_1' }],
      ],
      code: 'split(k, [null, 3])\nrfactor(reduce_max, k_1)',
    },
  ],
  [
    {
      title: 'a block that is not there',
      program: rows,
      steps: [['rfactor', { block: 'x', loop: 'k' }]],
      message: 'there is no block named x; the blocks are reduce_sum',
    },
    {
      title: 'a loop that is not there',
      program: rows,
      steps: [['rfactor', { block: 'reduce_sum', loop: 'x' }]],
      message: 'loop x is no loop of block reduce_sum alone; its own loops are i, k',
    },
    {
      title: 'a spatial loop',
      program: rows,
      steps: [['rfactor', { block: 'reduce_sum', loop: 'i' }]],
      message: 'block reduce_sum does not reduce over loop i; it reduces over k',
    },
    {
      title: 'a block that is no reduction',
      program: softmax,
      steps: [['rfactor', { block: 'normalise', loop: 'j' }]],
      message: 'block normalise is no whole reduction; rfactor before decomposeReduction',
    },
    {
      title: 'a decomposed reduction',
      program: rows,
      steps: [
        ['decomposeReduction', { block: 'reduce_sum', loop: 'k' }],
        ['rfactor', { block: 'reduce_sum', loop: 'k' }],
      ],
      message: 'block reduce_sum is no whole reduction; rfactor before decomposeReduction',
    },
    {
      title: 'an unrolled loop',
      program: rows,
      steps: [
        ['unroll', { loop: 'k' }],
        ['rfactor', { block: 'reduce_sum', loop: 'k' }],
      ],
      message:
        'loop k is already unrolled; expected a serial loop; do this before the loop is bound, unrolled or vectorized',
    },
    {
      title: 'a loop that holds spatial and reduction iterations',
      program: rows,
      steps: [
        ['fuse', { loops: ['i', 'k'] }],
        ['rfactor', { block: 'reduce_sum', loop: 'i_k' }],
      ],
      message: 'loop i_k drives the reduction of block reduce_sum and also its spatial iter vi',
    },
    {
      title: 'an axis that partial results do not have',
      program: rows,
      steps: [['rfactor', { block: 'reduce_sum', loop: 'k', axis: 2 }]],
      message: 'the partial results of block reduce_sum have 2 dimensions; expected an axis from 0 to 1, got 2',
    },
    {
      title: 'storage inside a bound loop',
      program: matmul,
      steps: [
        ['bind', { loop: 'i', to: 'workgroup.x' }],
        ['cacheRead', { block: 'matmul', buffer: 'A', scope: 'private' }],
        ['computeAt', { block: 'load_A_private', loop: 'i' }],
        ['rfactor', { block: 'matmul', loop: 'k' }],
      ],
      message:
        "block matmul stands inside loop i, which is workgroup.x, and writes storage; invocations could not see each other's partial results there; rfactor before i is bound",
    },
  ],
);
