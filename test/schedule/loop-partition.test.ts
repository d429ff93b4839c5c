import { describe, expect, test } from 'vitest';
import type { KStmt } from '../../src/ir/kernel.ts';
import { defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import { loopNames } from '../../src/schedule/legality/find.ts';
import { applyStep } from '../../src/schedule/replay.ts';
import {
  bind,
  cacheRead,
  cacheWrite,
  computeAt,
  decomposeReduction,
  fuse,
  loopPartition,
  reorder,
  split,
  unroll,
} from '../../src/schedule/steps.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { expectSameMeaning } from '../lowering/equality.ts';
import { describeValues, legalCandidates, narrowed } from '../space/candidates.ts';
import { oddMatmul } from '../support/base-programs.ts';
import { linear } from '../support/linear.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { plain, type Step, scheduled } from '../support/schedule.ts';

const rows = (): Program => plain('reduce_sum', 'rows=5,cols=7');
const product = (): Program => plain(linear.name, 'm=13,n=10,k=9');

/** A product tiled 4 x 4 over workgroups and invocations, its tile of A in workgroup memory: guards on both edges. */
const tiled: readonly Step[] = [
  cacheWrite('matmul', 'private'),
  split('store_C_vi', null, 4),
  split('store_C_vj', null, 4),
  reorder('store_C_vi_0', 'store_C_vj_0', 'store_C_vi_1', 'store_C_vj_1'),
  bind('store_C_vi_0', 'workgroup.y'),
  bind('store_C_vj_0', 'workgroup.x'),
  bind('store_C_vi_1', 'invocation.y'),
  bind('store_C_vj_1', 'invocation.x'),
  computeAt('matmul', 'store_C_vj_1'),
  split('matmul_vk', null, 4),
  decomposeReduction('matmul', 'matmul_vk_0'),
  cacheRead('matmul', 'A', 'workgroup'),
  computeAt('load_A_workgroup', 'matmul_vk_0'),
  fuse('load_A_workgroup_d0', 'load_A_workgroup_d1'),
  bind('load_A_workgroup_d0_load_A_workgroup_d1', 'invocation.y'),
  bind('load_A_workgroup_d2', 'invocation.x'),
];

const countIfs = (body: readonly KStmt[]): number =>
  body.reduce((sum, stmt) => {
    if (stmt.kind === 'if') return sum + 1 + countIfs(stmt.body);
    return stmt.kind === 'for' ? sum + countIfs(stmt.body) : sum;
  }, 0);

test('the interior has no guard; at the top, both parts stay one kernel', () => {
  const steps = [split('i', null, 2), loopPartition('i_0')];
  expect(printProgram(scheduled(rows(), steps))).toMatchInlineSnapshot(`
    "input X: f32[5, 7]
    output Y: f32[5]
    for i_0_parts in 1
      for i_0 in 2
        for i_1 in 2
          for k in 7
            block reduce_sum(vi = i_0 * 2 + i_1, vk~ = k)
              Y[vi] sum= X[vi, vk]
      for i_0_rest in 1
        for i_1_rest in 2
          for k_rest in 7
            block reduce_sum_rest(vi = i_0_rest * 2 + i_1_rest + 4, vk~ = k_rest)  where i_0_rest * 2 + i_1_rest + 4 < 5
              Y[vi] sum= X[vi, vk]"
  `);
});

test('a reduction goes on in the rest where the interior ended, with a tile of its own', () => {
  const steps = [
    split('k', null, 4),
    cacheRead('reduce_sum', 'X', 'workgroup'),
    computeAt('load_X_workgroup', 'k_0'),
    loopPartition('k_0'),
  ];
  expect(printProgram(scheduled(rows(), steps))).toMatchInlineSnapshot(`
    "input X: f32[5, 7]
    output Y: f32[5]
    workgroup X_workgroup: f32[5, 7]
    workgroup X_workgroup_rest: f32[5, 7]
    for i in 5
      for k_0 in 1
        for load_X_workgroup_d0 in 1
          for load_X_workgroup_d1 in 4
            block load_X_workgroup(d0 = i + load_X_workgroup_d0, d1 = k_0 * 4 + load_X_workgroup_d1)
              X_workgroup[d0, d1] = X[d0, d1]
        for k_1 in 4
          block reduce_sum(vi = i, vk~ = k_0 * 4 + k_1)
            Y[vi] sum= X_workgroup[vi, vk]
      for k_0_rest in 1
        for load_X_workgroup_d0_rest in 1
          for load_X_workgroup_d1_rest in 4
            block load_X_workgroup_rest(d0 = i + load_X_workgroup_d0_rest, d1 = k_0_rest * 4 + load_X_workgroup_d1_rest + 4)  where k_0_rest * 4 + load_X_workgroup_d1_rest + 4 < 7
              X_workgroup_rest[d0, d1] = X[d0, d1]
        for k_1_rest in 4
          block reduce_sum_rest(vi = i, vk~ = k_0_rest * 4 + k_1_rest + 4)  where k_0_rest * 4 + k_1_rest + 4 < 7
            Y[vi] sum= X_workgroup_rest[vi, vk]  # initialised before"
  `);
});

describe('parts of a grid', () => {
  test('stand under one if each, so that a workgroup runs one of them, and the interior has no other if', () => {
    const steps = [...tiled, loopPartition('store_C_vj_0'), loopPartition('store_C_vi_0')];
    const [kernel, ...more] = expectSameMeaning(scheduled(oddMatmul(), steps)).kernels;
    expect(more).toEqual([]);
    expect(kernel?.dispatch).toEqual([2, 2, 1]);
    const parts = kernel?.body.map((stmt) => (stmt.kind === 'if' ? countIfs(stmt.body) : -1));
    expect(parts?.slice(0, 2)).toEqual([0, 1]);
    expect(parts?.length).toBe(4);
    // One array serves all parts.
    expect(kernel?.shared.map(({ name, length }) => [name, length])).toEqual([['A_workgroup', 16]]);
  });

  test('may be three, and may do different things', () => {
    const steps = [
      split('i', null, 2),
      bind('i_0', 'workgroup.x'),
      loopPartition('i_0'),
      loopPartition('i_0', 1),
      unroll('k'),
      reorder('j_rest', 'i_1_rest'),
    ];
    const [kernel] = expectSameMeaning(scheduled(oddMatmul(), steps)).kernels;
    expect(kernel?.dispatch).toEqual([3, 1, 1]);
    expect(kernel?.body.length).toBe(3);
  });
});

test('every loop of a tuned schedule that has guards can be partitioned, and the kernels mean the same', () => {
  const random = createRandom(5);
  let partitioned = 0;
  for (const wide of sketchesOf(product())) {
    const sketch = narrowed(wide, ['partition', 'partition-steps']);
    for (const values of legalCandidates(sketch, defaultLimits, 60, random)) {
      const made = instantiate(sketch, values);
      if (isRefusal(made)) throw new Error(describeValues(sketch, values));
      let { program } = made;
      for (const name of random.shuffled(loopNames(program))) {
        if (random.below(2) === 0) continue;
        const next = applyStep(program, { primitive: 'loopPartition', args: { loop: name } });
        if (isRefusal(next)) {
          expect(['loop-not-serial', 'no-guard', 'no-interior']).toContain(next.reason);
          continue;
        }
        program = next;
        partitioned++;
      }
      expectSameMeaning(program);
    }
  }
  expect(partitioned).toBeGreaterThan(40);
});

primitiveContract(
  'loopPartition',
  [
    { program: rows, steps: [loopPartition('i', 2)], code: 'loopPartition(i, 2)' },
    { program: rows, steps: [loopPartition('k', 3)], code: 'loopPartition(k, 3)' },
    {
      program: oddMatmul,
      steps: [split('j', null, 4), split('k', null, 2), loopPartition('k_0'), loopPartition('j_0')],
      code: 'split(j, [null, 4])\nsplit(k, [null, 2])\nloopPartition(k_0)\nloopPartition(j_0)',
    },
    {
      program: oddMatmul,
      steps: [split('i', 4, 4), loopPartition('i_0')],
      code: 'split(i, [4, 4])\nloopPartition(i_0)',
    },
  ],
  [
    {
      title: 'a loop that is not there',
      program: rows,
      steps: [loopPartition('x')],
      message: 'there is no loop named x; the loops are i, k',
    },
    {
      title: 'a loop without a guard, nowhere in particular',
      program: rows,
      steps: [loopPartition('i')],
      message: 'no guard below loop i depends on it; name the number of iterations of the interior',
    },
    {
      title: 'behind its end',
      program: rows,
      steps: [loopPartition('i', 9)],
      message: 'loop i runs 5 times; expected a place between 1 and 4, got 9',
    },
    {
      title: 'before its start',
      program: rows,
      steps: [loopPartition('i', 0)],
      message: 'loopPartition: argument at: Too small: expected number to be >=1',
    },
    {
      title: 'an invocation loop',
      program: rows,
      steps: [bind('i', 'invocation.x'), loopPartition('i', 2)],
      message: 'loop i is invocation.x; expected a serial loop or a workgroup loop; partition a loop around it',
    },
    {
      title: 'a loop with nothing but an edge',
      program: rows,
      steps: [split('i', null, 8), loopPartition('i_0')],
      message:
        'already the first iteration of loop i_0 needs its guards; partition the loop that reaches over the edge, or choose smaller tiles',
    },
    {
      title: 'a reduction that may begin in either part',
      program: rows,
      steps: [fuse('i', 'k'), loopPartition('i_k', 10)],
      message:
        'the reduction of block reduce_sum may begin in either part of loop i_k; decomposeReduction of reduce_sum first',
    },
  ],
);
