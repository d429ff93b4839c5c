import { expect, test } from 'vitest';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import { bind, cacheRead, computeAt, setScope, split, storageAlign, vectorize } from '../../src/schedule/steps.ts';
import { expectSameMeaning } from '../lowering/equality.ts';
import { softmax } from '../support/base-programs.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { plain, type Step, scheduled } from '../support/schedule.ts';

const matmul = (): Program => plain('matmul', 'm=8,n=8,k=16');

/** A tile of 4 x 16 of A in workgroup memory. */
const tile: readonly Step[] = [
  split('i', null, 4),
  bind('i_0', 'workgroup.y'),
  bind('i_1', 'invocation.y'),
  cacheRead('matmul', 'A', 'workgroup'),
  computeAt('load_A_workgroup', 'i_0'),
];

test('the rows of a buffer become longer', () => {
  const steps = [cacheRead('matmul', 'A', 'workgroup'), storageAlign('A_workgroup', 1)];
  expect(printProgram(scheduled(matmul(), steps)).split('\n').slice(0, 4)).toEqual([
    'input A: f32[1, 8, 16]',
    'input B: f32[1, 16, 8]',
    'output C: f32[1, 8, 8]',
    'workgroup A_workgroup: f32[1, 8, 16 + 1]',
  ]);
});

test.each([1, 3, 4])('a tile padded by %i means the same, and takes no more memory than its padded rows', (padding) => {
  const { kernels } = expectSameMeaning(scheduled(matmul(), [...tile, storageAlign('A_workgroup', padding)]));
  expect(kernels[0]?.shared.map(({ length }) => length)).toEqual([4 * (16 + padding)]);
});

test('padding by whole vectors keeps the vectors, other padding does not', () => {
  const widths = [4, 1].map((padding) => {
    const steps = [
      ...tile,
      storageAlign('A_workgroup', padding),
      split('load_A_workgroup_d2', null, 4),
      vectorize('load_A_workgroup_d2_1'),
      cacheRead('matmul', 'A_workgroup', 'private'),
      computeAt('load_A_workgroup_private', 'i_1'),
      split('load_A_workgroup_private_d2', null, 4),
      vectorize('load_A_workgroup_private_d2_1'),
    ];
    return expectSameMeaning(scheduled(matmul(), steps)).kernels[0]?.shared[0]?.element.width;
  });
  expect(widths).toEqual([4, 1]);
});

primitiveContract(
  'storageAlign',
  [
    {
      program: matmul,
      steps: [...tile, storageAlign('A_workgroup', 2)],
      code: 'split(i, [null, 4])\nbind(i_0, workgroup.y)\nbind(i_1, invocation.y)\ncacheRead(matmul, A, workgroup)\ncomputeAt(load_A_workgroup, i_0)\nstorageAlign(A_workgroup, 2)',
    },
  ],
  [
    {
      title: 'a buffer that is not there',
      program: matmul,
      steps: [storageAlign('A_workgroup', 1)],
      message: 'there is no buffer named A_workgroup; the buffers are A, B, C',
    },
    {
      title: 'an output',
      program: matmul,
      steps: [storageAlign('C', 1)],
      message:
        'C is in storage; only workgroup memory has banks that padding could spread; cacheRead or cacheWrite makes a copy of C in workgroup memory',
    },
    {
      title: 'one row',
      program: softmax,
      steps: [setScope('rowMax', 'workgroup'), storageAlign('rowMax', 1)],
      message: 'rowMax has one dimension; expected rows that padding could shift',
    },
    {
      title: 'a buffer padded before',
      program: matmul,
      steps: [cacheRead('matmul', 'A', 'workgroup'), storageAlign('A_workgroup', 1), storageAlign('A_workgroup', 2)],
      message: 'the rows of A_workgroup are already padded by 1',
    },
    {
      title: 'a whole tile of padding',
      program: matmul,
      steps: [cacheRead('matmul', 'A', 'workgroup'), storageAlign('A_workgroup', 65)],
      message: 'storageAlign: argument padding: Too big: expected number to be <=64',
    },
  ],
);
