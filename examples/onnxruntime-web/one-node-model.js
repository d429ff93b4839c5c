/** Bytes of an ONNX model of one node with one input and one output: protocol buffers, as onnx.proto numbers the fields. */
export function oneNodeModel(operator, shape) {
  const tensor = fields([1, 1], [2, fields(...shape.map((extent) => [1, fields([1, extent])]))]);
  const value = (name) => fields([1, name], [2, fields([1, tensor])]);
  const node = fields([1, 'x'], [2, 'y'], [4, operator]);
  const graph = fields([1, node], [2, operator], [11, value('x')], [12, value('y')]);
  return Uint8Array.from(fields([1, 8], [7, graph], [8, fields([2, 13])]));
}

/** Fields as number and value: an integer, a text, or the bytes of a message. */
function fields(...given) {
  return given.flatMap(([number, value]) => {
    if (typeof value === 'number') return [...varint(number << 3), ...varint(value)];
    const bytes = typeof value === 'string' ? [...new TextEncoder().encode(value)] : value;
    return [...varint((number << 3) | 2), ...varint(bytes.length), ...bytes];
  });
}

function varint(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}
