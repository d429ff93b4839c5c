import { describe, expect, it } from 'vitest';
import { checkSpec } from '../../src/ir/spec.ts';
import { findOperator, listOperators } from '../../src/operators/catalog.ts';
import { expectedAt, generateInputs } from '../../src/operators/inputs.ts';
import { makeWorkload, type WorkloadWish } from '../../src/operators/parse-workload.ts';
import { describeWorkload } from '../../src/operators/workload.ts';
import { interpret } from '../../src/testing/interpret.ts';

const conv = 'n=2,c=3,h=7,w=7,oc=5';

type Case = readonly [operator: string, shape: string, attributes?: Readonly<Record<string, string>>];

const cases: readonly Case[] = [
  ['matmul', 'm=7,n=5,k=3'],
  ['matmul', 'b=3,m=7,n=5,k=3'],
  ['matmul', 'b=2,m=7,n=5,k=3,transpose_a=1'],
  ['matmul', 'b=2,m=7,n=5,k=3,transpose_b=1'],
  ['matmul', 'b=2,m=7,n=5,k=3,transpose_a=1,transpose_b=1'],
  ['matmul', 'm=1,n=9,k=17'],
  ['matmul', 'm=9,n=1,k=17'],
  ['matmul', 'm=1,n=1,k=1'],
  ['conv2d', conv],
  ['conv2d', `${conv},pad=0`],
  ['conv2d', `${conv},stride=2`],
  ['conv2d', `${conv},stride=2,pad=3,dilation=2`],
  ['conv2d', `${conv},kh=1,kw=5,pad=2`],
  ['conv2d', 'n=1,c=4,h=7,w=7,oc=4,groups=4,pad=0,stride=3'],
  ['reduce_sum', 'rows=1,cols=197'],
  ['reduce_sum', 'rows=197,cols=1'],
  ['reduce_sum', 'rows=13,cols=31,axis=0'],
  ['reduce_max', 'rows=5,cols=33'],
  ['reduce_max', 'rows=5,cols=33,axis=0'],
  ['reduce_max', 'rows=1,cols=1'],
  ['softmax', 'rows=1,cols=197'],
  ['softmax', 'rows=7,cols=1'],
  ['softmax', 'rows=7,cols=33'],
  ['elementwise', 'n=2,c=3,h=7,w=5'],
  ['elementwise', 'n=1,c=3,h=7,w=7', { expression: 'x * y - z', y: '1,1,h,1', z: 'n,c,1,w' }],
  ['elementwise', 'n=2,c=3,h=1,w=7', { expression: 'gelu(x) * sigmoid(-y) + 0.5' }],
  ['elementwise', 'n=2,c=3,h=4,w=1', { expression: 'sqrt(abs(x)) / (log(y) + 3) + tanh(exp(z))' }],
  ['elementwise', 'n=1,c=1,h=4,w=9', { expression: 'min(max(x, -2), 2) - y * (1 - x)' }],
  ['matmul', 'b=2,m=7,n=5,k=3,bias=1'],
  ['matmul', 'm=3,n=5,k=300'],
  ['matmul', 'm=3,n=5,k=300,bias=1,transpose_b=1'],
  ['matmul', 'm=7,n=5,k=3', { batch_a: '2', batch_b: '1' }],
  ['matmul', 'm=7,n=5,k=3,transpose_a=1', { batch_a: '2,3', batch_b: '' }],
  ['matmul', 'm=3,n=5,k=4,bias=1', { batch_a: '2,1', batch_b: '1,3' }],
  ['matmul', 'm=3,n=5,k=4,transpose_b=1', { batch_a: '2,1,3,1', batch_b: '3,1,2' }],
  ['matmul', 'm=1,n=5,k=4', { batch_a: '1', batch_b: '3' }],
  ['gemv', 'm=1,k=1'],
  ['gemv', 'm=197,k=7'],
  ['gemv', 'm=7,k=197,transpose_a=1'],
  ['gemv', 'm=7,k=197'],
  ['quantized_matmul', 'm=3,n=5,k=64'],
  ['quantized_matmul', 'm=3,n=5,k=24,block=8'],
  ['quantized_matmul', 'm=1,n=7,k=96,bits=8'],
  ['quantized_matmul', 'm=7,n=1,k=12,bits=8,block=4'],
  ['quantized_matmul', 'm=3,n=5,k=40,bits=2,block=16'],
  ['quantized_matmul', 'm=3,n=5,k=96,zero_points=1'],
  ['quantized_matmul', 'm=2,n=9,k=100,zero_points=1,block=8'],
  ['quantized_matmul', 'm=3,n=7,k=70,bits=2,block=16,zero_points=1'],
  ['quantized_matmul', 'm=3,n=7,k=29,bits=8,block=4,zero_points=1'],
  ['quantized_matmul', 'm=3,n=7,k=5,bits=8,block=32'],
  ['conv2d', 'n=2,c=6,h=7,w=5,oc=9,groups=3'],
  ['conv2d_nhwc', conv],
  ['conv2d', `${conv},stride=2,stride_w=1,pad=0,pad_left=2,pad_bottom=1,pad_right=3,dilation_w=2`],
  ['conv2d', 'n=1,c=4,h=6,w=7,oc=6,groups=2,pad=1,pad_right=0,stride=1,stride_w=3'],
  ['conv2d_nhwc', `${conv},pad=2,pad_left=0,stride_w=2,dilation=2,dilation_w=1`],
  ['conv2d_nhwc', `${conv},pad=0,stride=2`],
  ['conv2d_nhwc', `${conv},pad=3,dilation=2,kh=2`],
  ['conv2d_nhwc', 'n=2,c=6,h=7,w=5,oc=9,groups=3'],
  ['conv2d_nhwc', 'n=1,c=4,h=6,w=7,oc=4,groups=4,pad=0,stride=2', { epilogue: 'x + shift' }],
  ['conv1d', 'n=2,c=3,l=17,oc=5'],
  ['conv1d', 'n=1,c=1,l=1,oc=1,k=1,pad=0'],
  ['conv1d', 'n=2,c=4,l=11,oc=6,k=3,groups=2,pad=0,pad_right=2,stride=2'],
  ['conv1d', 'n=1,c=3,l=9,oc=3,k=3,groups=3,pad=2,pad_right=0'],
  ['conv1d', 'n=2,c=3,l=19,oc=2,k=5,stride=3,pad=2,dilation=2'],
  ['depthwise_conv2d', 'n=2,c=3,h=7,w=5'],
  ['depthwise_conv2d', 'n=1,c=5,h=9,w=7,kh=2,kw=5,stride=2,pad=3,dilation=2'],
  ['depthwise_conv2d_nhwc', 'n=2,c=3,h=7,w=5'],
  ['depthwise_conv2d', 'n=1,c=3,h=6,w=9,pad=1,pad_bottom=0,pad_left=0,stride_w=3,dilation=2,dilation_w=1'],
  ['depthwise_conv2d_nhwc', 'n=1,c=3,h=6,w=9,pad=0,pad_bottom=2,stride=3,stride_w=1,dilation_w=2'],
  ['depthwise_conv2d_nhwc', 'n=2,c=5,h=9,w=7,kh=2,kw=5,stride=2,pad=3,dilation=2'],
  ['conv_transpose2d', 'n=2,c=3,h=5,w=4,oc=2'],
  ['conv_transpose2d', 'n=1,c=2,h=3,w=4,oc=3,stride=3,pad=0,output_pad=2'],
  ['conv_transpose2d', 'n=1,c=2,h=5,w=3,oc=3,stride=2,pad=3,kh=4,kw=5,dilation=2'],
  [
    'conv_transpose2d',
    'n=1,c=4,h=3,w=4,oc=6,groups=2,stride=2,stride_w=3,pad=0,pad_left=2,pad_bottom=1,output_pad=1,output_pad_w=0',
  ],
  ['conv_transpose2d', 'n=1,c=3,h=4,w=3,oc=3,groups=3,stride=1,stride_w=2,pad=1,pad_right=0,dilation_w=2'],
  ['conv_transpose2d', 'n=1,c=2,h=4,w=4,oc=3,stride=4,pad=2,kh=1,kw=2'],
  // Stride and dilation without a common divisor, and with one.
  ['conv_transpose2d', 'n=1,c=2,h=5,w=4,oc=2,stride=3,stride_w=2,pad=1,kh=4,kw=5,dilation=2,dilation_w=3'],
  ['conv_transpose2d', 'n=1,c=2,h=4,w=5,oc=2,stride=4,stride_w=6,pad=2,kh=5,kw=3,dilation=6,dilation_w=4'],
  ['conv_transpose2d', 'n=1,c=1,h=1,w=1,oc=1,stride=1,pad=0,kh=1,kw=1'],
  ['max_pool2d', 'n=2,c=3,h=7,w=7'],
  ['max_pool2d', 'n=1,c=2,h=9,w=5,kh=2,kw=3,stride=1,pad=1,dilation=2'],
  ['max_pool2d', 'n=1,c=1,h=1,w=1,kh=1,kw=1,pad=0'],
  ['avg_pool2d', 'n=2,c=3,h=7,w=7'],
  [
    'max_pool2d',
    'n=1,c=2,h=7,w=9,kh=3,kw=2,stride=1,stride_w=3,pad=0,pad_right=1,pad_bottom=2,dilation=1,dilation_w=2',
  ],
  ['avg_pool2d', 'n=1,c=2,h=7,w=9,kh=3,kw=4,stride=2,stride_w=1,pad=0,pad_left=3,pad_bottom=2'],
  ['avg_pool2d', 'n=1,c=2,h=7,w=9,kh=3,kw=4,stride=2,stride_w=3,pad=1,pad_left=0,pad_right=0,count_padding=1'],
  ['avg_pool2d', 'n=2,c=3,h=7,w=6,kh=4,kw=3,stride=3,pad=2'],
  ['avg_pool2d', 'n=1,c=3,h=7,w=7,count_padding=1'],
  ['avg_pool2d', 'n=1,c=3,h=7,w=7,kh=7,kw=7,pad=0'],
  ['avg_pool2d', 'n=2,c=3,h=8,w=7,kh=3,kw=2,stride=2,stride_w=3,pad=1,pad_right=0,ceil_mode=1'],
  ['avg_pool2d', 'n=2,c=3,h=8,w=9,kh=3,kw=4,stride=3,pad=1,pad_right=2,ceil_mode=1,count_padding=1'],
  ['avg_pool2d', 'n=1,c=3,h=9,w=8,kh=3,kw=2,stride=1,stride_w=2,pad=1,dilation=2,dilation_w=3'],
  ['avg_pool2d', 'n=1,c=3,h=9,w=8,kh=3,kw=2,stride=3,pad=2,dilation=2,dilation_w=4,ceil_mode=1,count_padding=1'],
  ['avg_pool2d', 'n=1,c=3,h=9,w=8,kh=3,kw=2,stride=2', { auto_pad: 'SAME_LOWER' }],
  ['max_pool2d', 'n=2,c=3,h=8,w=7,kh=3,kw=2,stride=2,stride_w=3,pad=1,pad_right=0,ceil_mode=1'],
  ['max_pool2d', 'n=2,c=3,h=8,w=9,kh=2,kw=3,stride=3,pad=0,dilation=3,dilation_w=2,ceil_mode=1'],
  ['max_pool2d', 'n=1,c=3,h=9,w=8,kh=3,kw=2,stride=2', { auto_pad: 'SAME_UPPER' }],
  ['reduce', 'n=2,c=3,h=5,w=7'],
  ['reduce', 'n=2,c=3,h=5,w=7', { kind: 'sum', axes: 'c' }],
  ['reduce', 'n=2,c=3,h=5,w=7', { kind: 'max', axes: 'n,h' }],
  ['reduce', 'n=2,c=3,h=5,w=7', { kind: 'min', axes: 'w,c' }],
  ['reduce', 'n=2,c=3,h=5,w=7', { kind: 'l2', axes: 'n,c,h,w' }],
  ['reduce', 'n=1,c=1,h=1,w=197', { kind: 'mean', axes: 'w' }],
  ['reduce', 'n=2,c=3,h=5,w=7', { kind: 'argmax', axes: 'c' }],
  ['reduce', 'n=2,c=3,h=5,w=7', { kind: 'argmin', axes: 'c,w' }],
  ['reduce', 'n=2,c=3,h=5,w=7', { kind: 'argmax', axes: 'h', epilogue: 'x * 0.5 + shift' }],
  ['reduce', 'n=1,c=1,h=1,w=197', { kind: 'argmax', axes: 'n,c,h,w' }],
  ['reduce', 'n=2,c=3,h=5,w=7', { kind: 'prod', axes: 'c' }],
  ['reduce', 'n=2,c=3,h=5,w=7', { kind: 'prod', axes: 'n,c,h,w' }],
  ['reduce', 'n=2,c=3,h=5,w=7', { kind: 'l1', axes: 'h,w' }],
  ['reduce', 'n=2,c=3,h=5,w=7', { kind: 'sum_square', axes: 'n,w' }],
  ['reduce', 'n=2,c=3,h=5,w=7', { kind: 'log_sum', axes: 'w' }],
  ['reduce', 'n=2,c=3,h=5,w=7', { kind: 'log_sum_exp', axes: 'c,w' }],
  ['reduce', 'n=2,c=3,h=5,w=7', { kind: 'log_sum_exp', axes: 'n,c,h,w' }],
  ['reduce', 'n=2,c=3,h=5,w=7,keepdims=1', { kind: 'mean', axes: 'c,w' }],
  ['reduce', 'n=2,c=3,h=5,w=7,keepdims=1', { kind: 'argmax', axes: 'h' }],
  ['reduce', 'n=1,c=1,h=1,w=197', { kind: 'prod', axes: 'w' }],
  ['reduce', 'keepdims=1', { kind: 'log_sum_exp', shape: '2,3,1,5,2,3', axes: '0,-2,3' }],
  ['reduce', '', { kind: 'max', shape: '7', axes: '0' }],
  ['reduce_sum', 'rows=13,cols=31,axis=0,keepdims=1'],
  ['reduce_max', 'rows=13,cols=31,keepdims=1'],
  ['softmax', 'rows=2,cols=5,inner=7'],
  ['softmax', '', { shape: '2,3,4,5', axis: '0' }],
  ['log_softmax', 'rows=3,cols=11,inner=3'],
  ['log_softmax', 'rows=1,cols=197'],
  ['log_softmax', 'rows=7,cols=1'],
  ['log_softmax', 'rows=7,cols=33'],
  ['layer_norm', 'rows=7,cols=33'],
  ['layer_norm', 'rows=1,cols=197'],
  ['layer_norm', 'rows=7,cols=1', { epsilon: '0.001' }],
  ['rms_norm', 'rows=7,cols=33'],
  ['rms_norm', 'rows=1,cols=197'],
  ['rms_norm', 'rows=7,cols=1', { epsilon: '0.001' }],
  ['batch_norm', 'n=2,c=3,h=7,w=5'],
  ['transpose', 'n=2,c=3,h=5,w=7'],
  ['transpose', 'n=2,c=3,h=5,w=7', { order: 'w,h,c,n' }],
  ['transpose', 'n=1,c=1,h=1,w=7', { order: 'c,w,n,h' }],
  ['concat', 'outer=3,inner=5', { parts: '2,7' }],
  ['concat', 'outer=1,inner=1', { parts: '1, 1, 4, 2, 3, 1, 5' }],
  ['attention', 'b=2,h=3,m=7,n=5,d=3,dv=4'],
  ['attention', 'b=1,h=1,m=1,n=1,d=1,dv=1'],
  ['attention', 'b=1,h=2,m=5,n=9,d=8,dv=3,causal=1'],
  ['attention', 'b=2,h=6,kv_heads=2,m=3,n=5,d=4,dv=3'],
  ['attention', 'b=2,h=3,kv_heads=1,m=1,n=9,d=4,dv=3', { scale: '0.75', mask: 'b,1,1,n' }],
  ['attention', 'b=2,h=4,kv_heads=2,m=3,n=5,d=4,dv=3,causal=1', { mask: 'b,h,m,n' }],
  ['attention', 'b=2,h=3,m=4,n=5,d=4,dv=3', { mask: '1,h,m,1', scale: '8' }],
  ['group_norm', 'n=2,c=6,h=3,w=5,groups=2'],
  ['group_norm', 'n=2,c=6,h=3,w=5,groups=6', { epsilon: '0.001' }],
  ['group_norm', 'n=1,c=6,h=7,w=1,groups=1'],
  ['group_norm', 'n=2,c=4,h=3,w=3,groups=2', { epilogue: 'x / (1 + exp(-x)) + shift' }],
  ['instance_norm', 'n=2,c=3,h=5,w=7'],
  ['instance_norm', 'n=1,c=3,h=1,w=1'],
  ['lrn', 'n=2,c=7,h=3,w=2'],
  ['lrn', 'n=1,c=7,h=2,w=2,size=4', { alpha: '0.5', beta: '0.5', bias: '2' }],
  ['lrn', 'n=1,c=2,h=2,w=3,size=7', { alpha: '1' }],
  ['lrn', 'n=1,c=3,h=2,w=3,size=1', { alpha: '0', beta: '2', bias: '0.5' }],
  ['gather', 'n=7,v=5,d=3'],
  ['gather', 'n=7,v=5,d=8', { indices: 'u32' }],
  ['gather', 'n=3,v=2,d=1,outer=4'],
  ['gather', 'n=9,v=1,d=4', { epilogue: 'x * scale + r' }],
  ['resize', 'n=2,c=3,h=4,w=5,oh=8,ow=10'],
  ['resize', 'n=1,c=2,h=9,w=8,oh=4,ow=3', { rounding: 'round_prefer_ceil' }],
  ['resize', 'n=1,c=2,h=5,w=6,oh=7,ow=11', { coordinates: 'asymmetric', rounding: 'floor' }],
  ['resize', 'n=1,c=2,h=5,w=6,oh=7,ow=11', { coordinates: 'align_corners', rounding: 'ceil' }],
  ['resize', 'n=1,c=2,h=5,w=6', { scales: '1.5,0.6' }],
  ['resize', 'n=1,c=2,h=4,w=5,oh=8,ow=10', { mode: 'bilinear' }],
  ['resize', 'n=1,c=2,h=9,w=8,oh=4,ow=3', { mode: 'bilinear', coordinates: 'asymmetric' }],
  ['resize', 'n=1,c=2,h=3,w=4,oh=7,ow=5', { mode: 'bilinear', coordinates: 'align_corners' }],
  ['resize', 'n=1,c=2,h=5,w=6', { mode: 'bilinear', scales: '1.3,0.7' }],
  ['resize', 'n=1,c=2,h=1,w=6,oh=3,ow=1', { mode: 'bilinear', coordinates: 'align_corners' }],
  ['resize', 'n=1,c=1,h=4,w=4,oh=4,ow=2', { mode: 'bilinear' }],
  ['cumsum', 'rows=3,cols=1'],
  ['cumsum', 'rows=3,cols=17,inner=2'],
  ['cumsum', 'rows=2,cols=19,exclusive=1,reverse=1'],
  ['cumsum', 'rows=2,cols=96,reverse=1'],
  ['cumsum', 'rows=2,cols=67,exclusive=1'],
  ['cumsum', 'rows=1,cols=100,inner=3,reverse=1,exclusive=1'],
  ['cumsum', 'rows=1,cols=131,reverse=1'],
  // Blocks of blocks, whole ones and cut ones.
  ['cumsum', 'rows=1,cols=8448'],
  ['cumsum', 'rows=1,cols=8713,reverse=1'],
  ['cumsum', '', { shape: '2,3,70,2', axis: '-2', epilogue: 'x * scale' }],
  ['glu', 'rows=7,cols=5'],
  ['glu', 'rows=3,cols=8,packed=1', { activation: 'gelu_erf' }],
  ['glu', 'rows=3,cols=8,packed=1,gate_last=1', { activation: 'sigmoid' }],
  ['glu', 'rows=3,cols=8', { activation: 'relu' }],
  ['rope', 'b=2,h=3,s=5,d=8'],
  ['rope', 'b=2,h=3,s=5,d=6,interleaved=1'],
  ['rope', 'b=1,h=2,s=3,d=10,rotary=4,heads_last=1'],
  ['rope', 'b=2,h=2,s=3,d=10,rotary=6,interleaved=1,batch_angles=1'],
  ['rope', 'b=2,h=2,s=3,d=2,heads_last=1,batch_angles=1', { epilogue: 'x * scale' }],
];

