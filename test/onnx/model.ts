import { floatsOf, integersOf, messageOf, messagesOf, readFields, textsOf } from './wire-format.ts';

/** The parts of an ONNX model that a test of operators reads; field numbers are those of onnx.proto3. */
export interface Model {
  /** Version of the default operator set. */
  readonly opset: number;
  readonly nodes: readonly Node[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  /** Inputs without an initializer, which a data set gives, in order. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Sequences, maps and optional values: data sets hold them in messages of other kinds. */
  readonly hasOtherThanTensors: boolean;
}

export interface Node {
  readonly type: string;
  readonly domain: string;
  /** An empty name is an optional input that is not given. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** An attribute with its value in each of the forms it may have. */
export interface Attribute {
  readonly integers: readonly number[];
  readonly floats: readonly number[];
  readonly text: string | null;
  readonly tensor: Tensor | null;
}

export interface Tensor {
  readonly name: string;
  readonly dtype: 'float' | 'int32' | 'int64' | 'other';
  readonly shape: readonly number[];
  /** Row-major; empty where the dtype is `other`. */
  readonly values: Float64Array;
}

const dtypes: Readonly<Record<number, Tensor['dtype']>> = { 1: 'float', 6: 'int32', 7: 'int64' };

export function decodeTensor(message: Uint8Array): Tensor {
  const fields = readFields(message);
  const shape = integersOf(fields, 1);
  const dtype = dtypes[integersOf(fields, 2).at(-1) ?? 0] ?? 'other';
  const raw = messageOf(fields, 9);
  const values = dtype === 'other' ? [] : raw !== null ? valuesOfRaw(raw, dtype) : listed(fields, dtype);
  const count = shape.reduce((product, extent) => product * extent, 1);
  const [name = ''] = textsOf(fields, 8);
  if (dtype !== 'other' && values.length !== count)
    throw new Error(`tensor "${name}" of shape [${shape.join(', ')}] has ${values.length} values`);
  return { name, dtype, shape, values: Float64Array.from(values) };
}

function listed(fields: ReturnType<typeof readFields>, dtype: Tensor['dtype']): number[] {
  if (dtype === 'float') return floatsOf(fields, 4);
  return integersOf(fields, dtype === 'int32' ? 5 : 7);
}

function valuesOfRaw(raw: Uint8Array, dtype: Tensor['dtype']): number[] {
  const size = dtype === 'int64' ? 8 : 4;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Array.from({ length: raw.length / size }, (_, i) => {
    if (dtype === 'float') return view.getFloat32(size * i, true);
    return dtype === 'int32' ? view.getInt32(size * i, true) : Number(view.getBigInt64(size * i, true));
  });
}

function decodeAttribute(message: Uint8Array): readonly [name: string, attribute: Attribute] {
  const fields = readFields(message);
  const tensor = messageOf(fields, 5);
  const attribute = {
    integers: [...integersOf(fields, 3), ...integersOf(fields, 8)],
    floats: [...floatsOf(fields, 2), ...floatsOf(fields, 7)],
    text: textsOf(fields, 4).at(-1) ?? null,
    tensor: tensor === null ? null : decodeTensor(tensor),
  };
  return [textsOf(fields, 1)[0] ?? '', attribute];
}

function decodeNode(message: Uint8Array): Node {
  const fields = readFields(message);
  return {
    type: textsOf(fields, 4).at(-1) ?? '',
    domain: textsOf(fields, 7).at(-1) ?? '',
    inputs: textsOf(fields, 1),
    outputs: textsOf(fields, 2),
    attributes: new Map(messagesOf(fields, 5).map(decodeAttribute)),
  };
}

export function decodeModel(bytes: Uint8Array): Model {
  const fields = readFields(bytes);
  const graphMessage = messageOf(fields, 7);
  if (graphMessage === null) throw new Error('the model has no graph');
  const graph = readFields(graphMessage);
  const versions = messagesOf(fields, 8)
    .map(readFields)
    .filter((set) => ['', 'ai.onnx'].includes(textsOf(set, 1).at(-1) ?? ''))
    .map((set) => integersOf(set, 2).at(-1) ?? 1);
  const initializers = new Map(
    messagesOf(graph, 5)
      .map(decodeTensor)
      .map((tensor) => [tensor.name, tensor] as const),
  );
  const namesOf = (number: number): string[] =>
    messagesOf(graph, number).map((value) => textsOf(readFields(value), 1)[0] ?? '');
  return {
    // Models from before operator sets had versions use the first.
    opset: versions.at(-1) ?? 1,
    nodes: messagesOf(graph, 1).map(decodeNode),
    initializers,
    inputs: namesOf(11).filter((name) => !initializers.has(name)),
    outputs: namesOf(12),
    hasOtherThanTensors: [...messagesOf(graph, 11), ...messagesOf(graph, 12)].some((value) => {
      const type = messageOf(readFields(value), 2);
      // 1 is a tensor's type, 6 a denotation; a type left out says nothing against a tensor.
      return type !== null && readFields(type).some(({ number }) => number !== 1 && number !== 6);
    }),
  };
}
