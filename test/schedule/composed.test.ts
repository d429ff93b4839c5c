import { expect, test } from 'vitest';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import { expectedAt } from '../../src/operators/inputs.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { isFault, replay } from '../../src/schedule/replay.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { expectSameResult, inputsFor, plain, type Step, scheduled, traceOf } from '../support/schedule.ts';

/** Compares the scheduled program with the operator's own reference, and replays its trace. */
function expectReference(
  operator: string,
  shape: string,
  steps: readonly Step[],
  digits: number | null = null,
): Program {
  const start = plain(operator, shape);
  const program = scheduled(start, steps);
  expectSameResult(program, start, digits);
  if (digits === null) {
    const workload = makeWorkload(operator, { shape });
    const inputs = inputsFor(operator, shape);
    const values = interpret(program, inputs, { rounding: true });
    for (const name of start.outputs) expect(values[name]).toEqual(expectedAt(workload, inputs, name, null));
  }
  const again = replay(start, JSON.parse(JSON.stringify(traceOf(steps))));
  if (isFault(again)) throw new Error('the trace does not replay');
  expect(again).toEqual(program);
  return program;
}

/** Fuses a copy's loops and splits them, so that each of a workgroup's `rows` x `columns` invocations takes one element at a time. */
function cooperative(block: string, dimensions: number, rows: number, columns: number): Step[] {
  const loops = Array.from({ length: dimensions }, (_, d) => `${block}_d${d}`);
  const fused = loops.join('_');
  return [
    ['fuse', { loops }],
    ['split', { loop: fused, factors: [null, rows, columns] }],
    ['bind', { loop: `${fused}_1`, to: 'invocation.y' }],
    ['bind', { loop: `${fused}_2`, to: 'invocation.x' }],
  ];
}

/** C in registers, tiles of [workgroup, invocation, register], the reduction in two levels. */
const tiledMatmul: readonly Step[] = [
  ['cacheWrite', { block: 'matmul', scope: 'private' }],
  ['split', { loop: 'store_C_vi', factors: [null, 4, 3] }],
  ['split', { loop: 'store_C_vj', factors: [null, 4, 2] }],
  [
    'reorder',
    { loops: ['store_C_vi_0', 'store_C_vj_0', 'store_C_vi_1', 'store_C_vj_1', 'store_C_vi_2', 'store_C_vj_2'] },
  ],
  ['bind', { loop: 'store_C_vi_0', to: 'workgroup.y' }],
  ['bind', { loop: 'store_C_vj_0', to: 'workgroup.x' }],
  ['bind', { loop: 'store_C_vi_1', to: 'invocation.y' }],
  ['bind', { loop: 'store_C_vj_1', to: 'invocation.x' }],
  ['computeAt', { block: 'matmul', loop: 'store_C_vj_1' }],
  ['split', { loop: 'matmul_vk', factors: [null, 8] }],
  ['reorder', { loops: ['matmul_vk_0', 'matmul_vk_1', 'matmul_vi', 'matmul_vj'] }],
  ['cacheRead', { block: 'matmul', buffer: 'A', scope: 'workgroup' }],
  ['computeAt', { block: 'load_A_workgroup', loop: 'matmul_vk_0' }],
  ['cacheRead', { block: 'matmul', buffer: 'B', scope: 'workgroup' }],
  ['computeAt', { block: 'load_B_workgroup', loop: 'matmul_vk_0' }],
  ...cooperative('load_A_workgroup', 3, 4, 4),
  ...cooperative('load_B_workgroup', 3, 4, 4),
  ['decomposeReduction', { block: 'matmul', loop: 'matmul_vk_0' }],
  ['unroll', { loop: 'matmul_vi' }],
  ['vectorize', { loop: 'matmul_vj' }],
  ['vectorize', { loop: 'store_C_vj_2' }],
];

test.each([
  'm=37,n=29,k=23',
  'm=1,n=29,k=23',
  'm=1,n=2,k=1',
  'm=24,n=16,k=16',
  'm=13,n=9,k=5,transpose_a=1,transpose_b=1',
])('a tiled matmul through workgroup memory: %s', (shape) => {
  expectReference('matmul', shape, tiledMatmul);
});

