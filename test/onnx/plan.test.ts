import { describe, expect, it } from 'vitest';
import { matmulChain } from '../../bench/peers/onnx-model.ts';
import { chooseDevice } from '../../src/device/devices.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import { sizeOf } from './call.ts';
import { type Attribute, decodeModel, type Model, type Tensor } from './model.ts';
import { type PlannedCase, planCase } from './plan.ts';
import { runStep } from './run-step.ts';

function tensor(shape: readonly number[], values?: readonly number[]): Tensor {
  const counted = Array.from({ length: sizeOf(shape) }, (_, i) => (i % 7) - 3);
  return { name: 'T', dtype: 'float', shape, values: Float64Array.from(values ?? counted) };
}

function integers(...values: number[]): Tensor {
  return { name: 'I', dtype: 'int64', shape: [values.length], values: Float64Array.from(values) };
}

type Attributes = Readonly<Record<string, number | readonly number[] | string>>;

function attribute(value: Attributes[string]): Attribute {
  const numbers = typeof value === 'string' ? [] : typeof value === 'number' ? [value] : value;
  const text = typeof value === 'string' ? value : null;
  return { integers: numbers, floats: numbers, text, tensor: null };
}

/** A graph of one node. */
function graph(type: string, inputs: readonly Tensor[], attributes: Attributes = {}, opset = 17): Model {
  const names = inputs.map((_, i) => `input${i}`);
  const given = new Map(Object.entries(attributes).map(([name, value]) => [name, attribute(value)]));
  const node = { type, domain: '', inputs: names, outputs: ['Y'], attributes: given };
  return { opset, nodes: [node], initializers: new Map(), inputs: names, outputs: ['Y'], hasOtherThanTensors: false };
}

function plan(
  type: string,
  inputs: readonly Tensor[],
  result: readonly number[],
  attributes: Attributes = {},
  opset = 17,
) {
  return planCase(graph(type, inputs, attributes, opset), inputs, [tensor(result)]);
}

function planned(...parts: Parameters<typeof plan>): PlannedCase {
  const found = plan(...parts);
  if ('reason' in found) throw new Error(`skipped: ${found.reason}`);
  return found;
}

const operatorsOf = ({ steps }: PlannedCase): string[] => steps.map(({ workload }) => workload.operator);
const lastOf = ({ steps }: PlannedCase): number[] => [...(steps.at(-1)?.reference ?? [])];

