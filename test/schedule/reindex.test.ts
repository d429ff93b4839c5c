import { expect, test } from 'vitest';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import { add, mul } from '../../src/operators/expression.ts';
import { compute, input, program } from '../../src/operators/tensor.ts';
import {
  bind,
  cacheWrite,
  computeAt,
  computeInline,
  fuse,
  fuseIters,
  reindex,
  reorder,
  split,
} from '../../src/schedule/steps.ts';
import { expectSameMeaning } from '../lowering/equality.ts';
import { conv, matmul, oddMatmul } from '../support/base-programs.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { scheduled } from '../support/schedule.ts';

test('a copy of an image has a dimension for each iter of the window', () => {
  const text = printProgram(scheduled(conv(), [reindex('conv2d', 'padded', 'private')]));
  expect(text).toContain('private padded_private: f32[1, 4, 4, 2, 3, 3]');
  expect(text).toContain('padded_private[vn, voh, vow, vic, vkh, vkw] = padded[vn, vic, voh + vkh, vow + vkw]');
});

test('a tile of the copy for fused iters is im2col', () => {
  const steps = [
    fuseIters('conv2d', 'voh', 'vow'),
    fuseIters('conv2d', 'vic', 'vkh', 'vkw'),
    cacheWrite('conv2d', 'private'),
    fuse('store_Y_vn', 'store_Y_voc'),
    bind('store_Y_vn_store_Y_voc', 'workgroup.y'),
    split('store_Y_voh_vow', null, 6),
    bind('store_Y_voh_vow_0', 'workgroup.x'),
    bind('store_Y_voh_vow_1', 'invocation.x'),
    computeAt('conv2d', 'store_Y_voh_vow_1'),
    split('conv2d_vic_vkh_vkw', null, 4),
    reorder('conv2d_vic_vkh_vkw_0', 'conv2d_vn', 'conv2d_voc', 'conv2d_voh_vow', 'conv2d_vic_vkh_vkw_1'),
    reindex('conv2d', 'padded', 'workgroup'),
    computeAt('load_padded_workgroup', 'conv2d_vic_vkh_vkw_0'),
    bind('load_padded_workgroup_voh_vow', 'invocation.x'),
    computeInline('pad'),
  ];
  const tiled = scheduled(conv(), steps);
  expect(printProgram(tiled)).toContain('for load_padded_workgroup_vic_vkh_vkw in 4');
  expectSameMeaning(tiled);
});

/** Reads two neighbours in one buffer, and always the same element of another. */
function neighbours(): Program {
  const X = input('X', [5], 'f32');
  const S = input('S', [1], 'f32');
  const Y = compute('Y', { i: 4 }, ({ i }) => mul(add(X.at(i), X.at(add(i, 1))), S.at(0)), { stage: 'pairs' });
  return program([X, S], [Y]);
}

primitiveContract(
  'reindex',
  [
    {
      program: conv,
      steps: [reindex('conv2d', 'padded', 'workgroup'), computeAt('load_padded_workgroup', 'ow')],
      code: 'reindex(conv2d, padded, workgroup)\ncomputeAt(load_padded_workgroup, ow)',
    },
    {
      program: oddMatmul,
      steps: [split('k', null, 3), reindex('matmul', 'B', 'private'), computeAt('load_B_private', 'k_0')],
      code: 'split(k, [null, 3])\nreindex(matmul, B, private)\ncomputeAt(load_B_private, k_0)',
    },
  ],
  [
    {
      title: 'a buffer that the block does not read',
      program: matmul,
      steps: [reindex('matmul', 'C', 'private')],
      message: 'block matmul does not read C; it reads A, B',
    },
    {
      title: 'a buffer read at two places',
      program: neighbours,
      steps: [reindex('pairs', 'X', 'private')],
      message:
        'block pairs reads X at [vi] and [vi + 1]; expected one index; cacheRead(pairs, X, private) copies it as it is',
    },
    {
      title: 'one element for all',
      program: neighbours,
      steps: [reindex('pairs', 'S', 'private')],
      message: 'block pairs reads one element of S; expected an index that names an iter',
    },
    {
      title: 'an element that is there under a condition only',
      program: conv,
      steps: [computeInline('pad'), reindex('conv2d', 'X', 'private')],
      message:
        "block conv2d reads dimension 2 of X at voh + vkh - 1, which leaves its 4 elements; a copy would read there without the block's condition; reindex before computeInline takes the condition in",
    },
  ],
);