test('the tiled matmul reads as a person would write it', () => {
  expect(printProgram(scheduled(plain('matmul', 'm=37,n=29,k=23'), tiledMatmul))).toMatchInlineSnapshot(`
    "input A: f32[1, 37, 23]
    input B: f32[1, 23, 29]
    output C: f32[1, 37, 29]
    private C_private: f32[1, 37, 29]
    workgroup A_workgroup: f32[1, 37, 23]
    workgroup B_workgroup: f32[1, 23, 29]
    for store_C_vb in 1
      for store_C_vi_0 in 4  # workgroup.y
        for store_C_vj_0 in 4  # workgroup.x
          for store_C_vi_1 in 4  # invocation.y
            for store_C_vj_1 in 4  # invocation.x
              for matmul_vb in 1
                for init_matmul_vi in 3
                  for init_matmul_vj in 2
                    block init_matmul(vb = matmul_vb, vi = store_C_vi_0 * 12 + store_C_vi_1 * 3 + init_matmul_vi, vj = store_C_vj_0 * 8 + store_C_vj_1 * 2 + init_matmul_vj)  where store_C_vi_0 * 12 + store_C_vi_1 * 3 + init_matmul_vi < 37 && store_C_vj_0 * 8 + store_C_vj_1 * 2 + init_matmul_vj < 29
                      C_private[vb, vi, vj] = 0.0
                for matmul_vk_0 in 3
                  for load_A_workgroup_d0_load_A_workgroup_d1_load_A_workgroup_d2_0 in 6
                    for load_A_workgroup_d0_load_A_workgroup_d1_load_A_workgroup_d2_1 in 4  # invocation.y
                      for load_A_workgroup_d0_load_A_workgroup_d1_load_A_workgroup_d2_2 in 4  # invocation.x
                        block load_A_workgroup(d0 = 0, d1 = store_C_vi_0 * 12 + load_A_workgroup_d0_load_A_workgroup_d1_load_A_workgroup_d2_0 * 2 + load_A_workgroup_d0_load_A_workgroup_d1_load_A_workgroup_d2_1 / 2, d2 = matmul_vk_0 * 8 + load_A_workgroup_d0_load_A_workgroup_d1_load_A_workgroup_d2_1 % 2 * 4 + load_A_workgroup_d0_load_A_workgroup_d1_load_A_workgroup_d2_2)  where store_C_vi_0 * 12 + (load_A_workgroup_d0_load_A_workgroup_d1_load_A_workgroup_d2_0 * 16 + load_A_workgroup_d0_load_A_workgroup_d1_load_A_workgroup_d2_1 * 4 + load_A_workgroup_d0_load_A_workgroup_d1_load_A_workgroup_d2_2) / 8 < 37 && matmul_vk_0 * 8 + (load_A_workgroup_d0_load_A_workgroup_d1_load_A_workgroup_d2_0 * 16 + load_A_workgroup_d0_load_A_workgroup_d1_load_A_workgroup_d2_1 * 4 + load_A_workgroup_d0_load_A_workgroup_d1_load_A_workgroup_d2_2) % 8 < 23
                          A_workgroup[d0, d1, d2] = A[d0, d1, d2]
                  for load_B_workgroup_d0_load_B_workgroup_d1_load_B_workgroup_d2_0 in 4
                    for load_B_workgroup_d0_load_B_workgroup_d1_load_B_workgroup_d2_1 in 4  # invocation.y
                      for load_B_workgroup_d0_load_B_workgroup_d1_load_B_workgroup_d2_2 in 4  # invocation.x
                        block load_B_workgroup(d0 = 0, d1 = matmul_vk_0 * 8 + load_B_workgroup_d0_load_B_workgroup_d1_load_B_workgroup_d2_0 * 2 + load_B_workgroup_d0_load_B_workgroup_d1_load_B_workgroup_d2_1 / 2, d2 = store_C_vj_0 * 8 + load_B_workgroup_d0_load_B_workgroup_d1_load_B_workgroup_d2_1 % 2 * 4 + load_B_workgroup_d0_load_B_workgroup_d1_load_B_workgroup_d2_2)  where matmul_vk_0 * 8 + (load_B_workgroup_d0_load_B_workgroup_d1_load_B_workgroup_d2_0 * 16 + load_B_workgroup_d0_load_B_workgroup_d1_load_B_workgroup_d2_1 * 4 + load_B_workgroup_d0_load_B_workgroup_d1_load_B_workgroup_d2_2) / 8 < 23 && store_C_vj_0 * 8 + (load_B_workgroup_d0_load_B_workgroup_d1_load_B_workgroup_d2_0 * 16 + load_B_workgroup_d0_load_B_workgroup_d1_load_B_workgroup_d2_1 * 4 + load_B_workgroup_d0_load_B_workgroup_d1_load_B_workgroup_d2_2) % 8 < 29
                          B_workgroup[d0, d1, d2] = B[d0, d1, d2]
                  for matmul_vk_1 in 8
                    for matmul_vi in 3  # unrolled
                      for matmul_vj in 2  # vectorized
                        block matmul(vb = matmul_vb, vi = store_C_vi_0 * 12 + store_C_vi_1 * 3 + matmul_vi, vj = store_C_vj_0 * 8 + store_C_vj_1 * 2 + matmul_vj, vk~ = matmul_vk_0 * 8 + matmul_vk_1)  where store_C_vi_0 * 12 + store_C_vi_1 * 3 + matmul_vi < 37 && store_C_vj_0 * 8 + store_C_vj_1 * 2 + matmul_vj < 29 && matmul_vk_0 * 8 + matmul_vk_1 < 23
                          C_private[vb, vi, vj] sum= A_workgroup[vb, vi, vk] * B_workgroup[vb, vk, vj]  # initialised before
              for store_C_vi_2 in 3
                for store_C_vj_2 in 2  # vectorized
                  block store_C(vb = store_C_vb, vi = store_C_vi_0 * 12 + store_C_vi_1 * 3 + store_C_vi_2, vj = store_C_vj_0 * 8 + store_C_vj_1 * 2 + store_C_vj_2)  where store_C_vi_0 * 12 + store_C_vi_1 * 3 + store_C_vi_2 < 37 && store_C_vj_0 * 8 + store_C_vj_1 * 2 + store_C_vj_2 < 29
                    C[vb, vi, vj] = C_private[vb, vi, vj]"
  `);
});

