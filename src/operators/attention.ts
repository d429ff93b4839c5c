import { refuse } from '../support/refusal.ts';
import { accumulate } from './accumulate.ts';
import {
  attentionTexts,
  checkOptions,
  headsOf,
  keyHeads,
  maskOf,
  scaleOf,
  writeOutOptions,
} from './attention-options.ts';
import { defineOperator, dimension, flag } from './define.ts';
import type { Index, Value } from './definition.ts';
import {
  add,
  cast,
  constant,
  div,
  expNumber,
  le,
  maxNumberOver,
  mul,
  reductionAxis,
  select,
  sub,
  sumOver,
} from './expression.ts';
import { reals } from './fill.ts';
import { compute, input, program } from './tensor.ts';
import { unlessBroken } from './unless-broken.ts';

/** The score of a key that a query does not see: its weight is 0, and a row of nothing but such scores is NaN. */
const hidden = Number.NEGATIVE_INFINITY;

/**
 * Y = softmax(scale Q K^T + M) V for every batch and head, in f32 whatever the dtype. Stages: the scores, the softmax of each row
 * (its maximum, exponentials, their sum, probabilities), the weighted sum of values. When causal, query i sees the keys up to
 * i + (keys - queries). Where heads of queries share one of keys, a dimension of heads is two in the program, g and r: the memory is the same,
 * and every index stays a plain sum of axes.
 */
