/** Just enough of the ONNX protobuf format to write graphs of a few nodes: field numbers are those of onnx.proto3. */

export interface OnnxNode {
  readonly type: string;
  /** An empty name is an optional input that is not given. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Integers and lists of integers; a text as it is; a float as `{ float }`. */
  readonly attributes?: Readonly<Record<string, number | readonly number[] | string | { readonly float: number }>>;
  /** Operator set; ONNX's own when absent. */
  readonly domain?: string;
}

/** Elements of a tensor, whose class says their type. */
export type OnnxElements = Float32Array | Uint8Array | Int32Array | BigInt64Array;

export interface OnnxTensor {
  readonly shape: readonly number[];
  readonly data: OnnxElements;
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  /** What each run is given. */
  readonly inputs: Readonly<Record<string, OnnxTensor>>;
  /** Weights: stored in the model. */
  readonly initializers?: Readonly<Record<string, OnnxTensor>>;
  /** f32 outputs with their shapes. */
  readonly outputs: Readonly<Record<string, readonly number[]>>;
  /** Version of ONNX's own operator set. */
  readonly opset?: number;
}

const defaultOpset = 18;
const irVersion = 8;

/** The bytes of a model of this graph. */
export function onnxModel({ nodes, inputs, initializers = {}, outputs, opset = defaultOpset }: OnnxGraph): Uint8Array {
  const graph = join([
    ...nodes.map((node) => bytes(1, nodeMessage(node))),
    text(2, 'graph'),
    ...Object.entries(initializers).map(([name, tensor]) => bytes(5, tensorMessage(name, tensor))),
    ...Object.entries(inputs).map(([name, { shape, data }]) => bytes(11, valueInfo(name, shape, typeOf(data)))),
    ...Object.entries(outputs).map(([name, shape]) => bytes(12, valueInfo(name, shape, float32))),
  ]);
  const domains = [...new Set(nodes.map(({ domain }) => domain ?? ''))];
  const sets = domains.map((domain) => bytes(8, join([text(1, domain), number(2, domain === '' ? opset : 1)])));
  return join([number(1, irVersion), bytes(7, graph), ...sets]);
}

/** A chain of `length` products: T1 = A x B, T2 = T1 x B, ... ; A is m x k and B is k x k, or k x n for a chain of one. */
export function matmulChain(m: number, n: number, k: number, length: number): Uint8Array {
  const nameAt = (at: number): string => (at === length ? 'C' : at === 0 ? 'A' : `T${at}`);
  const zeros = (...shape: [number, number]): OnnxTensor => ({ shape, data: new Float32Array(shape[0] * shape[1]) });
  return onnxModel({
    nodes: Array.from({ length }, (_, at) => ({
      type: 'MatMul',
      inputs: [nameAt(at), 'B'],
      outputs: [nameAt(at + 1)],
    })),
    inputs: { A: zeros(m, k), B: zeros(k, n) },
    outputs: { C: [m, n] },
    opset: 17,
  });
}

const float32 = 1;

function typeOf(data: OnnxElements): number {
  if (data instanceof Float32Array) return float32;
  if (data instanceof Uint8Array) return 2;
  return data instanceof Int32Array ? 6 : 7;
}

function tensorMessage(name: string, { shape, data }: OnnxTensor): Uint8Array {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return join([...shape.map((extent) => number(1, extent)), number(2, typeOf(data)), text(8, name), bytes(9, raw)]);
}

function nodeMessage({ type, inputs, outputs, attributes = {}, domain }: OnnxNode): Uint8Array {
  return join([
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, type),
    ...Object.entries(attributes).map(([name, value]) => bytes(5, join([text(1, name), ...attributeFields(value)]))),
    ...(domain === undefined ? [] : [text(7, domain)]),
  ]);
}

function attributeFields(value: NonNullable<OnnxNode['attributes']>[string]): readonly Uint8Array[] {
  const typed = (type: number, ...fields: readonly Uint8Array[]): readonly Uint8Array[] => [
    ...fields,
    number(20, type),
  ];
  if (typeof value === 'number') return typed(2, number(3, value));
  if (typeof value === 'string') return typed(3, text(4, value));
  if ('float' in value) return typed(1, varint(2 * 8 + 5), new Uint8Array(Float32Array.of(value.float).buffer));
  return typed(7, ...value.map((one) => number(8, one)));
}

function valueInfo(name: string, shape: readonly number[], type: number): Uint8Array {
  const dimensions = shape.map((extent) => bytes(1, number(1, extent)));
  const tensorType = join([number(1, type), bytes(2, join(dimensions))]);
  return join([text(1, name), bytes(2, bytes(1, tensorType))]);
}

const join = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const text = (field: number, value: string): Uint8Array => bytes(field, Buffer.from(value));
const number = (field: number, value: number): Uint8Array => join([varint(field * 8), varint(value)]);
const bytes = (field: number, value: Uint8Array): Uint8Array =>
  join([varint(field * 8 + 2), varint(value.length), value]);

/** Seven bits a byte, the lowest first; a negative number is one of 64 bits. */
function varint(value: number): Uint8Array {
  const found: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) found.push(Number(rest & 127n) | 128);
  found.push(Number(rest));
  return Uint8Array.from(found);
}