/** The padded image goes through workgroup memory; the padding itself is computed while loading. */
const tiledConvolution: readonly Step[] = [
  ['cacheWrite', { block: 'conv2d', scope: 'private' }],
  ['split', { loop: 'store_Y_voc', factors: [null, 2] }],
  ['split', { loop: 'store_Y_voh', factors: [null, 2] }],
  ['split', { loop: 'store_Y_vow', factors: [null, 4] }],
  [
    'reorder',
    { loops: ['store_Y_voc_0', 'store_Y_voh_0', 'store_Y_vow_0', 'store_Y_voh_1', 'store_Y_vow_1', 'store_Y_voc_1'] },
  ],
  ['bind', { loop: 'store_Y_voc_0', to: 'workgroup.z' }],
  ['bind', { loop: 'store_Y_voh_0', to: 'workgroup.y' }],
  ['bind', { loop: 'store_Y_vow_0', to: 'workgroup.x' }],
  ['bind', { loop: 'store_Y_voh_1', to: 'invocation.y' }],
  ['bind', { loop: 'store_Y_vow_1', to: 'invocation.x' }],
  ['computeAt', { block: 'conv2d', loop: 'store_Y_vow_1' }],
  ['split', { loop: 'conv2d_vic', factors: [null, 2] }],
  ['reorder', { loops: ['conv2d_vic_0', 'conv2d_vic_1', 'conv2d_vkh', 'conv2d_vkw', 'conv2d_voc'] }],
  ['cacheRead', { block: 'conv2d', buffer: 'padded', scope: 'workgroup' }],
  ['computeInline', { block: 'pad' }],
  ['computeAt', { block: 'load_padded_workgroup', loop: 'conv2d_vic_0' }],
  ...cooperative('load_padded_workgroup', 4, 2, 4),
  ['decomposeReduction', { block: 'conv2d', loop: 'conv2d_vic_0' }],
  ['unroll', { loop: 'conv2d_vkw' }],
];

