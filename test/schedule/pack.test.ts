import { expect, test } from 'vitest';
import { defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { bind, cacheRead, computeAt, fuse, pack, reorder, split, transformLayout } from '../../src/schedule/steps.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { expectSameMeaning } from '../lowering/equality.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { plain, type Step, scheduled } from '../support/schedule.ts';

/** B of 7 columns is constant. */
const matmul = (): Program => plain('matmul', 'm=4,n=7,k=5', { constant: 'B' });
/** The rows of B are its columns. */
const turned = (): Program => plain('matmul', 'm=3,n=8,k=5,transpose_b=1', { constant: 'B' });
const conv = (): Program => plain('conv2d', 'n=1,c=2,h=4,w=4,oc=4,kh=3,kw=3', { constant: 'W' });

/** Blocks of 4 columns, each with all of its rows; the last one is filled up with zeros. */
const blocked = pack('B', [null, null, 4], [0, 2, 1, 3]);

test('columns lie in blocks, and zeros where the last of them reaches over the end', () => {
  expect(printProgram(scheduled(matmul(), [blocked]))).toMatchInlineSnapshot(`
    "input A: f32[1, 4, 5]
    input B: f32[1, 5, 7]
    output C: f32[1, 4, 7]
    storage B_packed: f32[1, 2, 5, 4]
    for pack_B_d0 in 1
      for pack_B_d1 in 2
        for pack_B_d2 in 5
          for pack_B_d3 in 4
            block pack_B(d0 = pack_B_d0, d1 = pack_B_d1, d2 = pack_B_d2, d3 = pack_B_d3)
              B_packed[d0, d1, d2, d3] = select(d1 * 4 + d3 < 7, B[d0, d2, d1 * 4 + d3], 0.0)
    for b in 1
      for i in 4
        for j in 7
          for k in 5
            block matmul(vb = b, vi = i, vj = j, vk~ = k)
              C[vb, vi, vj] sum= A[vb, vi, vk] * B_packed[vb, vj / 4, vk, vj % 4]"
  `);
});

test('what reads constants alone is a kernel that runs once, whatever else is done with it', () => {
  const steps: readonly Step[] = [
    blocked,
    fuse('pack_B_d0', 'pack_B_d1', 'pack_B_d2', 'pack_B_d3'),
    bind('pack_B_d0_pack_B_d1_pack_B_d2_pack_B_d3', 'invocation.x'),
  ];
  const program = scheduled(matmul(), steps);
  const lowered = lowerProgram(program, defaultLimits);
  if (isRefusal(lowered)) throw new Error(lowered.message());
  expect(lowered.kernels.map(({ name, runsOnce }) => [name, runsOnce ?? false])).toEqual([
    ['pack_B', true],
    ['matmul', false],
  ]);
  expect(lowered.buffers.map(({ name, role, shape }) => [name, role, shape])).toEqual([
    ['A', 'input', [1, 4, 5]],
    ['B', 'input', [1, 5, 7]],
    ['C', 'output', [1, 4, 7]],
    ['B_packed', 'packed', [1, 2, 5, 4]],
  ]);
  expectSameMeaning(program);
});

test('a copy of a constant that its reader makes by itself runs with the reader', () => {
  const program = scheduled(matmul(), [cacheRead('matmul', 'B', 'private'), computeAt('load_B_private', 'j')]);
  const lowered = lowerProgram(program, defaultLimits);
  if (isRefusal(lowered)) throw new Error(lowered.message());
  expect(lowered.kernels.map(({ runsOnce }) => runsOnce)).toEqual([undefined]);
});

primitiveContract(
  'pack',
  [
    { program: matmul, steps: [blocked], code: 'pack(B, [null, null, 4], [0, 2, 1, 3])' },
    {
      program: turned,
      steps: [pack('B', [null, null, null], [0, 2, 1]), transformLayout('B_packed', [null, null, 4], [0, 2, 1, 3])],
      code: 'pack(B, [null, null, null], [0, 2, 1])\ntransformLayout(B_packed, [null, null, 4], [0, 2, 1, 3])',
    },
    {
      program: matmul,
      steps: [
        split('j', null, 4),
        reorder('j_0', 'k', 'j_1'),
        cacheRead('matmul', 'B', 'workgroup'),
        computeAt('load_B_workgroup', 'k'),
        blocked,
      ],
      code: 'split(j, [null, 4])\nreorder(j_0, k, j_1)\ncacheRead(matmul, B, workgroup)\ncomputeAt(load_B_workgroup, k)\npack(B, [null, null, 4], [0, 2, 1, 3])',
    },
    {
      program: conv,
      steps: [pack('W', [3, null, null, null], [2, 0, 3, 4, 1])],
      code: 'pack(W, [3, null, null, null], [2, 0, 3, 4, 1])',
    },
  ],
  [
    {
      title: 'an input that varies',
      program: matmul,
      steps: [pack('A', [null, null, null], [0, 2, 1])],
      message:
        'A is no constant input, so a copy of it would have to be made in every run; constant are B; cacheRead copies any buffer; --constant A says that an input stays the same',
    },
    {
      title: 'what is computed',
      program: conv,
      steps: [pack('padded', [null, null, null, null], [0, 1, 3, 2])],
      message:
        'padded is no constant input, so a copy of it would have to be made in every run; constant are W; cacheRead copies any buffer; --constant padded says that an input stays the same',
    },
    {
      title: 'a table that is read at positions',
      program: () => plain('gather', 'n=3,v=6,d=4', { constant: 'X' }),
      steps: [pack('X', [null, null], [1, 0])],
      message: 'block gather reads X at positions, or positions from it; expected indices that follow from loops',
    },
    {
      title: 'a block larger than its dimension',
      program: matmul,
      steps: [pack('B', [null, null, 8], [0, 2, 1, 3])],
      message: 'dimension 2 of B has 7 elements, fewer than a block of 8',
    },
    {
      title: 'an order that repeats a dimension',
      program: matmul,
      steps: [pack('B', [null, null, null], [0, 1, 1])],
      message: 'the order 0, 1, 1 does not name each of 0 to 2 once',
    },
    {
      title: 'too few block sizes',
      program: matmul,
      steps: [pack('B', [4], [0, 1])],
      message: 'B has 3 dimensions, got 1 block sizes; expected one each or null',
    },
  ],
);