describe('what ONNX nodes become', () => {
  it('convolution: padding that is the same on all sides, given or worked out', () => {
    const inputs = [tensor([1, 2, 5, 5]), tensor([3, 2, 3, 3])];
    const asked = planned('Conv', inputs, [1, 3, 5, 5], { pads: [1, 1, 1, 1] });
    const workedOut = planned('Conv', inputs, [1, 3, 5, 5], { auto_pad: 'SAME_UPPER' });
    expect(asked.steps[0]?.workload.params).toMatchObject({ pad: 1, stride: 1, groups: 1, oc: 3 });
    expect(workedOut.steps).toEqual(asked.steps);
    expect(planned('Conv', inputs, [1, 3, 3, 3], { auto_pad: 'VALID' }).steps[0]?.workload.params.pad).toBe(0);
  });

  it('convolution: one group per channel is depthwise, a line is conv1d', () => {
    const depthwise = planned('Conv', [tensor([1, 4, 5, 5]), tensor([4, 1, 3, 3])], [1, 4, 3, 3], { group: 4 });
    expect(operatorsOf(depthwise)).toEqual(['depthwise_conv2d']);
    expect(operatorsOf(planned('Conv', [tensor([1, 4, 9]), tensor([2, 4, 3])], [1, 2, 7]))).toEqual(['conv1d']);
  });

  it.each([
    ['asymmetric padding', { pads: [0, 0, 1, 1] }, [1, 3, 4, 4], { pad: 0, pad_bottom: 1, pad_right: 1 }],
    ['two strides', { strides: [1, 2] }, [1, 3, 3, 2], { stride: 1, stride_w: 2 }],
    ['two dilations', { dilations: [1, 2] }, [1, 3, 3, 1], { dilation: 1, dilation_w: 2 }],
  ])('convolution: %s', (_, attributes, result, params) => {
    const inputs = [tensor([1, 2, 5, 5]), tensor([3, 2, 3, 3])];
    expect(planned('Conv', inputs, result, attributes).steps[0]?.workload.params).toMatchObject(params);
  });

  it.each([
    ['an output shape out of reach', 'ConvTranspose', { output_shape: [9, 9] }, [1, 3, 9, 9], /output_pad=2 must be/],
    ['three dimensions', 'Conv', {}, [1, 3, 3, 3, 3], /over 3 dimensions/],
    ['a part we lack', 'LSTM', {}, [1], /nothing here is LSTM/],
  ])('convolution: %s is skipped with the reason', (_, type, attributes, result, reason) => {
    const deep = result.length === 5 ? [3] : [];
    const inputs = [tensor([1, 2, 5, 5, ...deep]), tensor(type === 'Conv' ? [3, 2, 3, 3, ...deep] : [2, 3, 3, 3])];
    expect(plan(type, inputs, result, attributes)).toEqual({ reason: expect.stringMatching(reason) });
  });

  it('pooling: windows over the end count existing elements, and padding that was asked for', () => {
    const ceiling = { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 };
    const image = [tensor([1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9])];
    expect(lastOf(planned('AveragePool', image, [1, 1, 2, 2], ceiling))).toEqual([3, 4.5, 7.5, 9]);
    const counting = { ...ceiling, count_include_pad: 1 };
    expect(lastOf(planned('AveragePool', image, [1, 1, 2, 2], counting))).toEqual([3, 4.5, 7.5, 9]);
    const padded = { ...counting, pads: [1, 1, 1, 1] };
    expect(lastOf(planned('AveragePool', image, [1, 1, 2, 2], padded))).toEqual([0.25, 1.25, 2.75, 7]);
    const line = planned('AveragePool', [tensor([1, 1, 5, 1])], [1, 1, 2, 1], {
      kernel_shape: [2, 1],
      strides: [2, 1],
    });
    expect(lastOf(line)).toEqual([-2.5, -0.5]);
  });

  it('gemm: alpha, beta and C of every shape', () => {
    const [A, B] = [tensor([1, 2], [1, 2]), tensor([2, 2], [1, 2, 3, 4])];
    const scaled = { alpha: 2, beta: 0.5 };
    expect(lastOf(planned('Gemm', [A, B], [1, 2], { alpha: 2 }))).toEqual([14, 20]);
    expect(lastOf(planned('Gemm', [A, B, tensor([2], [4, 8])], [1, 2], scaled))).toEqual([16, 24]);
    expect(lastOf(planned('Gemm', [A, B, tensor([], [4])], [1, 2], scaled))).toEqual([16, 22]);
    expect(lastOf(planned('Gemm', [A, B, tensor([1, 1], [4])], [1, 2], { transB: 1 }))).toEqual([9, 15]);
  });

  it('matmul: batches, vectors, and a matrix that meets a batch', () => {
    const shapeOf = (a: readonly number[], b: readonly number[], result: readonly number[]) =>
      planned('MatMul', [tensor(a), tensor(b)], result).steps[0]?.workload;
    expect(shapeOf([2, 3, 4, 5], [2, 3, 5, 6], [2, 3, 4, 6])?.params).toMatchObject({ b: 6, m: 4, n: 6, k: 5 });
    expect(shapeOf([3, 4, 5], [5, 6], [3, 4, 6])?.params).toMatchObject({ b: 1, m: 12 });
    expect(shapeOf([4, 5], [5], [4])?.operator).toBe('gemv');
    const broadcast = planned('MatMul', [tensor([3, 1, 4, 5]), tensor([2, 5, 6])], [3, 2, 4, 6]);
    expect(broadcast.steps[0]?.workload).toMatchObject({
      ...{ params: { b: 6, m: 4, n: 6, k: 5 }, attributes: { batch_a: '3,1', batch_b: '1,2' } },
    });
  });

  it('softmax: flat rows before opset 13, one axis since then', () => {
    const inputs = [tensor([2, 3, 4])];
    expect(planned('Softmax', inputs, [2, 3, 4], {}, 12).steps[0]?.workload.params).toEqual({ rows: 2, cols: 12 });
    expect(planned('Softmax', inputs, [2, 3, 4]).steps[0]?.workload.params).toEqual({ rows: 6, cols: 4 });
    const along = planned('Softmax', inputs, [2, 3, 4], { axis: 1 });
    expect(operatorsOf(along)).toEqual(['softmax']);
    expect(along.steps[0]?.workload.params).toEqual({ rows: 2, cols: 3, inner: 4 });
    const values = lastOf(along);
    expect((values[0] ?? 0) + (values[4] ?? 0) + (values[8] ?? 0)).toBeCloseTo(1, 6);
  });

  it('reductions: axes as attribute or input, kept or dropped, or none at all', () => {
    const X = tensor([2, 3], [1, 2, 3, 4, 5, 6]);
    expect(lastOf(planned('ReduceSum', [X, integers(0)], [1, 3]))).toEqual([5, 7, 9]);
    expect(lastOf(planned('ReduceMean', [X], [2], { axes: [-1], keepdims: 0 }))).toEqual([2, 5]);
    expect(lastOf(planned('ReduceMax', [X], [], { keepdims: 0 }))).toEqual([6]);
    expect(lastOf(planned('ReduceSumSquare', [X, integers(1)], [2, 1]))).toEqual([14, 77]);
    expect(plan('ReduceSum', [X], [2, 3], { noop_with_empty_axes: 1 })).toHaveProperty('reason');
  });

  it('positions of extremes: along one axis, the first of several', () => {
    const X = tensor([2, 3], [2, 7, 7, 1, 0, 1]);
    expect(lastOf(planned('ArgMax', [X], [1, 3]))).toEqual([0, 0, 0]);
    expect(lastOf(planned('ArgMax', [X], [2, 1], { axis: 1 }))).toEqual([1, 0]);
    expect(lastOf(planned('ArgMin', [X], [2], { axis: -1, keepdims: 0 }))).toEqual([0, 1]);
    expect(plan('ArgMax', [X], [1, 3], { select_last_index: 1 })).toHaveProperty('reason');
  });

  it('transpose: five dimensions, where neighbours move together', () => {
    const X = tensor(
      [2, 1, 3, 2, 2],
      Array.from({ length: 24 }, (_, i) => i),
    );
    const turned = planned('Transpose', [X], [2, 2, 2, 1, 3], { perm: [3, 4, 0, 1, 2] });
    expect(turned.steps[0]?.workload.params).toEqual({ n: 1, c: 1, h: 6, w: 4 });
    expect(lastOf(turned).slice(0, 7)).toEqual([0, 4, 8, 12, 16, 20, 1]);
  });

  it('elementwise: broadcasting as numpy does, and shapes that do not broadcast', () => {
    const sum = planned('Add', [tensor([2, 1], [10, 20]), tensor([3], [1, 2, 3])], [2, 3]);
    expect(lastOf(sum)).toEqual([11, 12, 13, 21, 22, 23]);
    expect(() => plan('Add', [tensor([2]), tensor([3])], [3])).toThrow('do not broadcast');
  });

  it('gather: rows along any axis, counted from the end where an index is negative', () => {
    const X = tensor([2, 3], [1, 2, 3, 4, 5, 6]);
    expect(lastOf(planned('Gather', [X, integers(1, -2, 1)], [3, 3]))).toEqual([4, 5, 6, 1, 2, 3, 4, 5, 6]);
    expect(lastOf(planned('Gather', [X, integers(2, 0)], [2, 2], { axis: 1 }))).toEqual([3, 1, 6, 4]);
  });

  it('cumulative sums: from either end, with the own element or without', () => {
    const X = tensor([2, 3], [1, 2, 3, 4, 5, 6]);
    const sums = (axis: number, attributes: Attributes) =>
      lastOf(planned('CumSum', [X, integers(axis)], [2, 3], attributes));
    expect(sums(0, {})).toEqual([1, 2, 3, 5, 7, 9]);
    expect(sums(-1, {})).toEqual([1, 3, 6, 4, 9, 15]);
    expect(sums(1, { exclusive: 1 })).toEqual([0, 1, 3, 0, 4, 9]);
    expect(sums(1, { reverse: 1 })).toEqual([6, 5, 3, 15, 11, 6]);
    expect(sums(1, { reverse: 1, exclusive: 1 })).toEqual([5, 3, 0, 11, 6, 0]);
  });

  it('resizing: by scales and by sizes, older nodes by their own rules', () => {
    const X = tensor([1, 1, 2, 2], [1, 2, 3, 4]);
    const none = tensor([0], []);
    const doubled = [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4];
    const scales = tensor([4], [1, 1, 2, 2]);
    expect(lastOf(planned('Resize', [X, none, scales], [1, 1, 4, 4]))).toEqual(doubled);
    expect(lastOf(planned('Upsample', [X, scales], [1, 1, 4, 4], {}, 9))).toEqual(doubled);
    const linear = { mode: 'linear', coordinate_transformation_mode: 'align_corners' };
    const across = planned('Resize', [X, none, none, integers(1, 1, 2, 4)], [1, 1, 2, 4], linear);
    const rounded = lastOf(across).map((value) => Math.round(3 * value));
    expect(rounded).toEqual([3, 4, 5, 6, 9, 10, 11, 12]);
    const shrunk = planned(
      'Resize',
      [tensor([1, 1, 1, 4], [1, 2, 3, 4]), none, tensor([4], [1, 1, 1, 0.6])],
      [1, 1, 1, 2],
      {
        mode: 'linear',
      },
    );
    expect(lastOf(shrunk).map((value) => Math.round(3 * value))).toEqual([4, 9]);
    expect(plan('Resize', [X, none, scales], [1, 1, 4, 4], { mode: 'cubic' })).toHaveProperty('reason');
    expect(plan('Resize', [X, none, scales], [1, 1, 4, 4], { antialias: 1 })).toHaveProperty('reason');
  });

  it('normalisations: by channel, by group, and over neighbouring channels', () => {
    const X = tensor([1, 2, 1, 2], [1, 3, 5, 9]);
    const [gamma, beta] = [tensor([2], [2, 1]), tensor([2], [0, 10])];
    const near = (values: readonly number[]): number[] => values.map((value) => Math.round(value * 1e3) / 1e3);
    expect(near(lastOf(planned('InstanceNormalization', [X, gamma, beta], [1, 2, 1, 2], {})))).toEqual([-2, 2, 9, 11]);
    const together = { num_groups: 1 };
    const whole = near(lastOf(planned('GroupNormalization', [X, gamma, beta], [1, 2, 1, 2], together, 21)));
    expect(whole).toEqual([-2.366, -1.014, 10.169, 11.521]);
    // Before opset 21 scale and bias have one value a group.
    const [scale, bias] = [tensor([1], [2]), tensor([1], [1])];
    const older = near(lastOf(planned('GroupNormalization', [X, scale, bias], [1, 2, 1, 2], together, 18)));
    expect(older).toEqual([-1.366, -0.014, 1.338, 4.043]);
    const lrn = planned('LRN', [tensor([1, 3, 1, 1], [1, 2, 3])], [1, 3, 1, 1], {
      size: 2,
      alpha: 2,
      beta: 1,
      bias: 1,
    });
    expect(near(lastOf(lrn))).toEqual([0.167, 0.143, 0.3]);
  });

  it('rotations: halves and neighbours, and positions that name rows of the tables', () => {
    const X = tensor([1, 1, 1, 4], [1, 2, 3, 4]);
    const [cos, sin] = [tensor([2, 2], [9, 9, 0, 1]), tensor([2, 2], [9, 9, 1, 0])];
    const positions: Tensor = { ...integers(1), shape: [1, 1] };
    const turned = (attributes: Attributes) =>
      lastOf(planned('RotaryEmbedding', [X, cos, sin, positions], [1, 1, 1, 4], attributes, 23));
    expect(turned({})).toEqual([-3, 2, 1, 4]);
    expect(turned({ interleaved: 1 })).toEqual([-2, 1, 3, 4]);
    expect(operatorsOf(planned('RotaryEmbedding', [X, cos, sin, positions], [1, 1, 1, 4], {}, 23))).toEqual([
      ...['gather', 'gather', 'rope'],
    ]);
  });

  it('an output whose shape differs from the data set is an error, not a reason to skip', () => {
    expect(() => plan('Relu', [tensor([2, 3])], [3, 2])).toThrow('output "Y" is [3, 2] in the data set, [2, 3] here');
  });
});

describe('running a planned case', () => {
  it('passes with right vectors and fails with wrong ones', { timeout: 60_000 }, async () => {
    const model = decodeModel(matmulChain(2, 2, 2, 2));
    const inputs = [tensor([2, 2], [1, 2, 3, 4]), tensor([2, 2], [1, 1, 0, 1])];
    const run = async (expected: readonly number[]): Promise<void> => {
      const found = planCase(model, inputs, [tensor([2, 2], expected)]);
      if ('reason' in found) throw new Error(found.reason);
      expect(operatorsOf(found)).toEqual(['matmul', 'matmul']);
      for (const check of found.checks) await runStep(runner, check, { candidates: 1, seed: 1 });
    };
    const runner = await createDawnRunner({ device: await chooseDevice('swiftshader') });
    try {
      await run([1, 4, 3, 10]);
      await expect(run([1, 4, 3, 10.1])).rejects.toThrow('C[3] is 10, expected 10.1');
    } finally {
      await runner.close();
    }
  });
});
