import { expect, test } from 'vitest';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import {
  bind,
  cacheRead,
  computeAt,
  fuse,
  setScope,
  split,
  storageAlign,
  transformLayout,
  vectorize,
} from '../../src/schedule/steps.ts';
import { expectSameMeaning } from '../lowering/equality.ts';
import { conv, oddMatmul } from '../support/base-programs.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { plain, type Step, scheduled } from '../support/schedule.ts';

const matmul = (): Program => plain('matmul', 'm=8,n=8,k=8');

/** A tile of A, read down a column by the lanes of a workgroup. */
const tile: readonly Step[] = [
  split('i', null, 4),
  bind('i_0', 'workgroup.y'),
  bind('i_1', 'invocation.y'),
  split('k', null, 4),
  cacheRead('matmul', 'A', 'workgroup'),
  computeAt('load_A_workgroup', 'i_0'),
];

test('blocks of channels go innermost', () => {
  const steps = [transformLayout('padded', [null, 2, null, null], [0, 1, 3, 4, 2])];
  expect(printProgram(scheduled(conv(), steps))).toMatchInlineSnapshot(`
    "input X: f32[1, 2, 4, 4]
    input W: f32[2, 2, 3, 3]
    output Y: f32[1, 2, 4, 4]
    storage padded: f32[1, 1, 6, 6, 2]
    for padded_n in 1
      for c in 2
        for y in 6
          for x in 6
            block pad(vn = padded_n, vc = c, vy = y, vx = x)
              padded[vn, 0, vy, vx, vc] = select(vy >= 1 && vy < 5 && vx >= 1 && vx < 5, X[vn, vc, vy - 1, vx - 1], 0.0)
    for n in 1
      for oc in 2
        for oh in 4
          for ow in 4
            for ic in 2
              for kh in 3
                for kw in 3
                  block conv2d(vn = n, voc = oc, voh = oh, vow = ow, vic~ = ic, vkh~ = kh, vkw~ = kw)
                    Y[vn, voc, voh, vow] sum= padded[vn, 0, voh + vkh, vow + vkw, vic] * W[voc, vic, vkh, vkw]"
  `);
});

test('a transposed tile means the same and takes no more memory', () => {
  const steps = [
    ...tile,
    transformLayout('A_workgroup', [null, null, null], [0, 2, 1]),
    cacheRead('matmul', 'A_workgroup', 'private'),
    computeAt('load_A_workgroup_private', 'i_1'),
  ];
  expectSameMeaning(scheduled(oddMatmul(), steps));
  const [kernel] = expectSameMeaning(scheduled(matmul(), steps)).kernels;
  expect(kernel?.shared.map(({ length }) => length)).toEqual([4 * 8]);
});

test('a blocked tile means the same', () => {
  const steps = [
    ...tile,
    transformLayout('A_workgroup', [null, null, 4], [2, 0, 1, 3]),
    fuse('load_A_workgroup_d0', 'load_A_workgroup_d1'),
    bind('load_A_workgroup_d0_load_A_workgroup_d1', 'invocation.y'),
    split('load_A_workgroup_d2', null, 4),
    vectorize('load_A_workgroup_d2_1'),
  ];
  expectSameMeaning(scheduled(oddMatmul(), steps));
  const [kernel] = expectSameMeaning(scheduled(matmul(), steps)).kernels;
  expect(kernel?.shared.map(({ length, element }) => length * element.width)).toEqual([4 * 8]);
});

primitiveContract(
  'transformLayout',
  [
    {
      program: conv,
      steps: [transformLayout('padded', [null, null, 4, 3], [0, 2, 4, 1, 3, 5])],
      code: 'transformLayout(padded, [null, null, 4, 3], [0, 2, 4, 1, 3, 5])',
    },
    {
      program: oddMatmul,
      steps: [
        cacheRead('matmul', 'B', 'workgroup'),
        transformLayout('B_workgroup', [null, null, null], [0, 2, 1]),
        computeAt('load_B_workgroup', 'j'),
      ],
      code: 'cacheRead(matmul, B, workgroup)\ntransformLayout(B_workgroup, [null, null, null], [0, 2, 1])\ncomputeAt(load_B_workgroup, j)',
    },
  ],
  [
    {
      title: 'a buffer that is not there',
      program: conv,
      steps: [transformLayout('x', [null], [0])],
      message: 'there is no buffer named x; the buffers are X, W, Y, padded',
    },
    {
      title: 'an input',
      program: matmul,
      steps: [transformLayout('B', [null, null, 4], [0, 2, 1, 3])],
      message:
        "B is a parameter, whose layout is the caller's; cacheRead or cacheWrite makes a copy of it that can be laid out differently",
    },
    {
      title: 'too few block sizes',
      program: conv,
      steps: [transformLayout('padded', [null, 2], [0, 1, 2])],
      message: 'padded has 4 dimensions, got 2 block sizes; expected one each or null',
    },
    {
      title: 'a block larger than its dimension',
      program: conv,
      steps: [transformLayout('padded', [null, 4, null, null], [0, 1, 2, 3, 4])],
      message: 'dimension 1 of padded has 2 elements, fewer than a block of 4',
    },
    {
      title: 'an order that repeats a dimension',
      program: conv,
      steps: [transformLayout('padded', [null, null, null, null], [0, 1, 1, 3])],
      message: 'the order 0, 1, 1, 3 does not name each of 0 to 3 once',
    },
    {
      title: 'the layout that it has',
      program: conv,
      steps: [transformLayout('padded', [null, null, null, null], [0, 1, 2, 3])],
      message: 'padded is laid out like that already',
    },
    {
      title: 'padded rows',
      program: conv,
      steps: [
        setScope('padded', 'workgroup'),
        storageAlign('padded', 1),
        transformLayout('padded', [null, null, null, null], [0, 1, 3, 2]),
      ],
      message: 'the rows of padded are padded, and would be other rows; storageAlign afterwards',
    },
    {
      title: 'blocks of one',
      program: conv,
      steps: [transformLayout('padded', [1, null, null, null], [0, 1, 2, 3, 4])],
      message: 'transformLayout: argument blocks.0: Too small: expected number to be >=2',
    },
  ],
);