test.each([
  'n=1,c=3,h=7,w=7,oc=5,kh=3,kw=3,pad=1',
  'n=1,c=3,h=7,w=5,oc=3,kh=3,kw=3,pad=1,stride=2',
  'n=1,c=4,h=6,w=7,oc=2,kh=2,kw=3,pad=2,dilation=2',
])('a tiled convolution that pads while it loads: %s', (shape) => {
  expectReference('conv2d', shape, tiledConvolution);
});

/** Each row by one workgroup: partial sums by 8 invocations in workgroup memory, then their sum. */
const crossInvocation = (block: string): readonly Step[] => [
  ['split', { loop: 'k', factors: [null, 8] }],
  ['rfactor', { block, loop: 'k_1' }],
  ['setScope', { buffer: 'Y_rf', scope: 'workgroup' }],
  ['split', { loop: 'i', factors: [null, 1] }],
  ['computeAt', { block: `${block}_rf`, loop: 'i_0' }],
  ['reorder', { loops: [`${block}_rf_rf`, `${block}_rf_k_0`] }],
  ['bind', { loop: 'i_0', to: 'workgroup.x' }],
  ['bind', { loop: `${block}_rf_rf`, to: 'invocation.x' }],
];

test.each([
  ['reduce_sum', 'rows=5,cols=37'],
  ['reduce_sum', 'rows=1,cols=64'],
  ['reduce_sum', 'rows=7,cols=1'],
  ['reduce_sum', 'rows=11,cols=6,axis=0'],
  ['reduce_max', 'rows=3,cols=37'],
])('a reduction across invocations: %s %s', (operator, shape) => {
  expectReference(operator, shape, crossInvocation(operator));
});

/** All of softmax in one kernel, a row per workgroup; its statistics are reduced across 4 invocations in workgroup memory. */
const fusedSoftmax: readonly Step[] = [
  ['split', { loop: 'rowMax_k', factors: [null, 4] }],
  ['rfactor', { block: 'find_row_max', loop: 'rowMax_k_1' }],
  ['split', { loop: 'k', factors: [null, 4] }],
  ['rfactor', { block: 'sum_row', loop: 'k_1' }],
  ...['rowMax', 'rowSum', 'rowMax_rf', 'rowSum_rf'].map((buffer): Step => ['setScope', { buffer, scope: 'workgroup' }]),
  ['bind', { loop: 'i', to: 'workgroup.x' }],
  ['computeAt', { block: 'sum_row', loop: 'i' }],
  ['computeAt', { block: 'sum_row_rf', loop: 'i' }],
  ['computeAt', { block: 'find_row_max', loop: 'i' }],
  ['computeAt', { block: 'find_row_max_rf', loop: 'i' }],
  ['bind', { loop: 'find_row_max_rf_rf', to: 'invocation.x' }],
  ['bind', { loop: 'sum_row_rf_rf', to: 'invocation.x' }],
  ['split', { loop: 'j', factors: [null, 4] }],
  ['bind', { loop: 'j_1', to: 'invocation.x' }],
];

test.each(['rows=5,cols=13', 'rows=1,cols=197', 'rows=7,cols=1', 'rows=2,cols=16'])(
  'softmax in one kernel: %s',
  (shape) => {
    const program = expectReference('softmax', shape, fusedSoftmax, 12);
    expect(program.body).toHaveLength(1);
  },
);