defineOperator({
  name: 'attention',
  summary:
    'Y[b,h,m,dv] = softmax(Q[b,h,m,d] x K[b,h,n,d]^T / sqrt(d)) x V[b,h,n,dv]; with shared keys, a mask, a scale',
  parameters: {
    b: dimension(1, 'batch'),
    h: dimension(4, 'heads'),
    m: dimension(64, 'queries'),
    n: dimension(64, 'keys and values'),
    d: dimension(32, 'length of a query and of a key'),
    dv: dimension(32, 'length of a value'),
    causal: flag(false, 'a query sees the keys before it and its own only; the last query sees all'),
    kv_heads: keyHeads,
  },
  attributes: attentionTexts,
  examples: [
    {
      says: 'a language model that reads one token: 14 heads share 2 of keys',
      shape: 'h=14,kv_heads=2,m=1,n=1024,d=64,dv=64',
    },
    {
      says: 'a mask for all heads, and a scale',
      shape: 'h=8,m=77,n=77',
      attributes: { mask: '1,1,m,n', scale: '0.1' },
    },
    { says: 'keys that are padding have -inf in M[b,1,1,n]', shape: 'b=2', attributes: { mask: 'b,1,1,n' } },
  ],
  writeOut: writeOutOptions,
  check: (p, a) =>
    p.causal && p.m > p.n
      ? refuse(
          'query-without-key',
          () => `causal=1 needs m=${p.m} to be at most n=${p.n}, or the first query would see no key`,
        )
      : checkOptions(p, a),
  build: (p, a, dtype) => {
    const { kept, sharing } = headsOf(p);
    const isShared = sharing > 1;
    const heads: Readonly<Record<string, number>> = isShared ? { g: kept, r: sharing } : { h: p.h };
    const Q = input('Q', [p.b, ...Object.values(heads), p.m, p.d], dtype);
    const K = input('K', [p.b, kept, p.n, p.d], dtype);
    const V = input('V', [p.b, kept, p.n, p.dv], dtype);
    const along = maskOf(a) ?? null;
    const repeats = (place: 'b' | 'h' | 'm' | 'n', extents: readonly number[]): readonly number[] =>
      along?.has(place) ? extents : extents.map(() => 1);
    const M =
      along === null
        ? null
        : input(
            'M',
            [
              ...repeats('b', [p.b]),
              ...repeats('h', Object.values(heads)),
              ...repeats('m', [p.m]),
              ...repeats('n', [p.n]),
            ],
            dtype,
          );
    const rows: Readonly<Record<string, number>> = { b: p.b, ...heads, i: p.m };
    /** A query's place: batch, heads, query. */
    const rowOf = (index: Readonly<Record<string, Index>>): readonly Index[] =>
      Object.keys(rows).map((axis) => index[axis] as Index);
    /** Batch and head of what a query's keys and values lie under. */
    const keysOf = (index: Readonly<Record<string, Index>>): readonly Index[] => [
      index.b as Index,
      (isShared ? index.g : index.h) as Index,
    ];
    const d = reductionAxis('d', p.d);
    const products = compute(
      'products',
      { ...rows, j: p.n },
      (index) => {
        const [query, key] = [Q.at(...rowOf(index), d), K.at(...keysOf(index), index.j as Index, d)];
        return sumOver(mul(cast('f32', query), cast('f32', key)), [d]);
      },
      { stage: 'scores' },
    );
    const score = (index: Readonly<Record<string, Index>>, j: Index): Value => {
      const scaled = mul(products.at(...rowOf(index), j), scaleOf(a, p));
      const inMask = [
        along?.has('b') ? (index.b as Index) : 0,
        ...Object.keys(heads).map((axis) => (along?.has('h') ? (index[axis] as Index) : 0)),
        along?.has('m') ? (index.i as Index) : 0,
        along?.has('n') ? j : 0,
      ];
      const masked = M === null ? scaled : add(scaled, cast('f32', M.at(...inMask)));
      return p.causal ? select(le(j, add(index.i as Index, p.n - p.m)), masked, constant(hidden)) : masked;
    };
    const m = reductionAxis('k', p.n);
    const rowMax = compute('rowMax', rows, (index) => maxNumberOver(score(index, m), [m]), { stage: 'find_row_max' });
    const exponentials = compute(
      'exponentials',
      { ...rows, j: p.n },
      (index) => expNumber(sub(score(index, index.j as Index), rowMax.at(...rowOf(index)))),
      { stage: 'exponentiate' },
    );
    const s = reductionAxis('k', p.n);
    const rowSum = compute('rowSum', rows, (index) => sumOver(exponentials.at(...rowOf(index), s), [s]), {
      stage: 'sum_row',
    });
    const probabilities = compute(
      'probabilities',
      { ...rows, j: p.n },
      (index) => div(exponentials.at(...rowOf(index), index.j as Index), unlessBroken(rowSum.at(...rowOf(index)))),
      { stage: 'normalise' },
    );
    const k = reductionAxis('k', p.n);
    const Y = accumulate(
      'Y',
      { ...rows, j: p.dv },
      (index) => {
        const value = V.at(...keysOf(index), k, index.j as Index);
        return sumOver(mul(probabilities.at(...rowOf(index), k), cast('f32', value)), [k]);
      },
      { stage: 'weigh_values', dtype },
    );
    return program([Q, K, V, ...(M === null ? [] : [M])], [Y]);
  },
  reference: (p, a, { Q, K, V, M }) => {
    const weights = new Map<number, Float64Array>();
    const { kept, sharing } = headsOf(p);
    const [scale, along] = [scaleOf(a, p), maskOf(a) ?? null];
    /** Where the keys and values of a row begin, in keys: of batch and head; `row` counts through batches, heads and queries. */
    const firstKeyOf = (row: number): number => {
      const [batch, head] = [Math.floor(row / (p.m * p.h)), Math.floor(row / p.m) % p.h];
      return (batch * kept + Math.floor(head / sharing)) * p.n;
    };
    const maskAt = (row: number, key: number): number => {
      if (along === null) return 0;
      const place = { b: Math.floor(row / (p.m * p.h)), h: Math.floor(row / p.m) % p.h, m: row % p.m, n: key };
      let at = 0;
      for (const name of ['b', 'h', 'm', 'n'] as const) if (along.has(name)) at = at * p[name] + place[name];
      return M?.[at] ?? Number.NaN;
    };
    /** The softmax of a query's scores. */
    const weightsOf = (row: number): Float64Array => {
      const known = weights.get(row);
      if (known !== undefined) return known;
      const first = firstKeyOf(row);
      const seen = p.causal ? (row % p.m) + 1 + p.n - p.m : p.n;
      const scores = Float64Array.from({ length: p.n }, (_unused, key) => {
        if (key >= seen) return hidden;
        let total = 0;
        for (let at = 0; at < p.d; at++) {
          total += (Q?.[row * p.d + at] ?? Number.NaN) * (K?.[(first + key) * p.d + at] ?? Number.NaN);
        }
        return total * scale + maskAt(row, key);
      });
      const largest = scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
      const exponentials = scores.map((score) => Math.exp(score - largest));
      const sum = exponentials.reduce((total, next) => total + next, 0);
      const found = exponentials.map((exponential) => exponential / sum);
      weights.set(row, found);
      return found;
    };
    return {
      Y: (flat) => {
        const row = Math.floor(flat / p.dv);
        const first = firstKeyOf(row);
        return weightsOf(row).reduce(
          (total, weight, key) => total + weight * (V?.[(first + key) * p.dv + (flat % p.dv)] ?? Number.NaN),
          0,
        );
      },
    };
  },
  inputs: (p, a) => {
    // Queries and keys shrink by powers of two as the scale grows, so that scores keep their size, and with it their error.
    const shrink = Math.max(0, Math.ceil(Math.log2(scaleOf(a, p) * Math.sqrt(p.d))));
    const fill = (halvings: number) => reals(-(2 ** (1 - halvings)), 2 ** (1 - halvings), 2 ** (-6 - halvings));
    return {
      Q: fill(Math.ceil(shrink / 2)),
      K: fill(Math.floor(shrink / 2)),
      V: reals(-2, 2),
      ...(maskOf(a) ? { M: reals(-2, 2) } : {}),
    };
  },
  ones: () => true,
  f32SumsOnly: 'in f16 a row of 4,096 equal scores would have half its sum, and every result twice its size',
  // A score's error is absolute and an exponential's relative one; values of both signs cancel in the weighted mean.
  tolerance: (p, _, dtype) => {
    const own = 2e-5 + (p.n + p.d) * 2e-7;
    return dtype === 'f32'
      ? { absolute: 2 * own, relative: own }
      : { absolute: 2 * own + 6.2e-5, relative: own + 2e-3 };
  },
});
