import { expect, test } from 'vitest';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import {
  bind,
  cacheRead,
  cacheWrite,
  computeAt,
  computeInline,
  decomposeReduction,
  fuse,
  pad,
  reorder,
  reverseComputeInline,
  split,
} from '../../src/schedule/steps.ts';
import { expectSameMeaning } from '../lowering/equality.ts';
import { oddMatmul, softmax } from '../support/base-programs.ts';
import { linear } from '../support/linear.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { plain, type Step, scheduled } from '../support/schedule.ts';

const product = (): Program => plain(linear.name, 'm=5,n=6,k=7');
const conv = (): Program => plain('conv2d', 'n=1,c=3,h=4,w=4,oc=2,kh=3,kw=3');

test('operands are filled with zeros, and the result is cut', () => {
  expect(printProgram(scheduled(oddMatmul(), [pad('matmul', 'vi', 4)]))).toMatchInlineSnapshot(`
    "input A: f32[1, 5, 7]
    input B: f32[1, 7, 6]
    output C: f32[1, 5, 6]
    storage A_pad: f32[1, 8, 7]
    storage C_pad: f32[1, 8, 6]
    for load_A_pad_d0 in 1
      for load_A_pad_d1 in 8
        for load_A_pad_d2 in 7
          block load_A_pad(d0 = load_A_pad_d0, d1 = load_A_pad_d1, d2 = load_A_pad_d2)
            A_pad[d0, d1, d2] = select(d1 < 5, A[d0, d1, d2], 0.0)
    for b in 1
      for i in 8
        for j in 6
          for k in 7
            block matmul(vb = b, vi = i, vj = j, vk~ = k)
              C_pad[vb, vi, vj] sum= A_pad[vb, vi, vk] * B[vb, vk, vj]
    for store_C_d0 in 1
      for store_C_d1 in 5
        for store_C_d2 in 6
          block store_C(d0 = store_C_d0, d1 = store_C_d1, d2 = store_C_d2)
            C[d0, d1, d2] = C_pad[d0, d1, d2]"
  `);
});

test('a sum gets additional terms that are zero', () => {
  expect(printProgram(scheduled(product(), [pad('matmul', 'vk', 4)]))).toMatchInlineSnapshot(`
    "input A: f32[5, 7]
    input B: f32[7, 6]
    input bias: f32[6]
    output Z: f32[5, 6]
    storage C: f32[5, 6]
    storage D: f32[5, 6]
    storage A_pad: f32[5, 8]
    storage B_pad: f32[8, 6]
    for load_A_pad_d0 in 5
      for load_A_pad_d1 in 8
        block load_A_pad(d0 = load_A_pad_d0, d1 = load_A_pad_d1)
          A_pad[d0, d1] = select(d1 < 7, A[d0, d1], 0.0)
    for load_B_pad_d0 in 8
      for load_B_pad_d1 in 6
        block load_B_pad(d0 = load_B_pad_d0, d1 = load_B_pad_d1)
          B_pad[d0, d1] = select(d0 < 7, B[d0, d1], 0.0)
    for C_i in 5
      for C_j in 6
        for k in 8
          block matmul(vi = C_i, vj = C_j, vk~ = k)
            C[vi, vj] sum= A_pad[vi, vk] * B_pad[vk, vj]
    for D_i in 5
      for D_j in 6
        block add_bias(vi = D_i, vj = D_j)
          D[vi, vj] = C[vi, vj] + bias[vj]
    for i in 5
      for j in 6
        block relu(vi = i, vj = j)
          Z[vi, vj] = max(D[vi, vj], 0.0)"
  `);
});

/** All three axes padded, the copies moved into the tiles and the cut into the store: guards remain only in the copies. */
const tiled: readonly Step[] = [
  pad('matmul', 'vi', 4),
  pad('matmul', 'vj', 4),
  pad('matmul', 'vk', 4),
  cacheWrite('matmul', 'private'),
  reverseComputeInline('store_C_pad'),
  reverseComputeInline('store_C'),
  split('store_C_pad_pad_vi', null, 4),
  split('store_C_pad_pad_vj', null, 4),
  reorder('store_C_pad_pad_vi_0', 'store_C_pad_pad_vj_0', 'store_C_pad_pad_vi_1', 'store_C_pad_pad_vj_1'),
  bind('store_C_pad_pad_vi_0', 'workgroup.y'),
  bind('store_C_pad_pad_vj_0', 'workgroup.x'),
  bind('store_C_pad_pad_vi_1', 'invocation.y'),
  bind('store_C_pad_pad_vj_1', 'invocation.x'),
  computeAt('matmul', 'store_C_pad_pad_vj_1'),
  split('matmul_vk', null, 4),
  decomposeReduction('matmul', 'matmul_vk_0'),
  cacheRead('matmul', 'A_pad_pad', 'workgroup'),
  cacheRead('matmul', 'B_pad_pad', 'workgroup'),
  computeAt('load_A_pad_pad_workgroup', 'matmul_vk_0'),
  computeAt('load_B_pad_pad_workgroup', 'matmul_vk_0'),
  ...['load_A_pad', 'load_B_pad', 'load_A_pad_pad', 'load_B_pad_pad'].map(computeInline),
  ...['A', 'B'].flatMap((name) => [
    fuse(`load_${name}_pad_pad_workgroup_d0`, `load_${name}_pad_pad_workgroup_d1`),
    bind(`load_${name}_pad_pad_workgroup_d0_load_${name}_pad_pad_workgroup_d1`, 'invocation.y'),
    bind(`load_${name}_pad_pad_workgroup_d2`, 'invocation.x'),
  ]),
];

