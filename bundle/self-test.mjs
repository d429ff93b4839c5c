// The rule by which `test.json` of an exported module makes inputs and judges outputs: plain JavaScript without dependencies, for Node and for
// pages. `self-test.d.mts` has the types and says what each function does.

export const ruleText =
  'element i of an input is low + step * (hash(i) % levels), or 0 where hash(i ^ 0x5bd1e995) / 2^32 >= density; hash(i) in unsigned 32 bits: h = i * 0x9e3779b1 + seed; h = (h ^ (h >> 16)) * 0x7feb352d; h = (h ^ (h >> 15)) * 0x846ca68b; h ^ (h >> 16)';

/** @type {(at: number, seed: number) => number} */
function hash(at, seed) {
  let h = (Math.imul(at, 0x9e3779b1) + seed) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** @type {typeof import('./self-test.d.mts').inputValues} */
export function inputValues({ shape, seed, low, step, levels, density }) {
  const values = new Float64Array(shape.reduce((product, extent) => product * extent, 1));
  for (let at = 0; at < values.length; at++)
    if (density >= 1 || hash(at ^ 0x5bd1e995, seed) / 2 ** 32 < density)
      values[at] = low + step * (hash(at, seed) % levels);
  return values;
}

/** @type {typeof import('./self-test.d.mts').bytesOfValues} */
export function bytesOfValues(values, dtype) {
  const bytes = new Uint8Array(Math.max(4, Math.ceil((values.length * (dtype === 'f16' ? 2 : 4)) / 4) * 4));
  const { buffer } = bytes;
  if (dtype === 'f16') new Uint16Array(buffer).set(Array.from(values, halfOf));
  else if (dtype === 'f32') new Float32Array(buffer).set(values);
  else if (dtype === 'i32') new Int32Array(buffer).set(values);
  else new Uint32Array(buffer).set(values);
  return bytes;
}

/** @type {typeof import('./self-test.d.mts').valuesOfBytes} */
export function valuesOfBytes(bytes, dtype) {
  if (dtype === 'f16') return Array.from(new Uint16Array(bytes), numberOf);
  if (dtype === 'f32') return new Float32Array(bytes);
  return dtype === 'i32' ? new Int32Array(bytes) : new Uint32Array(bytes);
}

/**
 * The bits of a number that is exact in f16.
 * @type {(value: number) => number}
 */
function halfOf(value) {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (magnitude > 65504) return sign | 0x7c00;
  const exponent = magnitude < 2 ** -14 ? -14 : Math.floor(Math.log2(magnitude));
  const fraction = Math.round((magnitude / 2 ** exponent) * 1024);
  return sign | (magnitude < 2 ** -14 ? fraction : ((exponent + 15) << 10) + fraction - 1024);
}

/** @type {(half: number) => number} */
function numberOf(half) {
  const sign = half >> 15 === 0 ? 1 : -1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** @type {typeof import('./self-test.d.mts').judgeOutputs} */
export function judgeOutputs({ outputs: expectations }, outputs) {
  let checked = 0;
  let wrong = 0;
  let first = null;
  for (const { name, dtype, positions, expected, absolute, relative } of expectations) {
    const bytes = outputs[name];
    const got = bytes === undefined ? [] : valuesOfBytes(bytes, dtype);
    for (const [slot, position] of positions.entries()) {
      const want = /** @type {number} */ (expected[slot]);
      const value = got[position] ?? Number.NaN;
      checked++;
      if (Math.abs(value - want) <= absolute + relative * Math.abs(want)) continue;
      wrong++;
      first ??= `${name}[${position}] is ${value}, expected ${want}`;
    }
  }
  return { checked, wrong, first };
}
