import { describe, expect, it } from 'vitest';
import { findOperator, listOperators } from '../../src/operators/catalog.ts';
import { expectedAt } from '../../src/operators/inputs.ts';
import { makeWorkload, type WorkloadWish } from '../../src/operators/parse-workload.ts';
import { workloadKey } from '../../src/operators/workload.ts';

const outputShape = (operator: string, wish: WorkloadWish) => {
  const program = findOperator(operator).build(makeWorkload(operator, wish));
  return program.buffers.find(({ name }) => name === program.outputs[0])?.shape;
};

describe('parameters added later', () => {
  // Records of these workloads exist under these keys, and changing a key would lose them.
  it.each([
    ['matmul', 'matmul'],
    ['conv2d', 'conv2d'],
  ])('leave the workload of %s as it was where they have their defaults', (operator) => {
    const { params, attributes } = makeWorkload(operator);
    const specs = findOperator(operator);
    for (const name of Object.keys(params)) expect(specs.parameters[name]?.optional ?? false).toBe(false);
    expect(attributes).toEqual({});
  });

  it('do not appear in any workload that does not use them', () => {
    for (const { name, parameters, attributes } of listOperators()) {
      const workload = makeWorkload(name);
      const needed = (specs: Readonly<Record<string, { readonly optional?: boolean }>>) =>
        Object.keys(specs).filter((key) => !specs[key]?.optional);
      expect(Object.keys(workload.params), name).toEqual(needed(parameters));
      expect(Object.keys(workload.attributes), name).toEqual(needed(attributes));
    }
  });

  it('show an example that is a workload, on the page of each operator that has one', () => {
    for (const { name, examples } of listOperators()) {
      for (const { says, shape = '', attributes = {} } of examples) {
        expect(() => makeWorkload(name, { shape, attributes }), `${name}: ${says}`).not.toThrow();
      }
    }
  });
});

describe('the batches of a product', () => {
  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['m=4', { batch_a: '2,3', batch_b: '2,3' }, 'b=6,m=4'],
    ['m=4', { batch_a: '2,3', batch_b: '1' }, 'b=1,m=24'],
    ['m=4', { batch_a: '2,3', batch_b: '2,1' }, 'b=2,m=12'],
    ['m=4', { batch_a: '1', batch_b: '1' }, 'b=1,m=4'],
  ])('%s of %o are written as %s where that is the same', (shape, attributes, plain) => {
    expect(makeWorkload('matmul', { shape, attributes })).toEqual(makeWorkload('matmul', { shape: plain }));
  });

  it('stay apart where they broadcast, or where the rows of a transposed A do not lie together', () => {
    const both = { shape: 'm=4,n=5,k=3', attributes: { batch_a: '2,1', batch_b: '1,3' } };
    expect(makeWorkload('matmul', both)).toMatchObject({ params: { b: 6, m: 4 }, attributes: both.attributes });
    expect(outputShape('matmul', both)).toEqual([2, 3, 4, 5]);
    const turned = { shape: 'm=4,n=5,k=3,transpose_a=1', attributes: { batch_a: '7', batch_b: '1' } };
    expect(outputShape('matmul', turned)).toEqual([7, 4, 5]);
    expect(workloadKey(makeWorkload('matmul', turned))).not.toBe(
      workloadKey(makeWorkload('matmul', { shape: 'b=7,m=4,n=5,k=3,transpose_a=1' })),
    );
  });
});

describe('reductions', () => {
  it('keep the dimensions that they reduce where that is asked for, as ONNX does', () => {
    const attributes = { kind: 'sum', axes: 'c,w' };
    expect(outputShape('reduce', { shape: 'n=2,c=3,h=4,w=5', attributes })).toEqual([2, 4]);
    expect(outputShape('reduce', { shape: 'n=2,c=3,h=4,w=5,keepdims=1', attributes })).toEqual([2, 1, 4, 1]);
    expect(outputShape('reduce_sum', { shape: 'rows=3,cols=4,keepdims=1' })).toEqual([3, 1]);
    expect(outputShape('reduce_max', { shape: 'rows=3,cols=4,axis=0,keepdims=1' })).toEqual([1, 4]);
    const any = { kind: 'prod', shape: '2,3,4,5,6', axes: '-1,0,2' };
    expect(outputShape('reduce', { attributes: any })).toEqual([3, 5]);
    expect(outputShape('reduce', { shape: 'keepdims=1', attributes: any })).toEqual([1, 3, 1, 5, 1]);
  });

  it('name the dimensions of a shape of four', () => {
    const attributes = { kind: 'sum', shape: '2,3,4,5', axes: '-1,1' };
    const named = { shape: 'n=2,c=3,h=4,w=5', attributes: { kind: 'sum', axes: 'c,w' } };
    expect(makeWorkload('reduce', { attributes })).toEqual(makeWorkload('reduce', named));
  });

  it('compute a log-sum-exp without overflow', () => {
    const workload = makeWorkload('reduce', {
      shape: 'n=1,c=1,h=1,w=2',
      attributes: { kind: 'log_sum_exp', axes: 'w' },
    });
    expect(expectedAt(workload, { X: Float64Array.of(1000, 1000) }, 'Y', null)[0]).toBeCloseTo(1000.6931, 3);
  });
});

describe('quantised weights', () => {
  it('may have two bits, a zero point per block, and a k that ends within a block', () => {
    const workload = makeWorkload('quantized_matmul', { shape: 'm=1,n=2,k=3,bits=2,block=16,zero_points=1' });
    // The rows of B are 3, 0, 1 and 1, 2, 3, their zero points 1 and 2, each in a byte of its own.
    const inputs = {
      A: Float64Array.of(1, 10, 100),
      B: Float64Array.of(0b010011, 0b111001),
      scales: Float64Array.of(1, 2),
      zero_points: Float64Array.of(0x0201),
    };
    expect([...expectedAt(workload, inputs, 'C', null)]).toEqual([2 - 10 + 0, 2 * (-1 + 0 + 100)]);
  });
});
