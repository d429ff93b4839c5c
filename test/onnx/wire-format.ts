/** One field of a protobuf message as it stands on the wire; the reader of the message knows its meaning. */
export type Field =
  | { readonly number: number; readonly kind: 'varint'; readonly value: bigint }
  | { readonly number: number; readonly kind: 'fixed32' | 'fixed64' | 'bytes'; readonly bytes: Uint8Array };

/** A varint that starts at `at` (seven bits per byte, the lowest first), and where the next item starts. */
function varintAt(message: Uint8Array, at: number): readonly [value: bigint, next: number] {
  let value = 0n;
  for (let i = 0; i < 10; i++) {
    const byte = message[at + i];
    if (byte === undefined) throw new Error('the message ends inside a varint');
    value |= BigInt(byte & 127) << BigInt(7 * i);
    if (byte < 128) return [value, at + i + 1];
  }
  throw new Error('a varint is longer than ten bytes');
}

/** The fields of a message, in order. Throws where the bytes are not a message. */
export function readFields(message: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const take = (count: number): Uint8Array => {
    if (at + count > message.length) throw new Error(`the message ends inside a field of ${count} bytes`);
    at += count;
    return message.subarray(at - count, at);
  };
  const takeVarint = (): bigint => {
    const [value, next] = varintAt(message, at);
    at = next;
    return value;
  };
  while (at < message.length) {
    const tag = Number(takeVarint());
    const number = Math.floor(tag / 8);
    if (number === 0) throw new Error('there is no field number 0');
    switch (tag % 8) {
      case 0:
        fields.push({ number, kind: 'varint', value: takeVarint() });
        break;
      case 1:
        fields.push({ number, kind: 'fixed64', bytes: take(8) });
        break;
      case 2:
        fields.push({ number, kind: 'bytes', bytes: take(Number(takeVarint())) });
        break;
      case 5:
        fields.push({ number, kind: 'fixed32', bytes: take(4) });
        break;
      default:
        throw new Error(`field ${number} has wire type ${tag % 8}, which ONNX does not use`);
    }
  }
  return fields;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The embedded messages, or raw bytes, of a repeated field. */
export function messagesOf(fields: readonly Field[], number: number): Uint8Array[] {
  return fields.flatMap((field) => (field.number === number && field.kind === 'bytes' ? [field.bytes] : []));
}

/** The last one wins, as protobuf says. */
export function messageOf(fields: readonly Field[], number: number): Uint8Array | null {
  return messagesOf(fields, number).at(-1) ?? null;
}

export function textsOf(fields: readonly Field[], number: number): string[] {
  return messagesOf(fields, number).map((bytes) => new TextDecoder().decode(bytes));
}

/** Signed 64-bit integers, each a field of its own (proto2) or packed together (proto3), or both. */
export function integersOf(fields: readonly Field[], number: number): number[] {
  const signed = (value: bigint): number => Number(BigInt.asIntN(64, value));
  return fields.flatMap((field) => {
    if (field.number !== number) return [];
    if (field.kind === 'varint') return [signed(field.value)];
    if (field.kind !== 'bytes') throw new Error(`field ${number} holds no integers`);
    const values: number[] = [];
    for (let at = 0; at < field.bytes.length; ) {
      const [value, next] = varintAt(field.bytes, at);
      values.push(signed(value));
      at = next;
    }
    return values;
  });
}

/** Floats of 4 or 8 bytes, single or packed. */
export function floatsOf(fields: readonly Field[], number: number, size: 4 | 8 = 4): number[] {
  return fields.flatMap((field) => {
    if (field.number !== number) return [];
    if (field.kind === 'varint' || field.bytes.length % size !== 0) throw new Error(`field ${number} holds no floats`);
    const view = viewOf(field.bytes);
    return Array.from({ length: field.bytes.length / size }, (_, i) =>
      size === 4 ? view.getFloat32(4 * i, true) : view.getFloat64(8 * i, true),
    );
  });
}
