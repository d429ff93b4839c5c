import { refuse } from '../support/refusal.ts';
import { defineOperator, dimension, integer, option, optional } from './define.ts';
import type { Condition, Index, Value } from './definition.ts';
import { add, cast, eq, floorDiv, lt, mod, mul, neg, select, sub } from './expression.ts';
import { exact, integers } from './fill.ts';
import { compute, input, program } from './tensor.ts';

interface Rope {
  readonly d: number;
  readonly rotary: number;
  readonly interleaved: boolean;
}

/** How many of a head's elements are rotated. */
const rotatedOf = ({ d, rotary }: Rope): number => rotary || d;

/** Which of the two elements of its pair an element is, and which pair that is. */
function placeOf(at: number, p: Rope): { readonly second: boolean; readonly pair: number; readonly other: number } {
  const half = rotatedOf(p) / 2;
  const second = p.interleaved ? at % 2 === 1 : at >= half;
  const distance = p.interleaved ? 1 : half;
  const pair = p.interleaved ? Math.floor(at / 2) : at % half;
  return { second, pair, other: second ? at - distance : at + distance };
}

/**
 * Rotary position embedding (Su et al., "RoFormer", 2021): each pair (a, b) of a head's elements becomes (a cos - b sin, b cos + a sin), with
 * one angle per position and pair, whose cosines and sines are inputs. Pairs are elements half a head apart, or with `interleaved`
 * neighbours. Where all elements are rotated, a head is two axes, pairs and the places in one, so that nothing is divided.
 */
defineOperator({
  name: 'rope',
  summary: 'rotary position embedding of X[b,h,s,d] by cos[s,d/2] and sin[s,d/2], on halves or on neighbours',
  parameters: {
    b: dimension(1, 'batch'),
    h: dimension(8, 'heads'),
    s: dimension(128, 'positions'),
    d: dimension(64, 'elements of a head', { min: 2 }),
    interleaved: option('pairs are neighbours (0,1), (2,3) ... instead of elements half a head apart'),
    heads_last: option('X and Y are [b,s,h,d]'),
    batch_angles: option('cos and sin are [b,s,d/2]: each batch has angles of its own, e.g. after padding at the left'),
    rotary: optional(integer(0, 'elements at the start of each head that are rotated; the others stay; 0: all')),
  },
  examples: [
    { says: 'the queries of a language model, positions before heads', shape: 'h=32,s=128,d=128,heads_last=1' },
    { says: 'a quarter of each head rotated', shape: 'd=64,rotary=16' },
  ],
  check: (p) => {
    const name = p.rotary === 0 ? `d=${p.d}` : `rotary=${p.rotary}`;
    if (rotatedOf(p) % 2 === 1)
      return refuse('odd-rotation', () => `${name} must be even, because elements are rotated in pairs`);
    if (p.rotary <= p.d) return null;
    return refuse('rotary-too-large', () => `rotary=${p.rotary} may be at most d=${p.d}, the elements of a head`);
  },
  build: (p, _, dtype) => {
    const rotated = rotatedOf(p);
    const half = rotated / 2;
    const whole = rotated === p.d;
    const ofHead: Readonly<Record<string, number>> = whole
      ? p.interleaved
        ? { p: half, q: 2 }
        : { q: 2, p: half }
      : { e: p.d };
    const heads = p.heads_last ? { b: p.b, s: p.s, h: p.h } : { b: p.b, h: p.h, s: p.s };
    const X = input('X', [...Object.values(heads), ...Object.values(ofHead)], dtype);
    const angles = [...(p.batch_angles ? [p.b] : []), p.s, half];
    const [cos, sin] = [input('cos', angles, dtype), input('sin', angles, dtype)];
    const wide = (value: Value): Value => cast('f32', value);
    const axes: Readonly<Record<string, number>> = { ...heads, ...ofHead };
    const Y = compute(
      'Y',
      axes,
      (index) => {
        const at = (name: string): Index => index[name] as Index;
        const element = (own: readonly Index[]): Value => wide(X.at(...Object.keys(heads).map(at), ...own));
        const turned = (own: Value, other: Value, isFirst: Condition, pair: Index): Value => {
          const angle = [...(p.batch_angles ? [at('b')] : []), at('s'), pair];
          return add(mul(own, wide(cos.at(...angle))), mul(select(isFirst, neg(other), other), wide(sin.at(...angle))));
        };
        if (whole) {
          const other = sub<Index>(1, at('q'));
          const places = (place: Index): Index[] => (p.interleaved ? [at('p'), place] : [place, at('p')]);
          const value = turned(element(places(at('q'))), element(places(other)), eq(at('q'), 0), at('p'));
          return cast(dtype, value);
        }
        const e = at('e');
        const pair = p.interleaved ? floorDiv(e, 2) : mod(e, half);
        const isFirst = p.interleaved ? eq(mod(e, 2), 0) : lt(e, half);
        const other = p.interleaved ? add(e, sub<Index>(1, mul(mod(e, 2), 2))) : mod(add(e, half), rotated);
        const value = turned(element([e]), element([other]), isFirst, pair);
        return cast(dtype, select(lt(e, rotated), value, element([e])));
      },
      { stage: 'rotate' },
    );
    return program([X, cos, sin], [Y]);
  },
  reference: (p, _, { X, cos, sin }) => ({
    Y: (flat) => {
      const own = X?.[flat] ?? Number.NaN;
      const at = flat % p.d;
      if (at >= rotatedOf(p)) return own;
      const position = p.heads_last ? Math.floor(flat / (p.d * p.h)) % p.s : Math.floor(flat / p.d) % p.s;
      const { second, pair, other } = placeOf(at, p);
      const batch = p.batch_angles ? Math.floor(flat / (p.d * p.h * p.s)) : 0;
      const angle = ((batch * p.s + position) * rotatedOf(p)) / 2 + pair;
      const beside = X?.[flat - at + other] ?? Number.NaN;
      const [c, s] = [cos?.[angle] ?? Number.NaN, sin?.[angle] ?? Number.NaN];
      return second ? own * c + beside * s : own * c - beside * s;
    },
  }),
  // Multilinear: integers stand for cosines and sines as well.
  inputs: () => ({ X: integers(-8, 8), cos: integers(-8, 8), sin: integers(-8, 8) }),
  tolerance: () => exact,
  channels: (p) => (rotatedOf(p) === p.d ? [3, 4] : [3]),
});
