import { expect, test } from 'vitest';
import { forLoop, load, variable } from '../../src/ir/builders.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import { matmul, softmax } from '../support/base-programs.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { type Step, scheduled } from '../support/schedule.ts';

/** A copy that is made three times over, since loop t drives no index. */
const repeated = (): Program => ({
  inputs: ['A'],
  outputs: ['C'],
  buffers: ['A', 'C'].map((name) => ({ name, dtype: 'f32', shape: [4], scope: 'storage' })),
  body: [
    forLoop(
      't',
      3,
      forLoop('i', 4, {
        kind: 'block',
        name: 'copy',
        iters: [{ name: 'vi', extent: 4, type: 'spatial', binding: variable('i') }],
        predicate: [],
        writes: [{ buffer: 'C', indices: [variable('vi')], value: load('A', [variable('vi')]) }],
        reducer: null,
      }),
    ),
  ],
});

test('loops run on workgroups and invocations', () => {
  const steps: Step[] = [
    ['split', { loop: 'j', factors: [null, 3] }],
    ['bind', { loop: 'i', to: 'workgroup.y' }],
    ['bind', { loop: 'j_0', to: 'workgroup.x' }],
    ['bind', { loop: 'j_1', to: 'invocation.x' }],
  ];
  expect(printProgram(scheduled(matmul(), steps))).toMatchInlineSnapshot(`
    "input A: f32[1, 4, 5]
    input B: f32[1, 5, 6]
    output C: f32[1, 4, 6]
    for b in 1
      for i in 4  # workgroup.y
        for j_0 in 2  # workgroup.x
          for j_1 in 3  # invocation.x
            for k in 5
              block matmul(vb = b, vi = i, vj = j_0 * 3 + j_1, vk~ = k)
                C[vb, vi, vj] sum= A[vb, vi, vk] * B[vb, vk, vj]"
  `);
});

test('an invocation axis is enumerated again by a cooperative load', () => {
  const steps: Step[] = [
    ['split', { loop: 'i', factors: [null, 2] }],
    ['cacheRead', { block: 'matmul', buffer: 'A', scope: 'workgroup' }],
    ['computeAt', { block: 'load_A_workgroup', loop: 'i_1' }],
    ['bind', { loop: 'load_A_workgroup_d2', to: 'invocation.x' }],
    ['bind', { loop: 'j', to: 'invocation.x' }],
  ];
  expect(printProgram(scheduled(matmul(), steps))).toMatchInlineSnapshot(`
    "input A: f32[1, 4, 5]
    input B: f32[1, 5, 6]
    output C: f32[1, 4, 6]
    workgroup A_workgroup: f32[1, 4, 5]
    for b in 1
      for i_0 in 2
        for i_1 in 2
          for load_A_workgroup_d0 in 1
            for load_A_workgroup_d1 in 1
              for load_A_workgroup_d2 in 5  # invocation.x
                block load_A_workgroup(d0 = load_A_workgroup_d0, d1 = i_0 * 2 + i_1 + load_A_workgroup_d1, d2 = load_A_workgroup_d2)
                  A_workgroup[d0, d1, d2] = A[d0, d1, d2]
          for j in 6  # invocation.x
            for k in 5
              block matmul(vb = b, vi = i_0 * 2 + i_1, vj = j, vk~ = k)
                C[vb, vi, vj] sum= A_workgroup[vb, vi, vk] * B[vb, vk, vj]"
  `);
});

