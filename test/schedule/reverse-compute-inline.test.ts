import { expect, test } from 'vitest';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import { add, mul } from '../../src/operators/expression.ts';
import { compute, input, program } from '../../src/operators/tensor.ts';
import {
  bind,
  cacheRead,
  cacheWrite,
  computeAt,
  reverseComputeInline,
  setScope,
  split,
  vectorize,
} from '../../src/schedule/steps.ts';
import { expectSameMeaning } from '../lowering/equality.ts';
import { matmul, softmax } from '../support/base-programs.ts';
import { linear } from '../support/linear.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { plain, scheduled } from '../support/schedule.ts';

const product = (): Program => plain(linear.name, 'm=4,n=6,k=5');

/** A transposed copy and its reader, whose second index is the copy's first. */
function transposed(columns = 4): Program {
  const X = input('X', [3, 4], 'f32');
  const T = compute('T', { x: 4, y: 3 }, ({ x, y }) => X.at(y, x), { stage: 'transpose' });
  const Y = compute('Y', { i: 3, j: columns }, ({ i, j }) => mul(T.at(j, i), 2), { stage: 'twice' });
  return program([X], [Y]);
}

/** Elementwise stages in shapes that cannot be taken into their producer. */
function mismatched(kind: 'neighbours' | 'broadcast' | 'twice' | 'late'): Program {
  const X = input('X', [4], 'f32');
  const T = compute('T', { x: 4 }, ({ x }) => mul(X.at(x), 2), { stage: 'double' });
  if (kind === 'broadcast')
    return program([X], [compute('Y', { i: 3, j: 4 }, ({ j }) => add(T.at(j), 1), { stage: 'spread' })]);
  if (kind === 'twice') {
    const U = compute('U', { x: 4 }, ({ x }) => add(T.at(x), 1), { stage: 'first' });
    return program([X], [compute('Y', { i: 4 }, ({ i }) => add(U.at(i), T.at(i)), { stage: 'second' })]);
  }
  if (kind === 'late') {
    const U = compute('U', { x: 4 }, ({ x }) => mul(X.at(x), 3), { stage: 'triple' });
    const V = compute('V', { x: 4 }, ({ x }) => mul(U.at(x), 3), { stage: 'other' });
    const Y = compute('Y', { i: 4 }, ({ i }) => add(T.at(i), U.at(i)), { stage: 'both' });
    return program([X], [Y, V]);
  }
  return program([X], [compute('Y', { i: 3 }, ({ i }) => add(T.at(i), T.at(add(i, 1))), { stage: 'pairs' })]);
}

test('bias and rectifier are computed where the result is stored', () => {
  const steps = [cacheWrite('matmul', 'private'), reverseComputeInline('add_bias'), reverseComputeInline('relu')];
  expect(printProgram(scheduled(product(), steps))).toMatchInlineSnapshot(`
    "input A: f32[4, 5]
    input B: f32[5, 6]
    input bias: f32[6]
    output Z: f32[4, 6]
    private C_private: f32[4, 6]
    for C_i in 4
      for C_j in 6
        for k in 5
          block matmul(vi = C_i, vj = C_j, vk~ = k)
            C_private[vi, vj] sum= A[vi, vk] * B[vk, vj]
    for store_C_vi in 4
      for store_C_vj in 6
        block store_C(vi = store_C_vi, vj = store_C_vj)
          Z[vi, vj] = max(C_private[vi, vj] + bias[vj], 0.0)"
  `);
});

test("a transposed reader's index moves into the producer, and a part that is read becomes a guard", () => {
  expect(printProgram(scheduled(transposed(3), [reverseComputeInline('twice')]))).toMatchInlineSnapshot(`
    "input X: f32[3, 4]
    output Y: f32[3, 3]
    for x in 4
      for y in 3
        block transpose(vx = x, vy = y)  where x < 3
          Y[vy, vx] = X[vy, vx] * 2.0"
  `);
});

