/** Just enough of the ONNX protobuf format to write a graph of matrix products: field numbers are those of onnx.proto3. */

const varint = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
};
const number = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)];
const bytes = (field: number, value: readonly number[]): number[] => [
  ...varint(field * 8 + 2),
  ...varint(value.length),
  ...value,
];
const text = (field: number, value: string): number[] => bytes(field, [...Buffer.from(value)]);

const float32 = 1;

function valueInfo(name: string, shape: readonly number[]): number[] {
  const dimensions = shape.flatMap((extent) => bytes(1, number(1, extent)));
  const tensorType = [...number(1, float32), ...bytes(2, dimensions)];
  return [...text(1, name), ...bytes(2, bytes(1, tensorType))];
}

/** A chain of `length` products: T1 = A x B, T2 = T1 x B, ... ; A is m x k and B is k x k, or k x n for a chain of one. */
export function matmulChain(m: number, n: number, k: number, length: number): Uint8Array {
  const nodes: number[] = [];
  for (let i = 0; i < length; i++) {
    const node = [
      ...text(1, i === 0 ? 'A' : `T${i}`),
      ...text(1, 'B'),
      ...text(2, i === length - 1 ? 'C' : `T${i + 1}`),
      ...text(4, 'MatMul'),
    ];
    nodes.push(...bytes(1, node));
  }
  const graph = [
    ...nodes,
    ...text(2, 'chain'),
    ...bytes(11, valueInfo('A', [m, k])),
    ...bytes(11, valueInfo('B', [k, n])),
    ...bytes(12, valueInfo('C', [m, n])),
  ];
  return Uint8Array.from([...number(1, 8), ...bytes(7, graph), ...bytes(8, [...text(1, ''), ...number(2, 17)])]);
}
