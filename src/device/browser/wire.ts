/**
 * Messages between a page and its server, as bytes: JSON, in which a typed array is a place in the bytes that follow it. For plain data alone;
 * runs in pages too.
 */

const kinds = { Uint8Array, Uint32Array, Int32Array, Float32Array, Float64Array } as const;
type Kind = keyof typeof kinds;
const mark = '$bytes';

/** A view begins at a multiple of this. */
const alignment = 8;
const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

export function encodeMessage(message: unknown): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const text = JSON.stringify(message, (_, value: unknown) => {
    if (!ArrayBuffer.isView(value)) return value;
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    const place = { [mark]: Object.prototype.toString.call(value).slice(8, -1), at: length, bytes: bytes.length };
    parts.push(bytes);
    length += aligned(bytes.length);
    return place;
  });
  const head = new TextEncoder().encode(text);
  const start = aligned(4 + head.length);
  const whole = new Uint8Array(start + length);
  new DataView(whole.buffer).setUint32(0, head.length, true);
  whole.set(head, 4);
  let at = start;
  for (const part of parts) {
    whole.set(part, at);
    at += aligned(part.length);
  }
  return whole;
}

/** Throws where the bytes are no message: they come from outside. */
export function decodeMessage(bytes: Uint8Array): unknown {
  // A copy where the bytes do not begin where a view may.
  const whole = bytes.byteOffset % alignment === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset, byteLength } = whole;
  const length = new DataView(buffer, byteOffset, byteLength).getUint32(0, true);
  const start = aligned(4 + length);
  if (4 + length > byteLength) throw new RangeError('a message that is cut short');
  return JSON.parse(new TextDecoder().decode(whole.subarray(4, 4 + length)), (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || !(mark in value)) return value;
    const { [mark]: kind, at, bytes: size } = value as { [mark]: Kind; at: number; bytes: number };
    const View = kinds[kind];
    if (View === undefined || start + at + size > byteLength) throw new RangeError('a message whose bytes are missing');
    return new View(buffer as ArrayBuffer, byteOffset + start + at, size / View.BYTES_PER_ELEMENT);
  });
}
