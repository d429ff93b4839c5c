import { expect, test } from 'vitest';
import type { KStmt } from '../../src/ir/kernel.ts';
import { defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import { doubleBuffer as primitive } from '../../src/schedule/primitives/double-buffer.ts';
import {
  bind,
  cacheRead,
  cacheWrite,
  computeAt,
  decomposeReduction,
  doubleBuffer,
  fuse,
  reorder,
  split,
  storageAlign,
  unroll,
} from '../../src/schedule/steps.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { expectSameMeaning } from '../lowering/equality.ts';
import { describeValues, legalCandidates, narrowed } from '../space/candidates.ts';
import { oddMatmul } from '../support/base-programs.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { plain, type Step, scheduled } from '../support/schedule.ts';

const matmul = (): Program => plain('matmul', 'm=8,n=8,k=12');
const rows = (): Program => plain('reduce_sum', 'rows=3,cols=12');

/** One invocation per output, and per step a tile of four columns of A in workgroup memory. */
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

/** The barriers of a kernel as text: `|` a barrier, `( )` a loop, `[ ]` an if, `.` a store. */
const skeleton = (body: readonly KStmt[]): string =>
  body
    .map((stmt) => {
      if (stmt.kind === 'barrier') return '|';
      if (stmt.kind === 'for') return `(${skeleton(stmt.body)})`;
      if (stmt.kind === 'if') return `[${skeleton(stmt.body)}]`;
      return stmt.kind === 'store' ? '.' : '';
    })
    .join('');

test('the first tile is loaded before the loop, then each step loads the next one', () => {
  const steps = [
    split('k', null, 4),
    cacheRead('reduce_sum', 'X', 'workgroup'),
    computeAt('load_X_workgroup', 'k_0'),
    doubleBuffer('X_workgroup'),
  ];
  expect(printProgram(scheduled(rows(), steps))).toMatchInlineSnapshot(`
    "input X: f32[3, 12]
    output Y: f32[3]
    workgroup X_workgroup: f32[2, 3, 12]
    for i in 3
      for load_X_workgroup_d0_first in 1
        for load_X_workgroup_d1_first in 4
          block load_X_workgroup_first(d0 = i + load_X_workgroup_d0_first, d1 = load_X_workgroup_d1_first, step> = 0)
            X_workgroup[step % 2, d0, d1 - step * 4] = X[d0, d1]
      for k_0 in 3
        for load_X_workgroup_d0 in 1
          for load_X_workgroup_d1 in 4
            block load_X_workgroup(d0 = i + load_X_workgroup_d0, d1 = k_0 * 4 + load_X_workgroup_d1 + 4, step> = k_0 + 1)  where k_0 + 1 < 3
              X_workgroup[step % 2, d0, d1 - step * 4] = X[d0, d1]
        for k_1 in 4
          block reduce_sum(vi = i, vk~ = k_0 * 4 + k_1, step~ = k_0)
            Y[vi] sum= X_workgroup[step % 2, vi, vk - step * 4]"
  `);
});

test('a step then needs one barrier instead of two, and twice the memory', () => {
  const [before] = expectSameMeaning(scheduled(matmul(), tiled)).kernels;
  const [after] = expectSameMeaning(scheduled(matmul(), [...tiled, doubleBuffer('A_workgroup')])).kernels;
  expect(skeleton(before?.body ?? [])).toBe('(.|()|).');
  expect(skeleton(after?.body ?? [])).toBe('.|([.]()|).');
  expect(before?.shared.map(({ length }) => length)).toEqual([16]);
  expect(after?.shared.map(({ length }) => length)).toEqual([32]);
});

test.each([
  ['where nothing divides', []],
  ['with padded rows', [storageAlign('A_workgroup', 1)]],
  ['with its step written out', [unroll('matmul_vk_1')]],
] as const)('two copies of a tile that take turns mean the same %s', (_, more) => {
  expectSameMeaning(scheduled(oddMatmul(), [...tiled, ...more, doubleBuffer('A_workgroup')]));
});

test('every tile of a tuned schedule that has several steps can be doubled, and the kernels mean the same', () => {
  const random = createRandom(8);
  let doubled = 0;
  for (const start of [matmul(), oddMatmul(), plain('conv2d', 'n=1,c=4,h=5,w=6,oc=3,kh=3,kw=3')]) {
    const [first] = sketchesOf(start);
    if (first === undefined) throw new Error('no sketch');
    const sketch = narrowed(first, ['double-buffer', 'partition', 'partition-steps']);
    for (const values of legalCandidates(sketch, defaultLimits, 25, random)) {
      const made = instantiate(sketch, values);
      if (isRefusal(made)) throw new Error(describeValues(sketch, values));
      let { program } = made;
      for (const { name, scope } of program.buffers) {
        if (scope !== 'workgroup') continue;
        const next = primitive.run(program, { buffer: name });
        if (isRefusal(next)) {
          expect(next.reason).toBe('no-steps');
          continue;
        }
        program = next;
        doubled++;
      }
      expectSameMeaning(program);
    }
  }
  expect(doubled).toBeGreaterThan(30);
});

primitiveContract(
  'doubleBuffer',
  [
    {
      program: oddMatmul,
      steps: [...tiled, doubleBuffer('A_workgroup')],
      code: 'cacheWrite(matmul, private)\nsplit(store_C_vi, [null, 4])\nsplit(store_C_vj, [null, 4])\nreorder(store_C_vi_0, store_C_vj_0, store_C_vi_1, store_C_vj_1)\nbind(store_C_vi_0, workgroup.y)\nbind(store_C_vj_0, workgroup.x)\nbind(store_C_vi_1, invocation.y)\nbind(store_C_vj_1, invocation.x)\ncomputeAt(matmul, store_C_vj_1)\nsplit(matmul_vk, [null, 4])\ndecomposeReduction(matmul, matmul_vk_0)\ncacheRead(matmul, A, workgroup)\ncomputeAt(load_A_workgroup, matmul_vk_0)\nfuse(load_A_workgroup_d0, load_A_workgroup_d1)\nbind(load_A_workgroup_d0_load_A_workgroup_d1, invocation.y)\nbind(load_A_workgroup_d2, invocation.x)\ndoubleBuffer(A_workgroup)',
    },
    {
      program: rows,
      steps: [
        cacheRead('reduce_sum', 'X', 'workgroup'),
        computeAt('load_X_workgroup', 'k'),
        doubleBuffer('X_workgroup'),
      ],
      code: 'cacheRead(reduce_sum, X, workgroup)\ncomputeAt(load_X_workgroup, k)\ndoubleBuffer(X_workgroup)',
    },
  ],
  [
    {
      title: 'a buffer that is not there',
      program: rows,
      steps: [doubleBuffer('x')],
      message: 'there is no buffer named x; the buffers are X, Y',
    },
    {
      title: 'an input',
      program: rows,
      steps: [doubleBuffer('X')],
      message: 'X is in storage; expected a tile in workgroup memory; cacheRead makes one',
    },
    {
      title: 'a tile that is loaded once',
      program: rows,
      steps: [cacheRead('reduce_sum', 'X', 'workgroup'), doubleBuffer('X_workgroup')],
      message:
        'block load_X_workgroup fills X_workgroup once; expected it right inside a serial loop of several steps with its readers; computeAt it at the outer loop of a reduction',
    },
    {
      title: 'a tile of a workgroup',
      program: rows,
      steps: [
        bind('i', 'workgroup.x'),
        cacheRead('reduce_sum', 'X', 'workgroup'),
        computeAt('load_X_workgroup', 'i'),
        doubleBuffer('X_workgroup'),
      ],
      message:
        'block load_X_workgroup fills X_workgroup inside loop i (workgroup.x, 3 iterations); expected it right inside a serial loop of several steps with its readers; computeAt it at the outer loop of a reduction',
    },
    {
      title: 'a tile at the outermost loop',
      program: rows,
      steps: [
        cacheRead('reduce_sum', 'X', 'workgroup'),
        computeAt('load_X_workgroup', 'i'),
        doubleBuffer('X_workgroup'),
      ],
      message:
        'loop i is the outermost of its kernel, so that the first load would be a kernel of its own; bind or split a loop around it first',
    },
    {
      title: 'a tile that every step loads again',
      program: matmul,
      steps: [cacheRead('matmul', 'A', 'workgroup'), computeAt('load_A_workgroup', 'j'), doubleBuffer('A_workgroup')],
      message: 'every step of loop j loads the same tile of A_workgroup; computeAt it outside of the loop instead',
    },
    {
      title: 'a tile that is doubled already',
      program: matmul,
      steps: [...tiled, doubleBuffer('A_workgroup'), doubleBuffer('A_workgroup')],
      message:
        'A_workgroup is written by load_A_workgroup_first and load_A_workgroup; expected one block; do this before decomposeReduction',
    },
    {
      title: 'steps of a fused loop',
      program: matmul,
      steps: [
        fuse('i', 'j'),
        cacheRead('matmul', 'A', 'workgroup'),
        computeAt('load_A_workgroup', 'i_j'),
        doubleBuffer('A_workgroup'),
      ],
      message:
        'block load_A_workgroup uses A_workgroup at i_j / 8 + load_A_workgroup_d1, which does not move by a fixed number of elements in each step of i_j',
    },
    {
      title: 'a tile of a tile',
      program: matmul,
      steps: [
        ...tiled.slice(0, 11),
        cacheRead('matmul', 'A', 'workgroup'),
        cacheRead('matmul', 'A_workgroup', 'workgroup'),
        computeAt('load_A_workgroup_workgroup', 'matmul_vk_0'),
        computeAt('load_A_workgroup', 'matmul_vk_0'),
        doubleBuffer('A_workgroup_workgroup'),
      ],
      message:
        'block load_A_workgroup_workgroup reads A_workgroup, which is computed inside loop matmul_vk_0 too; expected what the tile is loaded from to be complete before the loop',
    },
  ],
);