test('padded, tiled and inlined again it is one kernel whose reduction has no guard', () => {
  const start = oddMatmul();
  const [kernel, ...more] = expectSameMeaning(scheduled(start, tiled)).kernels;
  expect(more).toEqual([]);
  expect(kernel?.bindings.map(({ buffer }) => buffer)).toEqual(['A', 'B', 'C']);
  const loop = kernel?.body.find((stmt) => stmt.kind === 'for');
  expect(JSON.stringify(loop)).not.toContain('"kind":"if"');
});

primitiveContract(
  'pad',
  [
    { program: product, steps: [pad('matmul', 'vj', 8)], code: 'pad(matmul, vj, 8)' },
    { program: product, steps: [pad('matmul', 'vk', 4)], code: 'pad(matmul, vk, 4)' },
    { program: conv, steps: [pad('conv2d', 'vic', 4)], code: 'pad(conv2d, vic, 4)' },
    { program: softmax, steps: [pad('sum_row', 'vi', 4)], code: 'pad(sum_row, vi, 4)', digits: 12 },
    {
      program: oddMatmul,
      steps: tiled.slice(0, 6),
      code: 'pad(matmul, vi, 4)\npad(matmul, vj, 4)\npad(matmul, vk, 4)\ncacheWrite(matmul, private)\nreverseComputeInline(store_C_pad)\nreverseComputeInline(store_C)',
    },
  ],
  [
    {
      title: 'a block that is not there',
      program: oddMatmul,
      steps: [pad('x', 'vi', 4)],
      message: 'there is no block named x; the blocks are matmul',
    },
    {
      title: 'an iter that is not there',
      program: oddMatmul,
      steps: [pad('matmul', 'i', 4)],
      message: 'block matmul has no iter named i; its iters are vb, vi, vj, vk',
    },
    {
      title: 'an extent that divides',
      program: oddMatmul,
      steps: [pad('matmul', 'vj', 3)],
      message: 'iter vj of block matmul runs 6 times, a multiple of 3 already',
    },
    {
      title: 'a loop that is split',
      program: oddMatmul,
      steps: [split('i', null, 2), pad('matmul', 'vi', 4)],
      message: 'iter vi of block matmul is i_0 * 2 + i_1, no loop of 5 iterations of its own; pad before anything else',
    },
    {
      title: 'a loop that is bound',
      program: oddMatmul,
      steps: [bind('i', 'workgroup.x'), pad('matmul', 'vj', 4)],
      message:
        'loop i is already workgroup.x; expected a serial loop; do this before the loop is bound, unrolled or vectorized',
    },
    {
      title: 'a loop that holds other blocks',
      program: oddMatmul,
      steps: [cacheRead('matmul', 'A', 'private'), computeAt('load_A_private', 'i'), pad('matmul', 'vj', 4)],
      message:
        'loop i of block matmul holds other blocks too, which would be copied before they are complete; pad before computeAt puts other blocks into its loops',
    },
    {
      title: 'a window',
      program: conv,
      steps: [pad('conv2d', 'vow', 8)],
      message:
        'block conv2d reads padded[vn, vic, voh + vkh, vow + vkw]; expected vow alone in one dimension, the same in every read; pad another iter',
    },
    {
      title: 'a maximum',
      program: softmax,
      steps: [pad('find_row_max', 'vk', 4)],
      message:
        'block find_row_max does not sum up products of what it reads at vk, so zeros there would change the result; pad spatial iters only',
    },
    {
      title: 'a sum of exponentials',
      program: softmax,
      steps: [pad('sum_row', 'vk', 4)],
      message:
        'block sum_row does not sum up products of what it reads at vk, so zeros there would change the result; pad spatial iters only',
    },
    {
      title: 'a multiple of zero',
      program: oddMatmul,
      steps: [pad('matmul', 'vi', 0)],
      message: 'pad: argument multiple: Too small: expected number to be >=1',
    },
  ],
);
