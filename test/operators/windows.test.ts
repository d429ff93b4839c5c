import { describe, expect, it } from 'vitest';
import { findOperator } from '../../src/operators/catalog.ts';
import { expectedAt } from '../../src/operators/inputs.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { workloadKey } from '../../src/operators/workload.ts';
import { interpret } from '../../src/testing/interpret.ts';

/** The result of the program for the numbers 1, 2, 3 ...; that of the reference must agree. */
function outputOf(operator: string, shape: string, attributes: Readonly<Record<string, string>> = {}) {
  const workload = makeWorkload(operator, { shape, attributes });
  const program = findOperator(operator).build(workload);
  const inputs = Object.fromEntries(
    program.buffers
      .filter(({ name }) => program.inputs.includes(name))
      .map(({ name, shape }) => [
        name,
        Float64Array.from({ length: shape.reduce((all, extent) => all * extent, 1) }, (_, i) => i + 1),
      ]),
  );
  const output = program.outputs[0] as string;
  const expected = [...expectedAt(workload, inputs, output, null)];
  const computed = [...(interpret(program, inputs, { rounding: true })[output] ?? [])];
  computed.forEach((value, at) => {
    expect(value).toBeCloseTo(expected[at] as number, 4);
  });
  return { values: expected, shape: program.buffers.find(({ name }) => name === output)?.shape };
}

describe('ceil_mode lets a last window reach over the end', () => {
  const small = 'c=1,h=4,w=4,kh=3,kw=3,stride=2,pad=0,ceil_mode=1';

  it('of an image without padding, and the missing elements do not count', () => {
    expect(outputOf('avg_pool2d', small)).toEqual({ shape: [1, 1, 2, 2], values: [6, 7.5, 12, 13.5] });
    expect(outputOf('avg_pool2d', `${small},count_padding=1`).values).toEqual([6, 7.5, 12, 13.5]);
    expect(outputOf('max_pool2d', small)).toEqual({ shape: [1, 1, 2, 2], values: [11, 12, 15, 16] });
  });

  it('but not begin in the padding there', () => {
    const image = 'c=1,h=2,w=2,kh=1,kw=1,stride=2,pad=0,ceil_mode=1';
    expect(outputOf('max_pool2d', image)).toEqual({ shape: [1, 1, 1, 1], values: [1] });
    const padded = 'c=1,h=1,w=4,kh=1,kw=3,stride=3,pad=0,pad_right=1,ceil_mode=1';
    expect(outputOf('max_pool2d', padded)).toEqual({ shape: [1, 1, 1, 2], values: [3, 4] });
    const wide = 'c=1,h=1,w=3,kh=1,kw=2,stride=3,pad=0,pad_right=1,ceil_mode=1';
    expect(outputOf('max_pool2d', wide)).toEqual({ shape: [1, 1, 1, 1], values: [2] });
  });

  it('and padding counts where that was asked for, but nothing beyond it does', () => {
    const line = 'c=1,h=1,w=4,kh=1,kw=4,stride=3,pad=0,pad_right=1,ceil_mode=1';
    // The second window covers the element 4, one element of padding and two that lie beyond it.
    expect(outputOf('avg_pool2d', line).values).toEqual([2.5, 4]);
    expect(outputOf('avg_pool2d', `${line},count_padding=1`).values).toEqual([2.5, 2]);
  });

  it('of an image under a dilated window', () => {
    const line = 'c=1,h=1,w=6,kh=1,kw=3,stride=2,pad=0,dilation=2,ceil_mode=1';
    expect(outputOf('avg_pool2d', line)).toEqual({ shape: [1, 1, 1, 2], values: [3, 4] });
    expect(outputOf('max_pool2d', line)).toEqual({ shape: [1, 1, 1, 2], values: [5, 5] });
    const padded = 'c=1,h=1,w=5,kh=1,kw=2,stride=1,pad=0,pad_left=1,pad_right=1,dilation=3';
    expect(outputOf('avg_pool2d', padded).values).toEqual([3, 2.5, 3.5, 3]);
    expect(outputOf('avg_pool2d', `${padded},count_padding=1`).values).toEqual([1.5, 2.5, 3.5, 1.5]);
  });

  it('and changes nothing where the last window ends there anyway', () => {
    const even = 'c=1,h=4,w=4,kh=2,kw=2,stride=2,pad=0';
    for (const operator of ['max_pool2d', 'avg_pool2d']) {
      const program = (shape: string) => findOperator(operator).build(makeWorkload(operator, { shape }));
      expect(program(`${even},ceil_mode=1`)).toEqual(program(even));
    }
  });
});

