import { describe, expect, it } from 'vitest';
import { forLoop, load, seq, variable as v } from '../../src/ir/builders.ts';
import type { LoweredProgram } from '../../src/ir/kernel.ts';
import { type DeviceLimits, defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import {
  bind,
  cacheRead,
  cacheWrite,
  computeAt,
  decomposeReduction,
  fuse,
  reorder,
  setScope,
  split,
  unroll,
  vectorize,
} from '../../src/schedule/steps.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { plain, type Step, scheduled } from '../support/schedule.ts';
import { lowered, smallInputs } from './equality.ts';
import { at, block, buffer, spatial } from './programs.ts';
import { runLowered } from './simt.ts';

const withSubgroups = (least: number, most = least): DeviceLimits => ({
  ...defaultLimits,
  subgroupMinSize: least,
  subgroupMaxSize: most,
});

/** Executes a scheduled program on subgroups of several sizes and compares it with the plain one. */
function expectSame(base: Program, steps: readonly Step[], lanes: number): LoweredProgram {
  const program = scheduled(base, steps);
  const inputs = smallInputs(base);
  const expected = interpret(base, inputs, { rounding: true });
  const kernels = [lanes, 2 * lanes, 16].map((size) => {
    const result = lowered(program, withSubgroups(size));
    const got = runLowered(result, inputs, { subgroupSize: size });
    for (const name of base.outputs) expect(got[name], `${name}, ${size} lanes`).toEqual(expected[name]);
    return result;
  });
  // A device that says "4 to 16" may run 8.
  const unsure = runLowered(lowered(program, withSubgroups(lanes, 16)), inputs, { subgroupSize: 2 * lanes });
  for (const name of base.outputs) expect(unsure[name], `${name}, not known before`).toEqual(expected[name]);
  return kernels[0] as LoweredProgram;
}

const textOf = (kernels: LoweredProgram): string =>
  emit(kernels)
    .kernels.map(({ wgsl }) => wgsl)
    .join('\n');

const matmul = (m: number, n: number, k: number): Program => plain('matmul', `m=${m},n=${n},k=${k}`);

/** Rows of a tile of A spread over lanes along x, a tile of C in registers of tx x ty invocations. */
const tiles = (tx: number, ty: number, depth: number): Step[] => [
  cacheWrite('matmul', 'private'),
  split('store_C_vi', null, ty, 2),
  split('store_C_vj', null, tx, 2),
  reorder('store_C_vi_0', 'store_C_vj_0', 'store_C_vb', 'store_C_vi_1', 'store_C_vj_1', 'store_C_vi_2', 'store_C_vj_2'),
  bind('store_C_vi_0', 'workgroup.y'),
  bind('store_C_vj_0', 'workgroup.x'),
  bind('store_C_vi_1', 'invocation.y'),
  bind('store_C_vj_1', 'invocation.x'),
  computeAt('matmul', 'store_C_vj_1'),
  split('matmul_vk', null, depth),
  reorder('matmul_vk_0', 'matmul_vk_1', 'matmul_vb', 'matmul_vi', 'matmul_vj'),
  decomposeReduction('matmul', 'matmul_vk_0'),
  cacheRead('matmul', 'A', 'subgroup'),
  computeAt('load_A_subgroup', 'matmul_vk_0'),
];
const overLanes = (lanes: number, step: number): Step[] => [
  split('load_A_subgroup_d2', null, lanes, step),
  bind('load_A_subgroup_d2_1', 'subgroup.x'),
];

describe('a buffer that lanes of a subgroup share equals its meaning', () => {
  it('a fragment of A, an element per lane in turn', () => {
    const text = textOf(expectSame(matmul(8, 16, 16), [...tiles(8, 2, 8), ...overLanes(4, 1)], 4));
    expect(text).toContain('subgroupShuffle(');
    expect(text).not.toContain('var<workgroup>');
    expect(text).not.toContain('workgroupBarrier');
  });
  it('a fragment of A, four elements per lane as a vector, lanes known when the kernel is written', () => {
    const steps = [
      ...tiles(4, 2, 16),
      ...overLanes(4, 4),
      vectorize('load_A_subgroup_d2_2'),
      unroll('load_A_subgroup_d1'),
      unroll('load_A_subgroup_d2_0'),
      unroll('matmul_vk_1'),
      unroll('matmul_vi'),
      unroll('matmul_vj'),
    ];
    const text = textOf(expectSame(matmul(4, 8, 32), steps, 4));
    expect(text).toContain('subgroupBroadcast(A_subgroup_1, 3u)');
    // Every element is exchanged once, however many factors it is multiplied with.
    expect(text.match(/subgroupBroadcast\(/g)).toHaveLength(32);
    expect(text).toContain('var<storage, read> A: array<vec4<f32>, 32>');
  });
  it('several turns of the lanes, in an array of registers', () => {
    const steps = [...tiles(4, 2, 12), ...overLanes(2, 2)];
    expect(textOf(expectSame(matmul(4, 8, 24), steps, 2))).toContain('var A_subgroup: array<f32, 12>');
  });
  it('lanes along the rows of a tile', () => {
    const steps = [...tiles(4, 1, 4), split('load_A_subgroup_d1', null, 2), bind('load_A_subgroup_d1_1', 'subgroup.x')];
    expectSame(matmul(4, 8, 8), steps, 2);
  });
  it('several groups of lanes along x, which hold the same', () => {
    expectSame(matmul(4, 32, 8), [...tiles(16, 1, 8), ...overLanes(4, 1)], 4);
  });
  it('sizes that nothing divides, with zeros beyond the end', () => {
    const steps = [
      ...tiles(4, 2, 8),
      ...overLanes(4, 1),
      // The guard is on the reduction, where both factors would have to be zero.
      cacheRead('matmul', 'B', 'private'),
      computeAt('load_B_private', 'matmul_vk_1'),
    ];
    expectSame(matmul(5, 7, 13), steps, 4);
  });
  it('each lane another element of the same register', () => {
    const base = plain('elementwise', 'n=1,c=2,h=3,w=16', { expression: 'x * y', y: '1,1,1,w' });
    const steps: Step[] = [
      fuse('n', 'c', 'h'),
      bind('n_c_h', 'workgroup.x'),
      cacheRead('elementwise', 'y', 'subgroup'),
      computeAt('load_y_subgroup', 'n_c_h'),
      split('load_y_subgroup_d3', null, 4),
      bind('load_y_subgroup_d3_1', 'subgroup.x'),
      // Lane l reads the element that lane 3 - l has.
      split('w', null, 4),
      bind('w_1', 'invocation.x'),
    ];
    const text = textOf(expectSame(base, steps, 4));
    // The lane's own element is in its own register.
    expect(text).not.toContain('subgroupShuffle');
  });
  it('an intermediate that one stage spreads and the next ones read', () => {
    const base = plain('softmax', 'rows=8,cols=4');
    const steps: Step[] = [
      split('i', null, 4),
      bind('i_0', 'workgroup.x'),
      ...['rowMax', 'rowSum'].map((buffer): Step => setScope(buffer, 'subgroup')),
      computeAt('sum_row', 'i_0'),
      computeAt('find_row_max', 'i_0'),
      bind('find_row_max_vi', 'subgroup.x'),
      bind('sum_row_vi', 'subgroup.x'),
      bind('j', 'invocation.x'),
    ];
    const text = textOf(expectSame(base, steps, 4));
    expect(text).toContain('subgroupShuffle(rowMax, i_1)');
  });
});

/** Lane l makes the elements from 2 l to 2 l + 3. */
const overlapping: Program = {
  inputs: ['A'],
  outputs: ['Y'],
  buffers: [buffer('A', [10]), buffer('Y', [10]), buffer('T', [10], 'subgroup')],
  body: [
    forLoop(
      'r',
      1,
      seq([
        forLoop(
          'l',
          4,
          forLoop(
            'v',
            4,
            block('copy', [spatial('d', 10, at(['l', 2], ['v', 1]))], {
              to: 'T',
              at: [v('d')],
              value: load('A', [v('d')]),
            }),
          ),
          'subgroup.x',
        ),
        forLoop(
          'i',
          10,
          block('out', [spatial('d', 10, v('i'))], { to: 'Y', at: [v('d')], value: load('T', [v('d')]) }),
        ),
      ]),
      'workgroup.x',
    ),
  ],
};

describe('a buffer that lanes of a subgroup share is refused', () => {
  const refusalOf = (base: Program, steps: readonly Step[], limits = withSubgroups(4)): string => {
    const result = lowerProgram(scheduled(base, steps), limits);
    if (!isRefusal(result)) throw new Error(textOf(result));
    return `${result.reason}: ${explainRefusal(result)}`;
  };
  it('on a device without subgroups', () =>
    expect(refusalOf(matmul(4, 8, 8), [...tiles(4, 1, 8), ...overLanes(4, 1)], defaultLimits)).toMatchInlineSnapshot(
      `"subgroups: block load_A_subgroup spreads A_subgroup over 4 lanes of a subgroup, and the device has no subgroups; keep A_subgroup in workgroup memory instead"`,
    ));
  it('on a device with smaller subgroups', () =>
    expect(refusalOf(matmul(4, 16, 8), [...tiles(8, 1, 8), ...overLanes(8, 1)])).toMatchInlineSnapshot(
      `"subgroups: block load_A_subgroup spreads A_subgroup over 8 lanes of a subgroup, and the device's smallest subgroup has 4; keep A_subgroup in workgroup memory instead, or split by at most 4"`,
    ));
  it('before a loop of the copy runs on lanes', () =>
    expect(refusalOf(matmul(4, 8, 8), tiles(4, 1, 8))).toMatchInlineSnapshot(
      `"subgroup-spread: block load_A_subgroup writes A_subgroup, which the lanes of a subgroup share, outside a loop over them; bind a loop of load_A_subgroup to subgroup.x, or make A_subgroup private"`,
    ));
  it('where two lanes make the same elements', () =>
    expect(refusalOf(overlapping, [])).toMatchInlineSnapshot(
      `"subgroup-spread: block copy writes element lid.x * 2 + v of T, from which no lane of 4 follows; expected lane l to write n elements from l * n on, and so on every 4 * n: split the innermost loop of the copy by [null, 4] or [null, 4, n] and bind the one of 4"`,
    ));
  it('where it is written and read in one loop over lanes', () => {
    const read = block('out', [spatial('d', 4, v('l'))], { to: 'Y', at: [v('d')], value: load('T', [v('d')]) });
    const write = block('copy', [spatial('d', 4, v('l'))], { to: 'T', at: [v('d')], value: load('A', [v('d')]) });
    expect(
      refusalOf({ ...overlapping, body: [forLoop('l', 4, seq([write, read]), 'subgroup.x')] }, []),
    ).toMatchInlineSnapshot(
      `"across-subgroups: subgroup buffer T is written and read in the same loop l over the lanes of a subgroup; make it private, or read it after l has ended"`,
    );
  });
  it('where its readers stand under a guard', () =>
    expect(
      refusalOf(matmul(4, 8, 8), [
        ...tiles(4, 1, 8),
        ...overLanes(4, 1),
        cacheRead('matmul', 'B', 'workgroup'),
        computeAt('load_B_workgroup', 'matmul_vk_0'),
        bind('load_B_workgroup_d2', 'invocation.x'),
      ]),
    ).toMatchInlineSnapshot(
      `"subgroup-in-branch: block matmul reads A_subgroup from other lanes of its subgroup but runs only where lid.x < 4; expected all invocations of the workgroup to run it; take loops of as many iterations as the workgroup has invocations along their axis, or leave them unbound"`,
    ));
  it('where the invocations are no whole groups', () =>
    expect(refusalOf(matmul(4, 12, 8), [...tiles(6, 1, 8), ...overLanes(4, 1)])).toMatchInlineSnapshot(
      `"subgroup-lanes: the 6 invocations in x are no whole groups of the 4 lanes of loop load_A_subgroup_d2_1; bind loops of a multiple of 4 iterations to invocation.x"`,
    ));
  it('where different lanes want different registers', () => {
    const base = matmul(4, 8, 8);
    const steps = [
      bind('i', 'workgroup.x'),
      bind('j', 'invocation.x'),
      cacheRead('matmul', 'B', 'subgroup'),
      computeAt('load_B_subgroup', 'i'),
      split('load_B_subgroup_d2', 4, 2),
      bind('load_B_subgroup_d2_0', 'subgroup.x'),
    ];
    expect(refusalOf(base, steps)).toMatchInlineSnapshot(
      `"subgroup-registers: lanes of block matmul read B_subgroup at k * 8 + lid.x and want register k * 2 + lid.x % 2 of one another, but a lane offers one register at a time; expected what lanes along x read at once to lie within 8 elements: keep it in workgroup memory, or bind another loop of the copy"`,
    );
  });
});
