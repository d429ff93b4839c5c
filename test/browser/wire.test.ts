import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage } from '../../src/device/browser/wire.ts';

describe('messages between a page and its server', () => {
  it('keep typed arrays of every kind, where they begin anywhere in memory', () => {
    const message = {
      kind: 'prepare',
      data: {
        bytes: new Uint8Array([1, 2, 3]),
        nested: [{ positions: new Uint32Array([7, 8]), none: null, text: 'ü' }],
        expected: Float64Array.of(Number.NaN, Number.POSITIVE_INFINITY, 0.1),
        empty: new Float32Array(0),
      },
    };
    const encoded = encodeMessage(message);
    for (const shift of [0, 1, 3]) {
      const moved = new Uint8Array(encoded.length + shift);
      moved.set(encoded, shift);
      expect(decodeMessage(moved.subarray(shift))).toEqual(message);
    }
  });

  it('are refused where they are cut short', () => {
    const encoded = encodeMessage({ bytes: new Uint8Array(100) });
    for (const length of [2, 10, encoded.length - 60]) expect(() => decodeMessage(encoded.slice(0, length))).toThrow();
  });
});
