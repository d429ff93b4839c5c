import { expect, test } from 'vitest';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import {
  bind,
  cacheRead,
  cacheWrite,
  computeAt,
  decomposeReduction,
  fuse,
  reorder,
  split,
  subgroupMatrix,
  unroll,
} from '../../src/schedule/steps.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { plain, refusal, scheduled } from '../support/schedule.ts';

const matmul = (): Program => plain('matmul', 'm=16,n=16,k=16');
const odd = (): Program => plain('matmul', 'm=12,n=16,k=16');
const softmax = (): Program => plain('softmax', 'rows=8,cols=8');

/** Tiles of 8 x 8 x 8. */
const tiles = [
  split('i', null, 8),
  split('j', null, 8),
  split('k', null, 8),
  reorder('i_0', 'j_0', 'k_0', 'i_1', 'j_1', 'k_1'),
];

test('the loops of the tile are run by one subgroup', () => {
  expect(
    printProgram(scheduled(matmul(), [...tiles, subgroupMatrix('i_1')]))
      .split('\n')
      .slice(3),
  ).toEqual([
    'for b in 1',
    '  for i_0 in 2',
    '    for j_0 in 2',
    '      for k_0 in 2',
    '        for i_1 in 8  # matrix',
    '          for j_1 in 8  # matrix',
    '            for k_1 in 8  # matrix',
    '              block matmul(vb = b, vi = i_0 * 8 + i_1, vj = j_0 * 8 + j_1, vk~ = k_0 * 8 + k_1)',
    '                C[vb, vi, vj] sum= A[vb, vi, vk] * B[vb, vk, vj]',
  ]);
});

test('the init that is made of a tile is a tile too', () => {
  const steps = [...tiles, subgroupMatrix('i_1'), decomposeReduction('matmul', 'k_0')];
  expect(printProgram(scheduled(matmul(), steps))).toContain(
    'for init_i_1 in 8  # matrix\n        for init_j_1 in 8  # matrix\n          block init_matmul',
  );
});

test.each([
  [
    'unroll',
    unroll('j_1'),
    'loop j_1 is already matrix; expected a serial loop; do this before the loop is bound, unrolled or vectorized',
  ],
  [
    'bind',
    bind('j_0', 'invocation.x'),
    'loop j_0 holds the matrix loop i_1, which the lanes along x run together; bind j_0 to invocation.y or invocation.z, one subgroup an iteration',
  ],
  ['reorder', reorder('j_0', 'i_1'), ''],
  [
    'reorder',
    reorder('i_1', 'j_0'),
    'i_1 is a matrix loop: the loops of its tile keep their order and stand in nothing that is moved; reorder before subgroupMatrix',
  ],
  ['decomposeReduction', decomposeReduction('matmul', 'j_1'), ''],
])('%s leaves a tile whole', (_, step, message) => {
  const steps = [
    split('i', null, 8),
    split('j', null, 8),
    reorder('i_0', 'j_0', 'i_1', 'j_1', 'k'),
    subgroupMatrix('i_1'),
    step,
  ];
  const said = refusal(matmul(), steps);
  if (message === '') expect(said).toMatch(/matrix loop|tile of block/);
  else expect(said).toBe(message);
});

test('nothing is computed inside a tile', () => {
  const steps = [
    cacheRead('matmul', 'A', 'workgroup'),
    ...tiles,
    subgroupMatrix('i_1'),
    computeAt('load_A_workgroup', 'j_1'),
  ];
  expect(refusal(matmul(), steps)).toBe(
    'loop j_1 is a matrix loop and holds one block; nothing can be computed inside it; take a loop around it',
  );
});

primitiveContract(
  'subgroupMatrix',
  [
    {
      program: matmul,
      steps: [...tiles, subgroupMatrix('i_1')],
      code: 'split(i, [null, 8])\nsplit(j, [null, 8])\nsplit(k, [null, 8])\nreorder(i_0, j_0, k_0, i_1, j_1, k_1)\nsubgroupMatrix(i_1)',
    },
    {
      program: matmul,
      steps: [cacheWrite('matmul', 'workgroup'), subgroupMatrix('i'), subgroupMatrix('store_C_vi')],
      code: 'cacheWrite(matmul, workgroup)\nsubgroupMatrix(i)\nsubgroupMatrix(store_C_vi)',
    },
    {
      program: () => plain('matmul', 'm=8,n=8,k=8,transpose_a=1,transpose_b=1'),
      steps: [subgroupMatrix('i')],
      code: 'subgroupMatrix(i)',
    },
  ],
  [
    {
      title: 'one loop',
      program: matmul,
      steps: [subgroupMatrix('k')],
      message:
        '1 loops stand at k: k; expected the two or three loops of one tile, rows, columns and the reduction, in each other around one block',
    },
    {
      title: 'four loops',
      program: matmul,
      steps: [subgroupMatrix('b')],
      message:
        '4 loops stand at b: b, i, j, k; expected the two or three loops of one tile, rows, columns and the reduction, in each other around one block',
    },
    {
      title: 'the reduction first',
      program: matmul,
      steps: [reorder('k', 'i', 'j'), subgroupMatrix('k')],
      message: 'loop k drives vk, a reduction iter of block matmul; expected rows, columns and, third, the reduction',
    },
    {
      title: 'loops that take every second row',
      program: matmul,
      steps: [split('i', null, 2), reorder('i_1', 'i_0', 'j', 'k'), subgroupMatrix('i_0')],
      message:
        'loop i_0 does not move one iter of block matmul from element to element; take the innermost loops that split made of its iters',
    },
    {
      title: 'a tile that sticks out',
      program: odd,
      steps: [split('i', null, 8), reorder('i_0', 'i_1', 'j', 'k'), subgroupMatrix('i_1')],
      message: 'block matmul has a guard, and a matrix is computed whole; pad matmul, or split by factors that divide',
    },
    {
      title: 'a fused row and column',
      program: matmul,
      steps: [fuse('i', 'j'), split('i_j', null, 4, 4), subgroupMatrix('i_j_1')],
      message:
        'loop i_j_1 does not move one iter of block matmul from element to element; take the innermost loops that split made of its iters',
    },
    {
      title: 'inside the lanes',
      program: matmul,
      steps: [split('i', null, 8), reorder('i_0', 'i_1', 'j', 'k'), bind('i_0', 'invocation.x'), subgroupMatrix('i_1')],
      message:
        'loop i_1 stands inside i_0, which is bound to invocation.x: the lanes of a subgroup run the tile together; bind i_0 to invocation.y or invocation.z, one subgroup an iteration',
    },
    {
      title: 'a tile that is one already',
      program: matmul,
      steps: [subgroupMatrix('i'), subgroupMatrix('i')],
      message:
        'loop i is already matrix; expected a serial loop; do this before the loop is bound, unrolled or vectorized',
    },
    {
      title: 'what is no product',
      program: softmax,
      steps: [subgroupMatrix('i')],
      message:
        'block normalise is no copy or fill over vi, vj; expected an element of one buffer, or a constant, stored as it is',
    },
  ],
);
