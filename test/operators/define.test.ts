import { describe, expect, it } from 'vitest';
import { checkSpec } from '../../src/ir/spec.ts';
import { findOperator, listOperators } from '../../src/operators/catalog.ts';
import { defineOperator, dimension, flag } from '../../src/operators/define.ts';
import type { Value } from '../../src/operators/definition.ts';
import * as te from '../../src/operators/expression.ts';
import { exact, integers } from '../../src/operators/fill.ts';
import { expectedAt, generateInputs } from '../../src/operators/inputs.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { compute, input, program } from '../../src/operators/tensor.ts';
import { interpret } from '../../src/testing/interpret.ts';

/** An operator as a user would write it: nearest-neighbour upsampling, optionally mirrored, which needs floor division and casts. */
const upsample = defineOperator({
  name: 'upsample',
  summary: 'repeats every element',
  parameters: {
    n: dimension(5, 'elements'),
    factor: dimension(3, 'copies'),
    mirror: flag(false, 'reverse the result'),
  },
  build: (p, _, dtype) => {
    const x = input('x', [p.n], dtype);
    const y = compute('y', { i: p.n * p.factor }, ({ i }) => {
      const at = p.mirror ? te.sub(p.n * p.factor - 1, i) : i;
      const odd = te.eq(te.mod(i, 2), 1);
      const value = x.at(te.floorDiv(at, p.factor));
      return te.add(te.select(odd, te.neg(value), value), te.cast(dtype, i));
    });
    return program([x], [y]);
  },
  reference: (p, _, { x }) => ({
    y: (i) => {
      const source = Math.floor((p.mirror ? p.n * p.factor - 1 - i : i) / p.factor);
      return (i % 2 === 1 ? -1 : 1) * (x?.[source] ?? Number.NaN) + i;
    },
  }),
  inputs: () => ({ x: integers(-9, 9) }),
  tolerance: () => exact,
});

describe('defineOperator', () => {
  it('makes an operator that is found, listed, parsed, built and checked like any other', () => {
    expect(findOperator('upsample')).toBe(upsample);
    expect(listOperators().map((operator) => operator.name)).toContain('upsample');
    for (const shape of ['', 'n=7,factor=2', 'mirror=1']) {
      const workload = makeWorkload('upsample', { shape });
      const built = upsample.build(workload);
      expect(checkSpec(built)).toBeNull();
      const inputs = generateInputs(workload, 1);
      expect(interpret(built, inputs).y).toEqual(expectedAt(workload, inputs, 'y', null));
    }
  });

  it('refuses a name that is taken or cannot be typed', () => {
    const same = {
      summary: '',
      parameters: {},
      build: () => program([], []),
      reference: () => ({}),
      inputs: () => ({}),
      tolerance: () => exact,
    };
    expect(() => defineOperator({ ...same, name: 'matmul' })).toThrow('an operator named matmul is already defined');
    expect(() => defineOperator({ ...same, name: 'Mat Mul' })).toThrow('operator name "Mat Mul" must be lower-case');
    expect(() => dimension(0, 'rows')).toThrow('the default 0 of "rows" must be an integer in [1, 2147483647]');
  });

  it('has documented parameters on every operator', () => {
    for (const operator of listOperators()) {
      expect(operator.summary).not.toBe('');
      for (const spec of [...Object.values(operator.parameters), ...Object.values(operator.attributes)]) {
        expect(spec.doc).not.toBe('');
      }
    }
  });
});

describe('mistakes in a tensor expression are told', () => {
  const x = input('x', [4, 5], 'f32');
  const h = input('h', [4], 'f16');

  it.each<[string, () => unknown, string]>([
    ['too few indices', () => x.at(0), 'x has 2 dimensions, got 1 indices'],
    ['mixed dtypes', () => te.add(x.at(0, 0), h.at(0)), 'add of f32 and f16: cast one of them'],
    ['two numbers', () => te.add<Value>(1, 2), 'add of two plain numbers'],
    ['a fractional index', () => x.at(0.5, 0), 'an index must be an integer, got 0.5'],
    ['a bad divisor', () => te.floorDiv(te.indexConstant(4), 0), 'floorDiv needs a positive integer divisor, got 0'],
    ['no axis', () => compute('y', {}, () => x.at(0, 0)), 'y needs an axis'],
    [
      'an empty axis',
      () => compute('y', { i: 0 }, ({ i }) => x.at(i, 0)),
      'axis i of y must be a positive integer, got 0',
    ],
    [
      'a reduction axis not reduced over',
      () => compute('y', { i: 4 }, ({ i }) => x.at(i, te.reductionAxis('k', 5))),
      'y uses an axis k that it neither has nor reduces over',
    ],
    [
      'two axes of one name',
      () => {
        const i = te.reductionAxis('i', 5);
        return compute('y', { i: 4 }, () => te.sumOver(x.at(0, i), [i]));
      },
      'y has two axes named i',
    ],
    [
      'an unlisted input',
      () => program([], [compute('y', { i: 4 }, ({ i }) => x.at(i, 0))]),
      'x is read but is not among',
    ],
    [
      'an unread input',
      () => program([x, h], [compute('y', { i: 4 }, ({ i }) => x.at(i, 0))]),
      'input h is never read',
    ],
    [
      'two buffers of one name',
      () => program([x], [compute('x', { i: 4 }, ({ i }) => x.at(i, 0))]),
      'two tensors or stages are named x',
    ],
    ['a bad name', () => input('a b', [1], 'f32'), 'tensor name "a b" must be letters'],
  ])('%s', (_, wrong, message) => {
    expect(wrong).toThrow(message);
  });

  it('but loop names may repeat buffer and stage names: they are made different', () => {
    const built = program([x], [compute('y', { x: 4 }, ({ x: at }) => x.at(at, 0))]);
    expect(checkSpec(built)).toBeNull();
    expect(built.body[0]).toMatchObject({ kind: 'for', name: 'y_x' });
  });
});
