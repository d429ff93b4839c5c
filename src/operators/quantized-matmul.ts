import { refuse } from '../support/refusal.ts';
import { accumulate } from './accumulate.ts';
import { defineOperator, dimension, integer, option } from './define.ts';
import type { Index, Value } from './definition.ts';
import {
  add,
  bitAnd,
  cast,
  floorDiv,
  lt,
  mod,
  mul,
  reductionAxis,
  select,
  shiftRight,
  sub,
  sumOver,
} from './expression.ts';
import { exact, exactIntegerLimit, integers } from './fill.ts';
import { compute, input, program } from './tensor.ts';

const wordBits = 32;

interface Quantized {
  readonly n: number;
  readonly k: number;
  readonly bits: number;
  readonly block: number;
}

/** The layout of the weights: blocks per row, u32 words per block, weights per word, and zero points per row, which fills whole bytes. */
function layoutOf({ n, k, bits, block }: Quantized) {
  const perWord = wordBits / bits;
  const blocks = Math.ceil(k / block);
  const zerosPerRow = (Math.ceil((blocks * bits) / 8) * 8) / bits;
  return { perWord, blocks, words: block / perWord, zerosPerRow, zeroWords: Math.ceil((n * zerosPerRow) / perWord) };
}

/**
 * C[i, j] = sum over k of A[i, k] * scales[j, k / block] * (q[j, k] - zero). The integers q of 2, 4 or 8 bits lie packed in u32 words along
 * k, the first in the lowest bits, one row of weights after another, every row filled up to whole blocks, as ONNX Runtime's
 * MatMulNBits has them. Zero is 2^(bits-1), or with `zero_points` one per block, packed like the weights in rows of whole bytes. In the
 * program k is three axes, block, word and place in the word: the memory is the same, and nothing is divided. Where k ends within a block,
 * what lies after the end does not count. Sums are kept in f32.
 */
defineOperator({
  name: 'quantized_matmul',
  summary: 'C[m,n] = A[m,k] x B[n,k]^T, B in 2, 4 or 8 bits with a scale, and a zero point if asked, a block of k',
  parameters: {
    m: dimension(32, 'rows of A and C'),
    n: dimension(128, 'rows of B, columns of C'),
    k: dimension(128, 'columns of A and B: what is summed over; rows of B are filled up to whole blocks'),
    bits: integer(4, 'bits of a weight: 2, 4 or 8', { min: 2, max: 8 }),
    block: integer(32, 'weights that share a scale; a multiple of the 32 / bits in a word', { min: 4 }),
    zero_points: option(
      'an input of one zero point a block, packed as B in rows of whole bytes; else all are 2^(bits-1)',
    ),
  },
  examples: [
    { says: 'weights of MatMulNBits with zero points', shape: 'm=1,n=4096,k=4096,bits=4,block=32,zero_points=1' },
    { says: 'two bits, and a k that ends within a block', shape: 'm=4,n=256,k=200,bits=2,block=64' },
  ],
  check: (p) => {
    if (p.bits !== 2 && p.bits !== 4 && p.bits !== 8) {
      return refuse('bad-bits', () => `bits=${p.bits} must be 2, 4 or 8`);
    }
    const perWord = wordBits / p.bits;
    if (p.block % perWord === 0) return null;
    return refuse(
      'block-not-words',
      () => `block=${p.block} must be a multiple of ${perWord}, the weights of ${p.bits} bits in a 32-bit word`,
    );
  },
  build: (p, _, dtype) => {
    const { perWord, blocks, words, zerosPerRow, zeroWords } = layoutOf(p);
    const whole = p.k === blocks * p.block;
    const A = input('A', whole ? [p.m, blocks, words, perWord] : [p.m, p.k], dtype);
    const B = input('B', [p.n, blocks, words], 'u32');
    const scales = input('scales', [p.n, blocks], dtype);
    const positionOf = (g: Index, w: Index, q: Index): Index => add(add(mul(g, p.block), mul(w, perWord)), q);
    const zeros = p.zero_points ? input('zero_points', [zeroWords], 'u32') : null;
    const filled = whole
      ? A
      : compute(
          'filled',
          { i: p.m, g: blocks, w: words, q: perWord },
          ({ i, g, w, q }) => {
            const at = positionOf(g, w, q);
            return select(lt(at, p.k), A.at(i, at), 0);
          },
          { stage: 'fill_block' },
        );
    const g = reductionAxis('g', blocks);
    const w = reductionAxis('w', words);
    const q = reductionAxis('q', perWord);
    const unpacked = (word: Value, place: Index): Value =>
      cast('f32', bitAnd(shiftRight(word, cast('u32', mul(place, p.bits))), 2 ** p.bits - 1));
    const zeroOf = (row: Index): Value | number => {
      if (zeros === null) return 2 ** (p.bits - 1);
      const at = add(mul(row, zerosPerRow), g);
      return unpacked(zeros.at(floorDiv(at, perWord)), mod(at, perWord));
    };
    const C = accumulate(
      'C',
      { i: p.m, j: p.n },
      ({ i, j }) => {
        const weight = mul(sub(unpacked(B.at(j, g, w), q), zeroOf(j)), cast('f32', scales.at(j, g)));
        const term = mul(cast('f32', filled.at(i, g, w, q)), weight);
        // Zero times an infinite scale is no number: what lies after the end is no term at all.
        return sumOver(whole ? term : select(lt(positionOf(g, w, q), p.k), term, 0), [g, w, q]);
      },
      { stage: 'quantized_matmul', dtype },
    );
    return program(zeros === null ? [A, B, scales] : [A, B, scales, zeros], [C]);
  },
  reference: (p, _, { A, B, scales, zero_points }) => {
    const { perWord, blocks, zerosPerRow } = layoutOf(p);
    const range = 2 ** p.bits;
    const stored = (words: Float64Array | undefined, at: number): number =>
      Math.floor((words?.[Math.floor(at / perWord)] ?? Number.NaN) / range ** (at % perWord)) % range;
    return {
      C: (flat) => {
        const row = Math.floor(flat / p.n);
        const column = flat % p.n;
        let total = 0;
        for (let k = 0; k < p.k; k++) {
          const block = Math.floor(k / p.block);
          const weight = stored(B, column * blocks * p.block + k);
          const zero = p.zero_points ? stored(zero_points, column * zerosPerRow + block) : range / 2;
          total +=
            (A?.[row * p.k + k] ?? Number.NaN) * (weight - zero) * (scales?.[column * blocks + block] ?? Number.NaN);
        }
        return total;
      },
    };
  },
  // Products are integers below 2^10: sums of 2^14 of them are exact in f32 at worst, and stay far within the range of f16.
  inputs: (p, _, __, sums) => {
    const B = integers(0, 2 ** wordBits - 1);
    const zeros = p.zero_points ? { zero_points: B } : {};
    if (sums === 'f32') return { A: integers(-2, 2), B, scales: integers(-2, 2), ...zeros };
    // Thinned as exactIntegers does it: a term is one of -1, 0, 1 times a weight of variance 4^bits / 12, or twice that with zero points.
    const variance = (2 / 3) * (4 ** p.bits / 12) * (p.zero_points ? 2 : 1);
    const density = (exactIntegerLimit.f16 / 8) ** 2 / (p.k * variance);
    return { A: integers(-1, 1, Math.min(1, density)), B, scales: integers(1, 1), ...zeros };
  },
  tolerance: () => exact,
});
