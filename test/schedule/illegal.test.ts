import { describe, expect, test } from 'vitest';
import {
  bind,
  cacheRead,
  cacheWrite,
  computeAt,
  computeInline,
  decomposeReduction,
  doubleBuffer,
  fuse,
  loopPartition,
  pad,
  reorder,
  reverseComputeAt,
  reverseComputeInline,
  rfactor,
  setScope,
  split,
  storageAlign,
  transformLayout,
  unroll,
  vectorize,
} from '../../src/schedule/steps.ts';
import { conv, matmul, softmax } from '../support/base-programs.ts';
import { linear } from '../support/linear.ts';
import { plain, refusal, type Step } from '../support/schedule.ts';

/* One mistake per case: the steps before the last are legal, the last one is refused with exactly this sentence. */

const programs = {
  matmul,
  linear: () => plain(linear.name, 'm=4,n=6,k=5'),
  softmax,
  conv,
  rows: () => plain('reduce_sum', 'rows=5,cols=12'),
  /** One row of 37: an elementwise program with an extent that nothing divides, its loop named i. */
  prime: () => plain('reduce_sum', 'rows=37,cols=1'),
  elementwise: () => plain('elementwise', 'n=1,c=2,h=3,w=4', { expression: 'x * y' }),
};

type Case = readonly [title: string, program: keyof typeof programs, steps: readonly Step[], message: string];

