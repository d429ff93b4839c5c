import { describe, expect, it } from 'vitest';
import { classOf, modelLayers, titleOf, workloadOf } from '../../bench/models/workloads.ts';
import { onnxLayersOf } from '../../bench/peers/onnx-graphs.ts';
import { onnxModel } from '../../bench/peers/onnx-model.ts';
import { flopsOf, minimumBytes } from '../../src/operators/flops.ts';
import { expectedAt, generateInputs } from '../../src/operators/inputs.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { workloadKey } from '../../src/operators/workload.ts';
import { programOf } from '../../src/tuner/build.ts';
import { decodeModel } from '../onnx/model.ts';
import { planCase } from '../onnx/plan.ts';

describe('the table of layers', () => {
  it('has at least 60 layers, each of its own title and workload', () => {
    expect(modelLayers.length).toBeGreaterThanOrEqual(60);
    const titles = modelLayers.map(titleOf);
    expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([]);
    const keys = modelLayers.map((layer) => workloadKey(workloadOf(layer)));
    expect(titles.filter((_, at) => keys.indexOf(keys[at] as string) !== at)).toEqual([]);
  });

  it.each(modelLayers.map((layer) => [titleOf(layer), layer] as const))('makes a program of %s', (_, layer) => {
    const program = programOf(workloadOf(layer));
    expect(program.inputs.length).toBeGreaterThan(0);
    expect(minimumBytes(program)).toBeGreaterThan(0);
    // The least buffer size that every device grants.
    for (const { shape } of program.buffers.filter(({ name }) => program.inputs.includes(name)))
      expect(4 * shape.reduce((product, extent) => product * extent, 1)).toBeLessThanOrEqual(128 * 2 ** 20);
    expect(flopsOf(program)).toBeLessThan(5e9);
  });

  it('begins with a mix of most classes', () => {
    const first = new Set(modelLayers.slice(0, 12).map((layer) => classOf(workloadOf(layer))));
    expect(first.size).toBeGreaterThanOrEqual(6);
  });

  it('has a graph for ONNX Runtime for each of its layers', () => {
    const without = modelLayers.filter((layer) => onnxLayersOf(workloadOf(layer), {}).length === 0);
    expect(without.map(titleOf)).toEqual([]);
  });
});

describe('a graph for ONNX Runtime', () => {
  // Operators of ONNX's own set, small, with everything that differs from its default.
  it.each([
    ['conv2d', 'c=3,h=9,w=7,oc=4,kh=3,kw=5,stride=2,pad=1,pad_right=2', {}],
    ['conv2d', 'c=3,h=8,w=8,oc=4,kh=1,kw=1,pad=0', { epilogue: 'relu(x + bias)' }],
    ['conv2d', 'c=4,h=9,w=9,oc=6,kh=3,kw=3,pad=2,dilation=2,groups=2', { epilogue: 'clamp(x + bias, 0, 6)' }],
    ['depthwise_conv2d', 'c=5,h=9,w=9,kh=5,kw=5,stride=2,pad=2', { epilogue: 'tanh(x + bias)' }],
    ['conv1d', 'c=3,l=20,oc=4,k=3,stride=2,pad=1', {}],
    ['conv_transpose2d', 'c=3,h=5,w=5,oc=2,kh=9,kw=9,stride=3,pad=4,output_pad=2', {}],
    ['matmul', 'm=5,n=6,k=7,bias=1', {}],
    ['matmul', 'm=1,n=6,k=7,transpose_b=1,bias=1', {}],
    ['matmul', 'm=3,n=6,k=7,transpose_b=1', { epilogue: 'tanh(x + bias)' }],
    ['softmax', 'rows=3,cols=9', {}],
    ['layer_norm', 'rows=3,cols=9', {}],
    ['batch_norm', 'c=3,h=4,w=5', {}],
    ['max_pool2d', 'c=3,h=9,w=9,kh=3,kw=3,stride=2,pad=1', {}],
    ['reduce', 'c=3,h=7,w=7', { kind: 'mean', axes: 'h,w' }],
    ['transpose', 'c=3,h=4,w=5', { order: 'n,h,c,w' }],
    ['concat', 'inner=6', { parts: '2,3' }],
    ['elementwise', 'c=3,h=4,w=5', { expression: 'x * clamp(x + 3, 0, 6) / 6' }],
    ['elementwise', 'c=3,h=4,w=5', { expression: 'x * y', y: '1,c,1,1' }],
    ['elementwise', 'c=3,h=4,w=5', { expression: 'x + y', y: 'n,c,h,w' }],
    ['conv2d', 'c=3,h=4,w=4,oc=5,kh=1,kw=1,pad=0', { epilogue: 'relu(x + bias + r)' }],
    ['group_norm', 'c=6,h=4,w=5,groups=3', {}],
    ['resize', 'c=3,h=4,w=5,oh=8,ow=10', { coordinates: 'asymmetric', rounding: 'floor' }],
    ['gather', 'n=5,v=9,d=4', {}],
  ] as const)('computes %s %s %o', (operator, shape, attributes) => {
    const workload = makeWorkload(operator, { shape, attributes });
    const inputs = generateInputs(workload, 1);
    const [output = ''] = programOf(workload).outputs;
    const expected = expectedAt(workload, inputs, output, null);
    const [layer] = onnxLayersOf(workload, inputs);
    if (layer === undefined) throw new Error('no graph');
    const given = Object.values(layer.graph.inputs).map(({ shape: extents, data }) => ({
      ...{ name: '', dtype: data instanceof Int32Array ? ('int32' as const) : ('float' as const), shape: extents },
      values: Float64Array.from(data as Float32Array | Int32Array),
    }));
    const [extents = []] = Object.values(layer.graph.outputs);
    const result = { name: '', dtype: 'float' as const, shape: extents, values: expected };
    const planned = planCase(decodeModel(onnxModel(layer.graph)), given, [result]);
    if ('reason' in planned) throw new Error(planned.reason);
    const [check] = planned.checks;
    const found = layer.toOurs(Float32Array.from(check?.step.reference ?? []));
    expect(found.length).toBe(expected.length);
    for (const [at, value] of found.entries()) expect(value).toBeCloseTo(expected[at] as number, 4);
  });
});
