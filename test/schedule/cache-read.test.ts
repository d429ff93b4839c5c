import { expect, test } from 'vitest';
import { printProgram } from '../../src/ir/printer.ts';
import { conv, matmul } from '../support/base-programs.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { type Step, scheduled } from '../support/schedule.ts';

test('the block reads a copy, which is a nest of its own', () => {
  const steps: Step[] = [['cacheRead', { block: 'matmul', buffer: 'A', scope: 'workgroup' }]];
  expect(printProgram(scheduled(matmul(), steps))).toMatchInlineSnapshot(`
    "input A: f32[1, 4, 5]
    input B: f32[1, 5, 6]
    output C: f32[1, 4, 6]
    workgroup A_workgroup: f32[1, 4, 5]
    for load_A_workgroup_d0 in 1
      for load_A_workgroup_d1 in 4
        for load_A_workgroup_d2 in 5
          block load_A_workgroup(d0 = load_A_workgroup_d0, d1 = load_A_workgroup_d1, d2 = load_A_workgroup_d2)
            A_workgroup[d0, d1, d2] = A[d0, d1, d2]
    for b in 1
      for i in 4
        for j in 6
          for k in 5
            block matmul(vb = b, vi = i, vj = j, vk~ = k)
              C[vb, vi, vj] sum= A_workgroup[vb, vi, vk] * B[vb, vk, vj]"
  `);
});

primitiveContract(
  'cacheRead',
  [
    {
      program: matmul,
      steps: [
        ['cacheRead', { block: 'matmul', buffer: 'A', scope: 'workgroup' }],
        ['cacheRead', { block: 'matmul', buffer: 'A_workgroup', scope: 'private' }],
      ],
      code: 'cacheRead(matmul, A, workgroup)\ncacheRead(matmul, A_workgroup, private)',
    },
    {
      program: conv,
      steps: [
        ['cacheRead', { block: 'conv2d', buffer: 'padded', scope: 'workgroup' }],
        ['computeInline', { block: 'pad' }],
      ],
      code: 'cacheRead(conv2d, padded, workgroup)\ncomputeInline(pad)',
    },
    {
      program: matmul,
      steps: [
        ['cacheRead', { block: 'matmul', buffer: 'A', scope: 'subgroup' }],
        ['computeAt', { block: 'load_A_subgroup', loop: 'i' }],
        ['split', { loop: 'load_A_subgroup_d2', factors: [null, 4] }],
        ['bind', { loop: 'load_A_subgroup_d2_1', to: 'subgroup.x' }],
        ['split', { loop: 'j', factors: [null, 4] }],
        ['bind', { loop: 'j_1', to: 'invocation.x' }],
      ],
      code: 'cacheRead(matmul, A, subgroup)\ncomputeAt(load_A_subgroup, i)\nsplit(load_A_subgroup_d2, [null, 4])\nbind(load_A_subgroup_d2_1, subgroup.x)\nsplit(j, [null, 4])\nbind(j_1, invocation.x)',
    },
  ],
  [
    {
      title: 'a block that is not there',
      program: matmul,
      steps: [['cacheRead', { block: 'x', buffer: 'A', scope: 'private' }]],
      message: 'there is no block named x; the blocks are matmul',
    },
    {
      title: 'a buffer that is not there',
      program: matmul,
      steps: [['cacheRead', { block: 'matmul', buffer: 'x', scope: 'private' }]],
      message: 'there is no buffer named x; the buffers are A, B, C',
    },
    {
      title: 'a buffer that the block does not read',
      program: conv,
      steps: [['cacheRead', { block: 'conv2d', buffer: 'X', scope: 'private' }]],
      message: 'block conv2d does not read X; it reads padded, W',
    },
    {
      title: 'storage as the scope',
      program: matmul,
      steps: [['cacheRead', { block: 'matmul', buffer: 'A', scope: 'storage' }]],
      message: 'cacheRead: argument scope: Invalid option: expected one of "workgroup"|"subgroup"|"private"',
    },
    {
      title: 'a private buffer of the same nest into workgroup memory',
      program: matmul,
      steps: [
        ['cacheRead', { block: 'matmul', buffer: 'A', scope: 'private' }],
        ['computeAt', { block: 'load_A_private', loop: 'i' }],
        ['cacheRead', { block: 'matmul', buffer: 'A_private', scope: 'workgroup' }],
      ],
      message: 'A_private is private to an invocation; a copy in workgroup memory would mix invocations',
    },
  ],
);