const cases: Readonly<Record<string, readonly Case[]>> = {
  names: [
    ['splitting a buffer', 'matmul', [split('A', null, 2)], 'there is no loop named A; the loops are b, i, j, k'],
    [
      'splitting a block',
      'matmul',
      [split('matmul', null, 2)],
      'there is no loop named matmul; the loops are b, i, j, k',
    ],
    [
      "a loop's name in other letters",
      'matmul',
      [split('I', null, 2)],
      'there is no loop named I; the loops are b, i, j, k',
    ],
    [
      'a loop that a split has replaced',
      'matmul',
      [split('i', null, 2), unroll('i')],
      'there is no loop named i; the loops are b, i_0, i_1, j, k',
    ],
    [
      'a loop that a fusion has replaced',
      'matmul',
      [fuse('i', 'j'), split('j', null, 2)],
      'there is no loop named j; the loops are b, i_j, k',
    ],
    [
      "an iter's name instead of its loop's",
      'matmul',
      [split('vi', null, 2)],
      'there is no loop named vi; the loops are b, i, j, k',
    ],
    [
      'a name that is no name',
      'matmul',
      [unroll('i; j')],
      'unroll: argument loop: expected a name: letters, digits, _',
    ],
    [
      'an empty name',
      'matmul',
      [unroll('')],
      'unroll: argument loop: Too small: expected string to have >=1 characters',
    ],
    [
      'a block that has been inlined',
      'conv',
      [computeInline('pad'), computeInline('pad')],
      'there is no block named pad; the blocks are conv2d',
    ],
    [
      'a primitive that does not exist',
      'matmul',
      [['tile', { loop: 'i' }]],
      'there is no primitive named tile; the primitives are split, fuse, reorder, bind, loopPartition, unroll, vectorize, subgroupMatrix, cacheRead, reindex, cacheWrite, setScope, storageAlign, transformLayout, doubleBuffer, computeAt, reverseComputeAt, computeInline, reverseComputeInline, decomposeReduction, rfactor, mergeReductions, rfactorSoftmax, fuseIters, pad, pack, winograd',
    ],
    [
      'an argument that does not exist',
      'matmul',
      [['unroll', { loop: 'i', times: 2 }]],
      'unroll: argument (all): Unrecognized key: "times"',
    ],
    [
      'an argument left out',
      'matmul',
      [['split', { loop: 'i' }]],
      'split: argument factors: Invalid input: expected array, received undefined',
    ],
  ],
  split: [
    [
      'a factor of zero',
      'matmul',
      [split('i', null, 0)],
      'split: argument factors.1: Too small: expected number to be >=1',
    ],
    [
      'a negative factor',
      'matmul',
      [split('i', null, -2)],
      'split: argument factors.1: Too small: expected number to be >=1',
    ],
    [
      'half a factor',
      'matmul',
      [split('i', null, 1.5)],
      'split: argument factors.1: Invalid input: expected int, received number',
    ],
    [
      'nine factors',
      'matmul',
      [split('i', null, 1, 1, 1, 1, 1, 1, 1, 1)],
      'split: argument factors: Too big: expected array to have <=8 items',
    ],
    [
      'factors one short of a prime',
      'prime',
      [split('i', 6, 6)],
      'split of i by 6 x 6 covers 36 of its 37 iterations; make one factor null, or raise a factor',
    ],
    [
      'an unrolled loop',
      'matmul',
      [unroll('k'), split('k', null, 2)],
      'loop k is already unrolled; expected a serial loop; do this before the loop is bound, unrolled or vectorized',
    ],
    [
      'a vectorized loop',
      'matmul',
      [reorder('k', 'j'), split('j', null, 2), vectorize('j_1'), split('j_1', null, 2)],
      'loop j_1 is already vectorized; expected a serial loop; do this before the loop is bound, unrolled or vectorized',
    ],
  ],
  fuse: [
    [
      'a loop with itself',
      'matmul',
      [fuse('i', 'i')],
      'loop i is not directly and alone inside i; expected perfectly nested loops, outermost first; reorder them next to each other first',
    ],
    ['one loop', 'matmul', [fuse('i')], 'fuse: argument loops: Too small: expected array to have >=2 items'],
    [
      'loops around a sequence',
      'matmul',
      [cacheRead('matmul', 'A', 'private'), computeAt('load_A_private', 'i'), fuse('i', 'j')],
      'loop j is not directly and alone inside i; expected perfectly nested loops, outermost first; reorder them next to each other first',
    ],
    [
      'a bound loop',
      'matmul',
      [bind('i', 'workgroup.x'), fuse('i', 'j')],
      'loop i is already workgroup.x; expected a serial loop; do this before the loop is bound, unrolled or vectorized',
    ],
    [
      'a vectorized loop with the loop around it',
      'matmul',
      [reorder('k', 'j'), split('j', null, 2), vectorize('j_1'), fuse('j_0', 'j_1')],
      'loop j_1 is already vectorized; expected a serial loop; do this before the loop is bound, unrolled or vectorized',
    ],
    [
      'the loops of two blocks',
      'softmax',
      [fuse('rowMax_i', 'rowSum_i')],
      'loop rowSum_i is not directly and alone inside rowMax_i; expected perfectly nested loops, outermost first; reorder them next to each other first',
    ],
  ],
  reorder: [
    [
      'one loop alone',
      'matmul',
      [reorder('i')],
      'reorder: argument loops: Too small: expected array to have >=2 items',
    ],
    [
      'loops of two stages',
      'softmax',
      [reorder('rowSum_i', 'j')],
      'the loops rowSum_i, j do not stand inside one another',
    ],
    [
      'a loop across a decomposed reduction',
      'matmul',
      [decomposeReduction('matmul', 'k'), reorder('k', 'j')],
      'below loop j stands more than one statement, so the loops k, j are not perfectly nested',
    ],
    [
      'the halves of a loop fused of columns and reduction',
      'matmul',
      [fuse('j', 'k'), split('j_k', null, 4), reorder('j_k_1', 'j_k_0')],
      'loop j_k_0 drives the reduction of block matmul and its spatial iter vj; in another order it could start in the middle of a reduction; decomposeReduction of matmul first',
    ],
    [
      'a workgroup loop into the reduction',
      'matmul',
      [bind('j', 'invocation.x'), bind('i', 'workgroup.x'), reorder('k', 'i')],
      'loop i (workgroup.x) would stand inside k (serial); a workgroup loop may stand only inside other workgroup loops',
    ],
  ],
  bind: [
    [
      'the only reduction loop of a row sum',
      'rows',
      [bind('k', 'workgroup.x')],
      'loop k carries the reduction of block reduce_sum; expected a loop whose iterations are independent; rfactor reduce_sum over k first, or take one of its spatial loops',
    ],
    [
      'the inner half of a split reduction',
      'matmul',
      [split('k', null, 2), bind('k_1', 'invocation.x')],
      'loop k_1 carries the reduction of block matmul; expected a loop whose iterations are independent; rfactor matmul over k_1 first, or take one of its spatial loops',
    ],
    [
      'a loop fused of rows and reduction',
      'matmul',
      [reorder('i', 'k', 'j'), fuse('i', 'k'), bind('i_k', 'workgroup.x')],
      'loop i_k carries the reduction of block matmul; expected a loop whose iterations are independent; rfactor matmul over i_k first, or take one of its spatial loops',
    ],
    [
      'an unrolled loop',
      'matmul',
      [unroll('i'), bind('i', 'workgroup.x')],
      'loop i is already unrolled; expected a serial loop; do this before the loop is bound, unrolled or vectorized',
    ],
    [
      'an axis of another language',
      'matmul',
      [['bind', { loop: 'i', to: 'threadIdx.x' }]],
      'bind: argument to: Invalid option: expected one of "workgroup.x"|"workgroup.y"|"workgroup.z"|"invocation.x"|"invocation.y"|"invocation.z"|"subgroup.x"',
    ],
    [
      'a workgroup loop in an invocation loop',
      'matmul',
      [bind('i', 'invocation.y'), bind('j', 'workgroup.x')],
      'loop j stands inside i (invocation.y); a workgroup loop may stand only inside other workgroup loops; bind or reorder i first',
    ],
    [
      'the same axis for both halves of a split',
      'prime',
      [split('i', null, 4), bind('i_0', 'invocation.x'), bind('i_1', 'invocation.x')],
      'invocation.x is already bound to i_0, which drives block reduce_sum as i_1 does; fuse the two loops, or take another axis',
    ],
    [
      'a padded image in storage, computed by every workgroup',
      'conv',
      [computeAt('pad', 'oh'), bind('oc', 'workgroup.x')],
      "inside loop oc block pad writes padded in storage and block conv2d reads it; invocations could not see each other's part; setScope(padded, workgroup) or private first",
    ],
  ],
  'unroll, vectorize': [
    [
      'unrolling a workgroup loop',
      'matmul',
      [bind('i', 'workgroup.x'), unroll('i')],
      'loop i is already workgroup.x; expected a serial loop; do this before the loop is bound, unrolled or vectorized',
    ],
    [
      'unrolling a long loop',
      'prime',
      [split('i', 2000, null), unroll('i_0')],
      'loop i_0 runs 2000 times; expected at most 1024 to unroll; split i_0 and unroll the inner loop',
    ],
    [
      'a prime number of lanes',
      'prime',
      [split('i', null, 5), vectorize('i_1')],
      'loop i_1 runs 5 times; WGSL has vectors of 2, 3 and 4; split i_1 by 4 or 2 and vectorize the inner loop',
    ],
    [
      'eight lanes',
      'matmul',
      [split('j', null, 8), reorder('k', 'j_1'), vectorize('j_1')],
      'loop j_1 runs 8 times; WGSL has vectors of 2, 3 and 4; split j_1 by 4 or 2 and vectorize the inner loop',
    ],
    [
      'lanes of a reduction',
      'rows',
      [split('k', null, 4), vectorize('k_1')],
      'loop k_1 carries the reduction of block reduce_sum; expected a loop whose iterations are independent; rfactor reduce_sum over k_1 first, or take one of its spatial loops',
    ],
    [
      'lanes around the reduction',
      'matmul',
      [split('j', null, 2), vectorize('j_1')],
      'loop j_1 holds more than a block; expected the innermost loop of one block; reorder j_1 inwards',
    ],
    [
      'a loop of lanes twice',
      'prime',
      [reorder('k', 'i'), split('i', null, 4), vectorize('i_1'), vectorize('i_1')],
      'loop i_1 is already vectorized; expected a serial loop; do this before the loop is bound, unrolled or vectorized',
    ],
  ],
  'cacheRead, cacheWrite, setScope': [
    [
      'a copy of what the block writes',
      'matmul',
      [cacheRead('matmul', 'C', 'private')],
      'block matmul does not read C; it reads A, B',
    ],
    [
      'a copy of the image that only the padding reads',
      'conv',
      [cacheRead('conv2d', 'X', 'workgroup')],
      'block conv2d does not read X; it reads padded, W',
    ],
    [
      "a copy of a later stage's result",
      'softmax',
      [cacheRead('find_row_max', 'rowSum', 'private')],
      'block find_row_max does not read rowSum; it reads X',
    ],
    [
      'a copy that is read no more',
      'matmul',
      [cacheRead('matmul', 'A', 'private'), cacheRead('matmul', 'A', 'private')],
      'block matmul does not read A; it reads A_private, B',
    ],
    [
      'a copy in registers',
      'matmul',
      [['cacheRead', { block: 'matmul', buffer: 'A', scope: 'register' }]],
      'cacheRead: argument scope: Invalid option: expected one of "workgroup"|"subgroup"|"private"',
    ],
    [
      'writing a copy of a copy',
      'matmul',
      [cacheWrite('matmul', 'private'), cacheWrite('matmul', 'private')],
      'block matmul already writes C_private in private memory',
    ],
    [
      'the result of a decomposed stage',
      'softmax',
      [decomposeReduction('sum_row', 'k'), cacheWrite('sum_row', 'private')],
      'rowSum is written by more than block sum_row; cacheWrite before decomposeReduction',
    ],
    [
      'an input in private memory',
      'matmul',
      [setScope('A', 'private')],
      'A is a parameter and stays in storage; cacheRead or cacheWrite makes a nearer copy of it',
    ],
    [
      "a block's name as a buffer",
      'matmul',
      [setScope('matmul', 'private')],
      'there is no buffer named matmul; the buffers are A, B, C',
    ],
    [
      'global memory',
      'softmax',
      [['setScope', { buffer: 'rowMax', scope: 'global' }]],
      'setScope: argument scope: Invalid option: expected one of "workgroup"|"subgroup"|"private"',
    ],
  ],
  'subgroup scope': [
    [
      'a copy from registers of one invocation',
      'matmul',
      [
        cacheRead('matmul', 'A', 'private'),
        computeAt('load_A_private', 'i'),
        cacheRead('matmul', 'A_private', 'subgroup'),
      ],
      'A_private is private to an invocation; a copy that a subgroup shares would mix invocations',
    ],
    [
      'an input',
      'matmul',
      [setScope('A', 'subgroup')],
      'A is a parameter and stays in storage; cacheRead or cacheWrite makes a nearer copy of it',
    ],
    [
      'a copy that invocations make',
      'matmul',
      [
        cacheRead('matmul', 'A', 'subgroup'),
        computeAt('load_A_subgroup', 'i'),
        bind('load_A_subgroup_d2', 'invocation.x'),
      ],
      'block load_A_subgroup makes A_subgroup, which the lanes of a subgroup hold together, in loop load_A_subgroup_d2, which is invocation.x and not around all that read it; bind a loop of load_A_subgroup to subgroup.x instead',
    ],
    [
      'lanes over a loop of both the copy and what reads it',
      'matmul',
      [
        split('i', null, 4),
        cacheRead('matmul', 'A', 'subgroup'),
        computeAt('load_A_subgroup', 'i_1'),
        bind('i_1', 'subgroup.x'),
      ],
      'loop i_1 over the lanes of a subgroup makes A_subgroup in block load_A_subgroup and reads it in block matmul; expected the loop to end before its elements are read; setScope(A_subgroup, private) where each lane reads its own',
    ],
    [
      'lanes along x over a loop of both',
      'matmul',
      [cacheRead('matmul', 'A', 'subgroup'), computeAt('load_A_subgroup', 'i'), bind('i', 'invocation.x')],
      'block load_A_subgroup makes A_subgroup, which the lanes of a subgroup hold together, in loop i, which is invocation.x; bind a loop of load_A_subgroup to subgroup.x instead',
    ],
    [
      'a stage that invocations of their own make',
      'softmax',
      [
        computeAt('sum_row', 'i'),
        split('sum_row_vk', null, 2),
        cacheRead('sum_row', 'X', 'private'),
        computeAt('load_X_private', 'sum_row_vk_0'),
        bind('load_X_private_d1', 'invocation.y'),
        setScope('X_private', 'subgroup'),
      ],
      'block load_X_private makes X_private, which the lanes of a subgroup hold together, in loop load_X_private_d1, which is invocation.y and not around all that read it; bind a loop of load_X_private to subgroup.x instead',
    ],
    [
      'a reduction that lanes share',
      'rows',
      [split('k', null, 4), cacheWrite('reduce_sum', 'subgroup'), bind('k_1', 'subgroup.x')],
      'block reduce_sum writes Y_subgroup spread over the lanes of a subgroup; every lane of a subgroup gets the result of its reduction, so that is private; cacheWrite(reduce_sum, private) first, or setScope(Y_subgroup, private)',
    ],
  ],
  loopPartition: [
    [
      'a loop without a guard',
      'matmul',
      [split('i', null, 2), loopPartition('i_0')],
      'no guard below loop i_0 depends on it; name the number of iterations of the interior',
    ],
    [
      'the whole loop',
      'matmul',
      [loopPartition('i', 4)],
      'loop i runs 4 times; expected a place between 1 and 3, got 4',
    ],
    [
      'lanes',
      'matmul',
      [bind('i', 'invocation.x'), loopPartition('i', 2)],
      'loop i is invocation.x; expected a serial loop or a workgroup loop; partition a loop around it',
    ],
    [
      'the loop inside a tile that reaches over the edge',
      'prime',
      [split('i', 8, 7), loopPartition('i_1')],
      'already the first iteration of loop i_1 needs its guards; partition the loop that reaches over the edge, or choose smaller tiles',
    ],
    [
      'rows and reduction fused',
      'rows',
      [fuse('i', 'k'), loopPartition('i_k', 7)],
      'the reduction of block reduce_sum may begin in either part of loop i_k; decomposeReduction of reduce_sum first',
    ],
  ],
  storageAlign: [
    [
      'rows of an input',
      'matmul',
      [storageAlign('A', 1)],
      'A is in storage; only workgroup memory has banks that padding could spread; cacheRead or cacheWrite makes a copy of A in workgroup memory',
    ],
    [
      'rows of registers',
      'matmul',
      [cacheRead('matmul', 'A', 'private'), storageAlign('A_private', 1)],
      'A_private is in private; only workgroup memory has banks that padding could spread; setScope(A_private, workgroup) first',
    ],
    [
      'no padding at all',
      'matmul',
      [cacheRead('matmul', 'A', 'workgroup'), storageAlign('A_workgroup', 0)],
      'storageAlign: argument padding: Too small: expected number to be >=1',
    ],
  ],
  doubleBuffer: [
    [
      'registers',
      'rows',
      [cacheRead('reduce_sum', 'X', 'private'), computeAt('load_X_private', 'k'), doubleBuffer('X_private')],
      'X_private is in private; expected a tile in workgroup memory; cacheRead makes one',
    ],
    [
      'a tile whose loads are written out',
      'rows',
      [
        cacheRead('reduce_sum', 'X', 'workgroup'),
        computeAt('load_X_workgroup', 'k'),
        unroll('k'),
        doubleBuffer('X_workgroup'),
      ],
      'block load_X_workgroup fills X_workgroup inside loop k (unrolled, 12 iterations); expected it right inside a serial loop of several steps with its readers; computeAt it at the outer loop of a reduction',
    ],
    [
      'steps that take turns in another order',
      'rows',
      [
        split('k', null, 4),
        cacheRead('reduce_sum', 'X', 'workgroup'),
        computeAt('load_X_workgroup', 'k_0'),
        doubleBuffer('X_workgroup'),
        split('k_0', null, 1),
        reorder('k_0_1', 'k_0_0'),
      ],
      'loop k_0_0 keeps its order: in every iteration block load_X_workgroup makes what the next one reads; expected a loop whose iterations are independent; do this before doubleBuffer',
    ],
    [
      'sums of rows',
      'softmax',
      [setScope('rowSum', 'workgroup'), computeAt('sum_row', 'i'), doubleBuffer('rowSum')],
      'block sum_row makes rowSum by a reduction; expected a block that copies or computes',
    ],
  ],
  pad: [
    [
      "a loop's name instead of its iter's",
      'matmul',
      [pad('matmul', 'k', 4)],
      'block matmul has no iter named k; its iters are vb, vi, vj, vk',
    ],
    [
      'rows of a window',
      'conv',
      [pad('conv2d', 'vkh', 4)],
      'block conv2d reads padded[vn, vic, voh + vkh, vow + vkw]; expected vkh alone in one dimension, the same in every read; pad another iter',
    ],
    [
      'a split loop',
      'matmul',
      [split('k', null, 2), pad('matmul', 'vk', 4)],
      'iter vk of block matmul is k_0 * 2 + k_1, no loop of 5 iterations of its own; pad before anything else',
    ],
  ],
  transformLayout: [
    [
      'the result',
      'matmul',
      [transformLayout('C', [null, null, null], [0, 2, 1])],
      "C is a parameter, whose layout is the caller's; cacheRead or cacheWrite makes a copy of it that can be laid out differently",
    ],
    [
      'an order of the dimensions before they are blocked',
      'conv',
      [transformLayout('padded', [null, 2, null, null], [0, 2, 3, 1])],
      'the order 0, 2, 3, 1 does not name each of 0 to 4 once',
    ],
    [
      'moving a block that writes blocks',
      'softmax',
      [transformLayout('rowMax', [2], [0, 1]), computeAt('find_row_max', 'rowSum_i')],
      'block find_row_max does not write rowMax at exactly its spatial iters, so the region cannot be turned into loops; cacheWrite it first',
    ],
  ],
  'computeAt, computeInline': [
    [
      'the block that makes the output',
      'matmul',
      [computeAt('matmul', 'j')],
      'block matmul writes the output C, all of which is needed; cacheWrite it first and move the block that computes',
    ],
    [
      'a loop of the block itself',
      'conv',
      [computeAt('pad', 'c')],
      'loop c is a loop of block pad itself; expected a loop of its readers',
    ],
    [
      'a stage at a loop before its readers',
      'softmax',
      [computeAt('sum_row', 'rowMax_i')],
      'block normalise reads rowSum outside loop rowMax_i; every reader must stand inside it',
    ],
    [
      'a stage in one of two readers',
      'softmax',
      [computeAt('find_row_max', 'rowSum_i')],
      'block normalise reads rowMax outside loop rowSum_i; every reader must stand inside it',
    ],
    [
      'the last stage, which nobody reads',
      'softmax',
      [computeAt('normalise', 'rowSum_i')],
      'block normalise writes the output Y, all of which is needed; cacheWrite it first and move the block that computes',
    ],
    [
      'storage under an invocation loop',
      'conv',
      [bind('oh', 'invocation.y'), computeAt('pad', 'ow')],
      "padded is in storage and loop oh is invocation.y; invocations could not see each other's part; setScope(padded, workgroup) or private first",
    ],
    [
      'inlining a maximum',
      'softmax',
      [computeInline('find_row_max')],
      'block find_row_max is a reduction; expected an elementwise block; computeAt moves a reduction into its readers',
    ],
    [
      'inlining the result',
      'matmul',
      [computeInline('matmul')],
      'block matmul is a reduction; expected an elementwise block; computeAt moves a reduction into its readers',
    ],
    [
      "inlining a decomposed stage's identity",
      'softmax',
      [decomposeReduction('sum_row', 'k'), computeInline('init_sum_row')],
      'rowSum is written by more than block init_sum_row',
    ],
  ],
  reverseComputeAt: [
    [
      'storing a product that is not summed up',
      'matmul',
      [cacheWrite('matmul', 'private'), reverseComputeAt('store_C', 'k')],
      'loop k carries the reduction of block matmul, so one iteration of k completes nothing of C_private; take a loop around k',
    ],
    [
      'a window at a row of the padding',
      'conv',
      [reverseComputeAt('conv2d', 'y')],
      'one iteration of loop y completes 1 of 2 elements in dimension 1 of padded, and block conv2d reads that dimension at vic; expected it at a spatial iter of the block; take a loop in which dimension 1 is complete',
    ],
    [
      'a loop of what it does not read',
      'softmax',
      [reverseComputeAt('sum_row', 'i')],
      'nothing inside loop i computes what block sum_row reads: X, rowMax',
    ],
    [
      'a second input that comes later',
      'softmax',
      [reverseComputeAt('normalise', 'rowMax_i')],
      'block normalise also reads rowSum, which block sum_row computes after block find_row_max; expected rowSum to be complete before block find_row_max',
    ],
  ],
  reverseComputeInline: [
    [
      'an epilogue into the reduction itself',
      'linear',
      [reverseComputeInline('add_bias')],
      'block matmul is a reduction, so an element of C is not complete until its last step; expected an elementwise producer; cacheWrite(matmul, private) first: the block that then stores C is one',
    ],
    [
      'a window into the padding',
      'conv',
      [cacheRead('conv2d', 'padded', 'workgroup'), reverseComputeInline('conv2d')],
      'block conv2d is a reduction; expected an elementwise block; computeAt brings its producers to it instead',
    ],
    [
      'the result of a row into the row',
      'softmax',
      [cacheWrite('sum_row', 'private'), reverseComputeInline('normalise')],
      'block normalise reads rowSum[vi]; expected every one of its iters vi, vj in one dimension, and nothing else; computeAt moves the producer to a reader of another shape',
    ],
  ],
  'decomposeReduction, rfactor': [
    [
      'decomposing no reduction',
      'elementwise',
      [decomposeReduction('elementwise', 'h')],
      'block elementwise is no reduction',
    ],
    [
      'at a loop of the next stage',
      'softmax',
      [decomposeReduction('find_row_max', 'rowSum_i')],
      'loop rowSum_i does not stand around block find_row_max; the loops around it are rowMax_i, rowMax_k',
    ],
    [
      'below a fused reduction',
      'matmul',
      [split('k', null, 2), reorder('k_1', 'k_0'), decomposeReduction('matmul', 'k_0')],
      'loop k_0 stands inside the reduction loop k_1; the identity must be stored before the reduction begins; decompose at k_1 or a loop around it',
    ],
    [
      'around a reader of the result',
      'matmul',
      [cacheWrite('matmul', 'private'), computeAt('matmul', 'store_C_vj'), decomposeReduction('matmul', 'store_C_vj')],
      'loop store_C_vj holds block store_C too, which reads the result of block matmul in every iteration; decompose at a loop inside',
    ],
    [
      'partial results over rows',
      'matmul',
      [rfactor('matmul', 'i')],
      'block matmul does not reduce over loop i; it reduces over k',
    ],
    [
      'partial results over a loop that is gone',
      'rows',
      [split('k', null, 4), rfactor('reduce_sum', 'k')],
      'loop k is no loop of block reduce_sum alone; its own loops are i, k_0, k_1',
    ],
    [
      "partial results over the identity's block",
      'rows',
      [decomposeReduction('reduce_sum', 'k'), rfactor('init_reduce_sum', 'i')],
      'block init_reduce_sum is no whole reduction; rfactor before decomposeReduction',
    ],
    [
      'partial results of partial results that are elementwise',
      'rows',
      [split('k', null, 4), rfactor('reduce_sum', 'k_1'), rfactor('reduce_sum_rf', 'k_1_rf')],
      'block reduce_sum_rf does not reduce over loop k_1_rf; it reduces over k_0_rf',
    ],
    [
      'partial results inside a loop that other blocks share',
      'matmul',
      [
        split('k', null, 2),
        cacheRead('matmul', 'A', 'private'),
        computeAt('load_A_private', 'k_0'),
        rfactor('matmul', 'k_1'),
      ],
      'block matmul reduces over loop k_0 too, which holds other blocks; rfactor before computeAt puts other blocks there',
    ],
    [
      'partial results in storage inside a workgroup',
      'matmul',
      [
        bind('i', 'workgroup.x'),
        cacheRead('matmul', 'B', 'workgroup'),
        computeAt('load_B_workgroup', 'i'),
        rfactor('matmul', 'k'),
      ],
      "block matmul stands inside loop i, which is workgroup.x, and writes storage; invocations could not see each other's partial results there; rfactor before i is bound",
    ],
    [
      'a guard over rows and reduction together',
      'rows',
      [fuse('i', 'k'), split('i_k', 6, 12), rfactor('reduce_sum', 'i_k_1')],
      "the guard i_k_0 * 12 + i_k_1 < 60 of block reduce_sum depends on reduction loops and on others, so it cannot become part of the partial results' values; split spatial and reduction loops apart",
    ],
  ],
};

for (const [group, rows] of Object.entries(cases)) {
  describe(group, () => {
    test.each(rows)('%s', (_, program, steps, message) => {
      expect(refusal(programs[program](), steps)).toBe(message);
    });
  });
}

test('there are enough mistakes in the table', () => {
  expect(Object.values(cases).flat().length).toBeGreaterThanOrEqual(60);
});