test('softmax in one kernel reads as a person would write it', () => {
  expect(printProgram(scheduled(plain('softmax', 'rows=5,cols=13'), fusedSoftmax))).toMatchInlineSnapshot(`
    "input X: f32[5, 13]
    output Y: f32[5, 13]
    workgroup rowMax: f32[5]
    workgroup rowSum: f32[5]
    workgroup rowMax_rf: f32[5, 4]
    workgroup rowSum_rf: f32[5, 4]
    for i in 5  # workgroup.x
      for find_row_max_rf_vi in 1
        for find_row_max_rf_rf in 4  # invocation.x
          for find_row_max_rf_rowMax_k_0 in 4
            block find_row_max_rf(vi = i + find_row_max_rf_vi, rf = find_row_max_rf_rf, rowMax_k_0~ = find_row_max_rf_rowMax_k_0)
              rowMax_rf[vi, rf] maxNumber= select(rowMax_k_0 * 4 + rf < 13, X[vi, rowMax_k_0 * 4 + rf], -Infinity)
      for find_row_max_vi in 1
        for find_row_max_rf_1 in 4
          block find_row_max(vi = i + find_row_max_vi, rf~ = find_row_max_rf_1)
            rowMax[vi] maxNumber= rowMax_rf[vi, rf]
      for sum_row_rf_vi in 1
        for sum_row_rf_rf in 4  # invocation.x
          for sum_row_rf_k_0 in 4
            block sum_row_rf(vi = i + sum_row_rf_vi, rf = sum_row_rf_rf, k_0~ = sum_row_rf_k_0)
              rowSum_rf[vi, rf] sum= select(k_0 * 4 + rf < 13, expNumber(X[vi, k_0 * 4 + rf] - rowMax[vi]), 0.0)
      for sum_row_vi in 1
        for sum_row_rf_1 in 4
          block sum_row(vi = i + sum_row_vi, rf~ = sum_row_rf_1)
            rowSum[vi] sum= rowSum_rf[vi, rf]
      for j_0 in 4
        for j_1 in 4  # invocation.x
          block normalise(vi = i, vj = j_0 * 4 + j_1)  where j_0 * 4 + j_1 < 13
            Y[vi, vj] = expNumber(X[vi, vj] - rowMax[vi]) / select(rowSum[vi] > 0.0 && rowSum[vi] < Infinity, rowSum[vi], NaN)"
  `);
});