test('a fused epilogue means the same lane by lane', () => {
  const steps = [
    cacheWrite('matmul', 'private'),
    reverseComputeInline('add_bias'),
    reverseComputeInline('relu'),
    split('store_C_vi', null, 3),
    bind('store_C_vi_0', 'workgroup.x'),
    bind('store_C_vi_1', 'invocation.y'),
    split('store_C_vj', null, 2),
    bind('store_C_vj_0', 'invocation.x'),
    computeAt('matmul', 'store_C_vj_0'),
    vectorize('store_C_vj_1'),
  ];
  const { kernels } = expectSameMeaning(scheduled(product(), steps));
  expect(kernels.length).toBe(1);
});

primitiveContract(
  'reverseComputeInline',
  [
    {
      program: product,
      steps: [reverseComputeInline('relu')],
      code: 'reverseComputeInline(relu)',
    },
    {
      program: transposed,
      steps: [split('y', null, 2), reverseComputeInline('twice')],
      code: 'split(y, [null, 2])\nreverseComputeInline(twice)',
    },
    {
      program: matmul,
      steps: [
        cacheRead('matmul', 'A', 'workgroup'),
        cacheRead('load_A_workgroup', 'A', 'private'),
        reverseComputeInline('load_A_workgroup'),
      ],
      code: 'cacheRead(matmul, A, workgroup)\ncacheRead(load_A_workgroup, A, private)\nreverseComputeInline(load_A_workgroup)',
    },
  ],
  [
    {
      title: 'a block that is not there',
      program: product,
      steps: [reverseComputeInline('x')],
      message: 'there is no block named x; the blocks are matmul, add_bias, relu',
    },
    {
      title: 'a reduction',
      program: softmax,
      steps: [reverseComputeInline('sum_row')],
      message:
        'block sum_row is a reduction; expected an elementwise block; computeAt brings its producers to it instead',
    },
    {
      title: 'a producer that is a reduction',
      program: product,
      steps: [reverseComputeInline('add_bias')],
      message:
        'block matmul is a reduction, so an element of C is not complete until its last step; expected an elementwise producer; cacheWrite(matmul, private) first: the block that then stores C is one',
    },
    {
      title: 'a block that reads inputs only',
      program: transposed,
      steps: [reverseComputeInline('transpose')],
      message: 'block transpose reads X, which no block computes',
    },
    {
      title: 'a reader of neighbours',
      program: () => mismatched('neighbours'),
      steps: [reverseComputeInline('pairs')],
      message:
        'block pairs reads T[vi] and T[vi + 1]; expected every one of its iters vi in one dimension, and nothing else; computeAt moves the producer to a reader of another shape',
    },
    {
      title: 'a reader of one element for many',
      program: () => mismatched('broadcast'),
      steps: [reverseComputeInline('spread')],
      message:
        'block spread reads T[vj]; expected every one of its iters vi, vj in one dimension, and nothing else; computeAt moves the producer to a reader of another shape',
    },
    {
      title: 'one of two readers',
      program: () => mismatched('twice'),
      steps: [reverseComputeInline('first')],
      message: 'block first is not the only reader of T; block second reads it too',
    },
    {
      title: 'another input that comes later',
      program: () => mismatched('late'),
      steps: [reverseComputeInline('both')],
      message:
        'block both also reads U, which block triple computes after block double; expected U to be complete before block double',
    },
    {
      title: 'a producer that was moved to it',
      program: product,
      steps: [
        setScope('D', 'workgroup'),
        bind('i', 'invocation.y'),
        computeAt('add_bias', 'i'),
        reverseComputeInline('relu'),
      ],
      message:
        'loop i holds block relu and also block add_bias, which computes there what one iteration needs; do this before computeAt brings add_bias there',
    },
    {
      title: 'a producer of parts by two blocks',
      program: () => transposed(),
      steps: [['reverseComputeInline', { block: 'twice', into: 'transpose' }]],
      message: 'reverseComputeInline: argument (all): Unrecognized key: "into"',
    },
  ],
);
