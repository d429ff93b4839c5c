import { describe, expect, it } from 'vitest';
import { matmulChain } from '../../bench/peers/onnx-model.ts';
import { decodeModel, decodeTensor } from './model.ts';
import { floatsOf, integersOf, messagesOf, readFields, textsOf } from './wire-format.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('the wire format', () => {
  it('reads one field of each kind, and the same number twice', () => {
    const message = bytes(
      0x08,
      0x96,
      0x01,
      0x12,
      2,
      0x68,
      0x69,
      0x1d,
      0,
      0,
      0x80,
      0x3f,
      0x21,
      ...[0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
      0x08,
      1,
    );
    const fields = readFields(message);
    expect(fields.map(({ number, kind }) => `${number} ${kind}`)).toEqual([
      '1 varint',
      '2 bytes',
      '3 fixed32',
      '4 fixed64',
      '1 varint',
    ]);
    expect(integersOf(fields, 1)).toEqual([150, 1]);
    expect(textsOf(fields, 2)).toEqual(['hi']);
    expect(floatsOf(fields, 3)).toEqual([1]);
    expect(floatsOf(fields, 4, 8)).toEqual([1]);
    expect(messagesOf(fields, 9)).toEqual([]);
  });

  it('reads integers packed and one by one, and negative ones of ten bytes', () => {
    const minusOne = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    expect(integersOf(readFields(bytes(0x0a, 3, 0x01, 0xac, 0x02, 0x08, ...minusOne)), 1)).toEqual([1, 300, -1]);
  });

  it('reads packed floats that do not start at a multiple of four', () => {
    expect(floatsOf(readFields(bytes(0x0a, 8, 0, 0, 0x20, 0x41, 0, 0, 0, 0xc0)), 1)).toEqual([10, -2]);
  });

  it.each([
    ['ends inside a varint', bytes(0x08, 0x80), /inside a varint/],
    ['ends inside a field', bytes(0x12, 5, 1), /inside a field of 5 bytes/],
    ['has a varint without end', bytes(0x08, ...Array.from({ length: 11 }, () => 0xff)), /longer than ten/],
    ['has a group', bytes(0x0b), /wire type 3/],
    ['has a field 0', bytes(0x00, 1), /field number 0/],
  ])('refuses a message that %s', (_, message, reason) => {
    expect(() => readFields(message)).toThrow(reason);
  });
});

describe('tensors', () => {
  const named = [0x42, 1, 0x54];

  it('may hold floats raw or packed', () => {
    const raw = decodeTensor(bytes(0x08, 2, 0x10, 1, ...named, 0x4a, 8, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0));
    const packed = decodeTensor(bytes(0x0a, 1, 2, 0x10, 1, 0x22, 8, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, ...named));
    expect(raw).toEqual({ name: 'T', dtype: 'float', shape: [2], values: Float64Array.of(1, -2) });
    expect(packed).toEqual(raw);
  });

  it('may hold integers raw or packed', () => {
    const raw = decodeTensor(bytes(0x08, 1, 0x10, 7, 0x4a, 8, ...Array.from({ length: 8 }, () => 0xff)));
    expect([...raw.values]).toEqual([-1]);
    expect([...decodeTensor(bytes(0x08, 2, 0x10, 7, 0x3a, 2, 3, 4)).values]).toEqual([3, 4]);
    expect([...decodeTensor(bytes(0x08, 1, 0x10, 6, 0x2a, 1, 9)).values]).toEqual([9]);
  });

  it('may be scalars, and may have a dtype that is not read', () => {
    expect(decodeTensor(bytes(0x10, 1, 0x4a, 4, 0, 0, 0x80, 0x3f)).shape).toEqual([]);
    expect(decodeTensor(bytes(0x08, 3, 0x10, 11))).toMatchObject({ dtype: 'other', shape: [3] });
  });

  it('must have as many values as their shape says', () => {
    expect(() => decodeTensor(bytes(0x08, 3, 0x10, 1, ...named, 0x4a, 4, 0, 0, 0, 0))).toThrow(
      'tensor "T" of shape [3] has 1 values',
    );
  });
});

describe('models', () => {
  it('have nodes, inputs, outputs and a version', () => {
    const model = decodeModel(matmulChain(200, 3, 4, 2));
    expect(model.opset).toBe(17);
    expect(model.nodes.map(({ type, inputs, outputs }) => [type, ...inputs, ...outputs])).toEqual([
      ['MatMul', 'A', 'B', 'T1'],
      ['MatMul', 'T1', 'B', 'C'],
    ]);
    expect([model.inputs, model.outputs]).toEqual([['A', 'B'], ['C']]);
  });

  it('give their nodes attributes, and do not count initializers among the inputs', () => {
    const text = (tag: number, value: string): number[] => [tag, value.length, ...Buffer.from(value)];
    const message = (tag: number, value: readonly number[]): number[] => [tag, value.length, ...value];
    const pads = message(0x2a, [...text(0x0a, 'pads'), 0x40, 1, 0x40, 2]);
    const alpha = message(0x2a, [...text(0x0a, 'alpha'), 0x15, 0, 0, 0, 0x3f]);
    const mode = message(0x2a, [...text(0x0a, 'auto_pad'), ...text(0x22, 'VALID')]);
    const node = message(0x0a, [
      ...text(0x0a, 'X'),
      ...text(0x12, 'Y'),
      ...text(0x22, 'Op'),
      ...pads,
      ...alpha,
      ...mode,
    ]);
    const weights = message(0x2a, [0x10, 1, ...text(0x42, 'W'), 0x4a, 4, 0, 0, 0x80, 0x3f]);
    const inputs = ['X', 'W'].flatMap((name) => message(0x5a, text(0x0a, name)));
    const graph = [...node, ...weights, ...inputs, ...message(0x62, text(0x0a, 'Y'))];
    const model = decodeModel(bytes(...message(0x3a, graph)));
    expect(model).toMatchObject({ opset: 1, inputs: ['X'], outputs: ['Y'] });
    expect(model.initializers.get('W')?.values).toEqual(Float64Array.of(1));
    const { attributes } = model.nodes[0] ?? { attributes: new Map() };
    expect(attributes.get('pads')?.integers).toEqual([1, 2]);
    expect(attributes.get('alpha')?.floats).toEqual([0.5]);
    expect(attributes.get('auto_pad')?.text).toBe('VALID');
  });

  it('must have a graph', () => {
    expect(() => decodeModel(bytes(0x08, 8))).toThrow('no graph');
  });
});