test('the convolution that pads while it loads reads as a person would write it', () => {
  const program = scheduled(plain('conv2d', 'n=1,c=3,h=7,w=7,oc=5,kh=3,kw=3,pad=1'), tiledConvolution);
  expect(printProgram(program)).toMatchInlineSnapshot(`
    "input X: f32[1, 3, 7, 7]
    input W: f32[5, 3, 3, 3]
    output Y: f32[1, 5, 7, 7]
    private Y_private: f32[1, 5, 7, 7]
    workgroup padded_workgroup: f32[1, 3, 9, 9]
    for store_Y_vn in 1
      for store_Y_voc_0 in 3  # workgroup.z
        for store_Y_voh_0 in 4  # workgroup.y
          for store_Y_vow_0 in 2  # workgroup.x
            for store_Y_voh_1 in 2  # invocation.y
              for store_Y_vow_1 in 4  # invocation.x
                for conv2d_vn in 1
                  for init_conv2d_voh in 1
                    for init_conv2d_vow in 1
                      for init_conv2d_voc in 2
                        block init_conv2d(vn = conv2d_vn, voc = store_Y_voc_0 * 2 + init_conv2d_voc, voh = store_Y_voh_0 * 2 + store_Y_voh_1 + init_conv2d_voh, vow = store_Y_vow_0 * 4 + store_Y_vow_1 + init_conv2d_vow)  where store_Y_voc_0 * 2 + init_conv2d_voc < 5 && store_Y_voh_0 * 2 + store_Y_voh_1 + init_conv2d_voh < 7 && store_Y_vow_0 * 4 + store_Y_vow_1 + init_conv2d_vow < 7
                          Y_private[vn, voc, voh, vow] = 0.0
                  for conv2d_vic_0 in 2
                    for load_padded_workgroup_d0_load_padded_workgroup_d1_load_padded_workgroup_d2_load_padded_workgroup_d3_0 in 6
                      for load_padded_workgroup_d0_load_padded_workgroup_d1_load_padded_workgroup_d2_load_padded_workgroup_d3_1 in 2  # invocation.y
                        for load_padded_workgroup_d0_load_padded_workgroup_d1_load_padded_workgroup_d2_load_padded_workgroup_d3_2 in 4  # invocation.x
                          block load_padded_workgroup(d0 = 0, d1 = conv2d_vic_0 * 2 + load_padded_workgroup_d0_load_padded_workgroup_d1_load_padded_workgroup_d2_load_padded_workgroup_d3_0 / 3, d2 = store_Y_voh_0 * 2 + (load_padded_workgroup_d0_load_padded_workgroup_d1_load_padded_workgroup_d2_load_padded_workgroup_d3_0 * 8 + load_padded_workgroup_d0_load_padded_workgroup_d1_load_padded_workgroup_d2_load_padded_workgroup_d3_1 * 4 + load_padded_workgroup_d0_load_padded_workgroup_d1_load_padded_workgroup_d2_load_padded_workgroup_d3_2) / 6 % 4, d3 = store_Y_vow_0 * 4 + (load_padded_workgroup_d0_load_padded_workgroup_d1_load_padded_workgroup_d2_load_padded_workgroup_d3_0 * 8 + load_padded_workgroup_d0_load_padded_workgroup_d1_load_padded_workgroup_d2_load_padded_workgroup_d3_1 * 4 + load_padded_workgroup_d0_load_padded_workgroup_d1_load_padded_workgroup_d2_load_padded_workgroup_d3_2) % 6)  where conv2d_vic_0 * 2 + (load_padded_workgroup_d0_load_padded_workgroup_d1_load_padded_workgroup_d2_load_padded_workgroup_d3_0 * 8 + load_padded_workgroup_d0_load_padded_workgroup_d1_load_padded_workgroup_d2_load_padded_workgroup_d3_1 * 4 + load_padded_workgroup_d0_load_padded_workgroup_d1_load_padded_workgroup_d2_load_padded_workgroup_d3_2) / 24 < 3 && store_Y_voh_0 * 2 + (load_padded_workgroup_d0_load_padded_workgroup_d1_load_padded_workgroup_d2_load_padded_workgroup_d3_0 * 8 + load_padded_workgroup_d0_load_padded_workgroup_d1_load_padded_workgroup_d2_load_padded_workgroup_d3_1 * 4 + load_padded_workgroup_d0_load_padded_workgroup_d1_load_padded_workgroup_d2_load_padded_workgroup_d3_2) / 6 % 4 < 9 && store_Y_vow_0 * 4 + (load_padded_workgroup_d0_load_padded_workgroup_d1_load_padded_workgroup_d2_load_padded_workgroup_d3_0 * 8 + load_padded_workgroup_d0_load_padded_workgroup_d1_load_padded_workgroup_d2_load_padded_workgroup_d3_1 * 4 + load_padded_workgroup_d0_load_padded_workgroup_d1_load_padded_workgroup_d2_load_padded_workgroup_d3_2) % 6 < 9
                            padded_workgroup[d0, d1, d2, d3] = select(d2 >= 1 && d2 < 8 && d3 >= 1 && d3 < 8, X[d0, d1, d2 - 1, d3 - 1], 0.0)
                    for conv2d_voh in 1
                      for conv2d_vow in 1
                        for conv2d_vic_1 in 2
                          for conv2d_vkh in 3
                            for conv2d_vkw in 3  # unrolled
                              for conv2d_voc in 2
                                block conv2d(vn = conv2d_vn, voc = store_Y_voc_0 * 2 + conv2d_voc, voh = store_Y_voh_0 * 2 + store_Y_voh_1 + conv2d_voh, vow = store_Y_vow_0 * 4 + store_Y_vow_1 + conv2d_vow, vic~ = conv2d_vic_0 * 2 + conv2d_vic_1, vkh~ = conv2d_vkh, vkw~ = conv2d_vkw)  where store_Y_voc_0 * 2 + conv2d_voc < 5 && store_Y_voh_0 * 2 + store_Y_voh_1 + conv2d_voh < 7 && store_Y_vow_0 * 4 + store_Y_vow_1 + conv2d_vow < 7 && conv2d_vic_0 * 2 + conv2d_vic_1 < 3
                                  Y_private[vn, voc, voh, vow] sum= padded_workgroup[vn, vic, voh + vkh, vow + vkw] * W[voc, vic, vkh, vkw]  # initialised before
                for store_Y_voc_1 in 2
                  block store_Y(vn = store_Y_vn, voc = store_Y_voc_0 * 2 + store_Y_voc_1, voh = store_Y_voh_0 * 2 + store_Y_voh_1, vow = store_Y_vow_0 * 4 + store_Y_vow_1)  where store_Y_voc_0 * 2 + store_Y_voc_1 < 5 && store_Y_voh_0 * 2 + store_Y_voh_1 < 7 && store_Y_vow_0 * 4 + store_Y_vow_1 < 7
                    Y[vn, voc, voh, vow] = Y_private[vn, voc, voh, vow]"
  `);
});