primitiveContract(
  'bind',
  [
    {
      program: matmul,
      steps: [
        ['bind', { loop: 'i', to: 'workgroup.x' }],
        ['bind', { loop: 'j', to: 'invocation.x' }],
      ],
      code: 'bind(i, workgroup.x)\nbind(j, invocation.x)',
    },
    {
      program: matmul,
      steps: [
        ['split', { loop: 'k', factors: [null, 2] }],
        ['rfactor', { block: 'matmul', loop: 'k_1' }],
        ['cacheWrite', { block: 'matmul', scope: 'private' }],
        ['setScope', { buffer: 'C_rf', scope: 'private' }],
        ['computeAt', { block: 'matmul_rf', loop: 'k_1' }],
        ['bind', { loop: 'k_1', to: 'subgroup.x' }],
      ],
      code: 'split(k, [null, 2])\nrfactor(matmul, k_1)\ncacheWrite(matmul, private)\nsetScope(C_rf, private)\ncomputeAt(matmul_rf, k_1)\nbind(k_1, subgroup.x)',
      digits: 5,
    },
  ],
  [
    {
      title: 'a loop that is not there',
      program: matmul,
      steps: [['bind', { loop: 'x', to: 'workgroup.x' }]],
      message: 'there is no loop named x; the loops are b, i, j, k',
    },
    {
      title: 'an axis that does not exist',
      program: matmul,
      steps: [['bind', { loop: 'i', to: 'workgroup.w' }]],
      message:
        'bind: argument to: Invalid option: expected one of "workgroup.x"|"workgroup.y"|"workgroup.z"|"invocation.x"|"invocation.y"|"invocation.z"|"subgroup.x"',
    },
    {
      title: 'a reduction loop',
      program: matmul,
      steps: [['bind', { loop: 'k', to: 'invocation.x' }]],
      message:
        'loop k carries the reduction of block matmul; expected a loop whose iterations are independent; rfactor matmul over k first, or take one of its spatial loops',
    },
    {
      title: 'lanes of a subgroup that are no power of two',
      program: matmul,
      steps: [['bind', { loop: 'k', to: 'subgroup.x' }]],
      message:
        'loop k runs 5 times; expected a power of two to run on the lanes of a subgroup; split k by the number of lanes and bind the inner loop',
    },
    {
      title: 'lanes of a subgroup that reduce into storage',
      program: matmul,
      steps: [
        ['split', { loop: 'k', factors: [null, 4] }],
        ['bind', { loop: 'k_1', to: 'subgroup.x' }],
      ],
      message:
        'block matmul writes C in storage; every lane of a subgroup gets the result of its reduction, so that is private; cacheWrite(matmul, private) first, or setScope(C, private)',
    },
    {
      title: 'lanes of a subgroup that reduce and spread at once',
      program: matmul,
      steps: [
        ['split', { loop: 'k', factors: [null, 2] }],
        ['fuse', { loops: ['j', 'k_0', 'k_1'] }],
        ['split', { loop: 'j_k_0_k_1', factors: [null, 4] }],
        ['bind', { loop: 'j_k_0_k_1_1', to: 'subgroup.x' }],
      ],
      message:
        'loop j_k_0_k_1_1 drives the reduction of block matmul and also its spatial iter vj; split spatial and reduction loops apart',
    },
    {
      title: 'lanes of a subgroup inside invocations that drive the same block',
      program: matmul,
      steps: [
        ['cacheWrite', { block: 'matmul', scope: 'private' }],
        ['split', { loop: 'k', factors: [null, 4] }],
        ['bind', { loop: 'j', to: 'invocation.x' }],
        ['bind', { loop: 'k_1', to: 'subgroup.x' }],
      ],
      message:
        'invocation.x is already bound to j, which drives block matmul as k_1 does; fuse the two loops, or take another axis',
    },
    {
      title: 'a loop that is bound already',
      program: matmul,
      steps: [
        ['bind', { loop: 'i', to: 'workgroup.x' }],
        ['bind', { loop: 'i', to: 'workgroup.y' }],
      ],
      message:
        'loop i is already workgroup.x; expected a serial loop; do this before the loop is bound, unrolled or vectorized',
    },
    {
      title: 'a workgroup axis twice',
      program: matmul,
      steps: [
        ['bind', { loop: 'i', to: 'workgroup.x' }],
        ['bind', { loop: 'j', to: 'workgroup.x' }],
      ],
      message: 'workgroup.x is already bound to i around j; fuse the two loops, or take another axis',
    },
    {
      title: 'one invocation axis driving a block twice',
      program: matmul,
      steps: [
        ['bind', { loop: 'j', to: 'invocation.x' }],
        ['bind', { loop: 'i', to: 'invocation.x' }],
      ],
      message:
        'invocation.x is already bound to j, which drives block matmul as i does; fuse the two loops, or take another axis',
    },
    {
      title: 'a workgroup loop inside a serial loop',
      program: matmul,
      steps: [['bind', { loop: 'j', to: 'workgroup.x' }]],
      message:
        'loop j stands inside i (serial); a workgroup loop may stand only inside other workgroup loops; bind or reorder i first',
    },
    {
      title: 'an invocation loop around a workgroup loop',
      program: matmul,
      steps: [
        ['bind', { loop: 'i', to: 'workgroup.x' }],
        ['bind', { loop: 'b', to: 'invocation.y' }],
      ],
      message:
        'loop b holds i (workgroup.x); a workgroup loop may stand only inside other workgroup loops; bind b to a workgroup axis',
    },
    {
      title: 'a loop inside an unrolled one',
      program: matmul,
      steps: [
        ['unroll', { loop: 'i' }],
        ['bind', { loop: 'j', to: 'invocation.x' }],
      ],
      message: 'loop j stands inside the unrolled loop i; expected only serial and bound loops around it',
    },
    {
      title: 'iterations that meet in storage',
      program: softmax,
      steps: [
        ['computeAt', { block: 'sum_row', loop: 'i' }],
        ['bind', { loop: 'i', to: 'workgroup.x' }],
      ],
      message:
        "inside loop i block sum_row writes rowSum in storage and block normalise reads it; invocations could not see each other's part; setScope(rowSum, workgroup) or private first",
    },
    {
      title: 'iterations that write the same element',
      program: repeated,
      steps: [['bind', { loop: 't', to: 'workgroup.x' }]],
      message: 'all iterations of loop t write the same elements of C in block copy; expected each to write its own',
    },
  ],
);