describe('auto_pad is another way to say paddings', () => {
  it.each<[string, string, string, string]>([
    ['conv2d', 'h=7,w=8,kh=3,kw=4,stride=2', 'SAME_UPPER', 'pad=1'],
    ['conv2d', 'h=8,w=8,kh=3,kw=3,stride=2', 'SAME_UPPER', 'pad=0,pad_bottom=1,pad_right=1'],
    ['conv2d', 'h=8,w=8,kh=3,kw=3,stride=2', 'SAME_LOWER', 'pad=1,pad_bottom=0,pad_right=0'],
    ['conv2d_nhwc', 'h=7,w=8,kh=3,kw=3,dilation=2', 'same_upper', 'pad=2'],
    ['depthwise_conv2d', 'h=9,w=9,kh=5,kw=5', 'VALID', 'pad=0'],
    ['depthwise_conv2d_nhwc', 'h=9,w=9,kh=2,kw=2', 'SAME_LOWER', 'pad=1,pad_bottom=0,pad_right=0'],
    ['conv1d', 'l=10,k=4,stride=1', 'SAME_UPPER', 'pad=1,pad_right=2'],
    ['conv1d', 'l=10,k=1,stride=3', 'SAME_LOWER', 'pad=0'],
    ['conv1d', 'l=10,k=3', 'VALID', 'pad=0'],
    ['max_pool2d', 'h=5,w=4,kh=2,kw=3,stride=1', 'SAME_UPPER', 'pad=0,pad_left=1,pad_bottom=1,pad_right=1'],
    ['avg_pool2d', 'h=5,w=5,kh=2,kw=2,stride=1,count_padding=1', 'SAME_LOWER', 'pad=1,pad_bottom=0,pad_right=0'],
    ['avg_pool2d', 'h=5,w=5,kh=2,kw=2', 'VALID', 'pad=0'],
    ['conv_transpose2d', 'h=3,w=3,kh=3,kw=3,stride=2', 'SAME_UPPER', 'pad=0,pad_bottom=1,pad_right=1'],
    ['conv_transpose2d', 'h=3,w=3,kh=3,kw=3,stride=2', 'SAME_LOWER', 'pad=1,pad_bottom=0,pad_right=0'],
    ['conv_transpose2d', 'h=3,w=3,kh=1,kw=4,stride=3', 'SAME_UPPER', 'pad=0,pad_right=1,output_pad=2,output_pad_w=0'],
    ['conv_transpose2d', 'h=3,w=3,kh=3,kw=3,stride=2,output_pad=1', 'VALID', 'pad=0'],
  ])('%s -s %s --attr auto_pad=%s is %s', (operator, shape, auto_pad, paddings) => {
    const workload = makeWorkload(operator, { shape, attributes: { auto_pad } });
    const explicit = makeWorkload(operator, { shape: `${shape},${paddings}` });
    expect(workload).toEqual(explicit);
    expect(workloadKey(workload)).toBe(workloadKey(explicit));
  });

  it('and SAME gives one output per stride, or stride outputs per pixel in a transposed convolution', () => {
    for (const auto_pad of ['SAME_UPPER', 'SAME_LOWER']) {
      for (const stride of [1, 2, 3]) {
        for (const k of [1, 2, 3, 5]) {
          const shape = `c=1,oc=1,h=7,w=5,kh=${k},kw=${k},stride=${stride}`;
          const extents = (operator: string) => outputOf(operator, shape, { auto_pad }).shape?.slice(2);
          expect(extents('conv2d')).toEqual([7, 5].map((size) => Math.ceil(size / stride)));
          expect(extents('conv_transpose2d')).toEqual([7, 5].map((size) => size * stride));
        }
      }
    }
  });
});