function byCatalog(a: string, b: string): number {
  const names = listOperators().map(({ name }) => name);
  return names.indexOf(a) - names.indexOf(b);
}

/** The largest amount by which an element misses its tolerance; 0 when all are within. */
function worstMiss(operator: string, wish: WorkloadWish): number {
  const workload = makeWorkload(operator, wish);
  const program = findOperator(operator).build(workload);
  expect(checkSpec(program)).toBeNull();
  const inputs = generateInputs(workload, 7);
  const values = interpret(program, inputs, { rounding: true });
  const { absolute, relative } = findOperator(operator).tolerance(workload);
  let worst = 0;
  for (const name of program.outputs) {
    const expected = expectedAt(workload, inputs, name, null);
    expect(expected.every(Number.isFinite)).toBe(true);
    expected.forEach((want, position) => {
      const miss = Math.abs((values[name]?.[position] ?? Number.NaN) - want) - absolute - relative * Math.abs(want);
      worst = miss > worst || Number.isNaN(miss) ? miss : worst;
    });
  }
  return worst;
}

describe('the program of an operator computes what its reference says', () => {
  for (const dtype of ['f32', 'f16'] as const) {
    for (const [operator, shape, attributes = {}] of cases) {
      it(`${operator} ${shape} ${Object.values(attributes).join(' ')} ${dtype}`, () => {
        expect(worstMiss(operator, { shape, attributes, dtype })).toBe(0);
      });
    }
  }

  it.each(listOperators().map(({ name }) => name))('on the default workload of %s', (operator) => {
    expect(worstMiss(operator, {}), describeWorkload(makeWorkload(operator))).toBe(0);
  });

  it('in a case of every operator', () => {
    const tried = new Set(cases.map(([operator]) => operator));
    expect(listOperators().map(({ name }) => name)).toEqual([...tried].sort(byCatalog));
  });

  it('notices a wrong program', () => {
    const workload = makeWorkload('matmul', { shape: 'm=7,n=5,k=3' });
    const program = findOperator('matmul').build(workload);
    const short = JSON.parse(JSON.stringify(program).replaceAll('"extent":3', '"extent":2'));
    const inputs = generateInputs(workload, 7);
    expect(interpret(short, inputs).C).not.toEqual(expectedAt(workload, inputs, 'C', null));
  });

  it('gives the same expectation at sampled positions as for all', () => {
    for (const [operator, shape] of [
      ['softmax', 'rows=7,cols=33'],
      ['conv2d', conv],
      ['matmul', 'b=2,m=7,n=5'],
    ] as const) {
      const workload = makeWorkload(operator, { shape });
      const inputs = generateInputs(workload, 3);
      const output = findOperator(operator).build(workload).outputs[0] ?? '';
      const all = expectedAt(workload, inputs, output, null);
      const positions = [all.length - 1, 0, 17];
      expect([...expectedAt(workload, inputs, output, positions)]).toEqual(positions.map((position) => all[position]));
    }
  });
});
