import { refuse } from '../support/refusal.ts';
import { accumulate } from './accumulate.ts';
import { defineOperator, dimension, integer } from './define.ts';
import { bitAnd, cast, mul, reductionAxis, shiftRight, sub, sumOver } from './expression.ts';
import { exact, exactIntegerLimit, integers } from './fill.ts';
import { input, program } from './tensor.ts';

const wordBits = 32;

/**
 * C[i, j] = sum over k of A[i, k] * scales[j, k / block] * (q[j, k] - 2^(bits-1)). The integers q of 4 or 8 bits lie packed in u32 words
 * along k, the first in the lowest bits, row j of the weights after another, as ONNX Runtime's MatMulNBits with its default
 * zero point has them. In the program k is three axes, block, word and place in the word: the same memory and no division.
 * Sums are kept in f32.
 */
export const quantizedMatmul = defineOperator({
  name: 'quantized_matmul',
  summary: 'C[m,n] = A[m,k] x B[n,k]^T, B in 4 or 8 bits with a scale a block of k',
  parameters: {
    m: dimension(32, 'rows of A and C'),
    n: dimension(128, 'rows of B, columns of C'),
    k: dimension(128, 'columns of A and B: what is summed over; a multiple of block'),
    bits: integer(4, 'bits of a weight: 4 or 8', { min: 4, max: 8 }),
    block: integer(32, 'weights that share a scale; a multiple of the 32 / bits in a word', { min: 4 }),
  },
  check: (p) => {
    if (p.bits !== 4 && p.bits !== 8) return refuse('bad-bits', () => `bits=${p.bits} must be 4 or 8`);
    const perWord = wordBits / p.bits;
    if (p.block % perWord !== 0) {
      return refuse(
        'block-not-words',
        () => `block=${p.block} must be a multiple of ${perWord}, the weights of ${p.bits} bits in a 32-bit word`,
      );
    }
    return p.k % p.block === 0
      ? null
      : refuse('blocks-do-not-divide', () => `block=${p.block} must divide k=${p.k}; pad k with zeros`);
  },
  build: (p, _, dtype) => {
    const perWord = wordBits / p.bits;
    const [blocks, words] = [p.k / p.block, p.block / perWord];
    const A = input('A', [p.m, blocks, words, perWord], dtype);
    const B = input('B', [p.n, blocks, words], 'u32');
    const scales = input('scales', [p.n, blocks], dtype);
    const g = reductionAxis('g', blocks);
    const w = reductionAxis('w', words);
    const q = reductionAxis('q', perWord);
    const C = accumulate(
      'C',
      { i: p.m, j: p.n },
      ({ i, j }) => {
        const bits = bitAnd(shiftRight(B.at(j, g, w), cast('u32', mul(q, p.bits))), 2 ** p.bits - 1);
        const weight = mul(sub(cast('f32', bits), 2 ** (p.bits - 1)), cast('f32', scales.at(j, g)));
        return sumOver(mul(cast('f32', A.at(i, g, w, q)), weight), [g, w, q]);
      },
      { stage: 'quantized_matmul', dtype },
    );
    return program([A, B, scales], [C]);
  },
  reference: (p, _, { A, B, scales }) => {
    const perWord = wordBits / p.bits;
    const range = 2 ** p.bits;
    return {
      C: (flat) => {
        const row = Math.floor(flat / p.n);
        const column = flat % p.n;
        let total = 0;
        for (let k = 0; k < p.k; k++) {
          const at = column * p.k + k;
          const word = B?.[Math.floor(at / perWord)] ?? Number.NaN;
          const stored = Math.floor(word / range ** (at % perWord)) % range;
          total +=
            (A?.[row * p.k + k] ?? Number.NaN) *
            (stored - range / 2) *
            (scales?.[Math.floor(at / p.block)] ?? Number.NaN);
        }
        return total;
      },
    };
  },
  // Products stay below 2^9 and are integers: 2^15 of them are exact in f32 at worst, and sums far from what f16 cannot hold.
  inputs: (p, _, __, sums) => {
    const B = integers(0, 2 ** wordBits - 1);
    if (sums === 'f32') return { A: integers(-2, 2), B, scales: integers(-2, 2) };
    // Thinned as exactIntegers does it: a term is one of -1, 0, 1 times a weight, of variance 4^bits / 12.
    const variance = (2 / 3) * (4 ** p.bits / 12);
    const density = (exactIntegerLimit.f16 / 8) ** 2 / (p.k * variance);
    return { A: integers(-1, 1, Math.min(1, density)), B, scales: integers(1, 1) };
  },
  tolerance: () => exact,
});
