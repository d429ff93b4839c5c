import { refuse } from '../support/refusal.ts';
import { accumulate } from './accumulate.ts';
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
 * Y = softmax(Q K^T / sqrt(d)) V for every batch and head, in f32 whatever the dtype. Stages: the scores, the softmax of each row
 * (its maximum, exponentials, their sum, probabilities), the weighted sum of values. When causal, query i sees the keys up to
 * i + (keys - queries).
 */
defineOperator({
  name: 'attention',
  summary: 'Y[b,h,m,dv] = softmax(Q[b,h,m,d] x K[b,h,n,d]^T / sqrt(d)) x V[b,h,n,dv]',
  parameters: {
    b: dimension(1, 'batch'),
    h: dimension(4, 'heads'),
    m: dimension(64, 'queries'),
    n: dimension(64, 'keys and values'),
    d: dimension(32, 'length of a query and of a key'),
    dv: dimension(32, 'length of a value'),
    causal: flag(false, 'a query sees the keys before it and its own only; the last query sees all'),
  },
  check: (p) =>
    p.causal && p.m > p.n
      ? refuse(
          'query-without-key',
          () => `causal=1 needs m=${p.m} to be at most n=${p.n}, or the first query would see no key`,
        )
      : null,
  build: (p, _, dtype) => {
    const Q = input('Q', [p.b, p.h, p.m, p.d], dtype);
    const K = input('K', [p.b, p.h, p.n, p.d], dtype);
    const V = input('V', [p.b, p.h, p.n, p.dv], dtype);
    const rows = { b: p.b, h: p.h, i: p.m };
    const d = reductionAxis('d', p.d);
    const products = compute(
      'products',
      { ...rows, j: p.n },
      ({ b, h, i, j }) => sumOver(mul(cast('f32', Q.at(b, h, i, d)), cast('f32', K.at(b, h, j, d))), [d]),
      { stage: 'scores' },
    );
    const score = (b: Index, h: Index, i: Index, j: Index): Value => {
      const scaled = mul(products.at(b, h, i, j), 1 / Math.sqrt(p.d));
      return p.causal ? select(le(j, add(i, p.n - p.m)), scaled, constant(hidden)) : scaled;
    };
    const m = reductionAxis('k', p.n);
    const rowMax = compute('rowMax', rows, ({ b, h, i }) => maxNumberOver(score(b, h, i, m), [m]), {
      stage: 'find_row_max',
    });
    const exponentials = compute(
      'exponentials',
      { ...rows, j: p.n },
      ({ b, h, i, j }) => expNumber(sub(score(b, h, i, j), rowMax.at(b, h, i))),
      { stage: 'exponentiate' },
    );
    const s = reductionAxis('k', p.n);
    const rowSum = compute('rowSum', rows, ({ b, h, i }) => sumOver(exponentials.at(b, h, i, s), [s]), {
      stage: 'sum_row',
    });
    const probabilities = compute(
      'probabilities',
      { ...rows, j: p.n },
      ({ b, h, i, j }) => div(exponentials.at(b, h, i, j), unlessBroken(rowSum.at(b, h, i))),
      { stage: 'normalise' },
    );
    const k = reductionAxis('k', p.n);
    const Y = accumulate(
      'Y',
      { ...rows, j: p.dv },
      ({ b, h, i, j }) => sumOver(mul(probabilities.at(b, h, i, k), cast('f32', V.at(b, h, k, j))), [k]),
      { stage: 'weigh_values', dtype },
    );
    return program([Q, K, V], [Y]);
  },
  reference: (p, _, { Q, K, V }) => {
    const weights = new Map<number, Float64Array>();
    /** The softmax of a query's scores; `row` counts through batches, heads and queries. */
    const weightsOf = (row: number): Float64Array => {
      const known = weights.get(row);
      if (known !== undefined) return known;
      const head = Math.floor(row / p.m);
      const seen = p.causal ? (row % p.m) + 1 + p.n - p.m : p.n;
      const scores = Float64Array.from({ length: p.n }, (_unused, key) => {
        if (key >= seen) return hidden;
        let total = 0;
        for (let at = 0; at < p.d; at++) {
          total += (Q?.[row * p.d + at] ?? Number.NaN) * (K?.[(head * p.n + key) * p.d + at] ?? Number.NaN);
        }
        return total / Math.sqrt(p.d);
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
        const head = Math.floor(row / p.m);
        return weightsOf(row).reduce(
          (total, weight, key) => total + weight * (V?.[(head * p.n + key) * p.dv + (flat % p.dv)] ?? Number.NaN),
          0,
        );
      },
    };
  },
  inputs: () => ({ Q: reals(-2, 2), K: reals(-2, 2), V: reals(-2, 2) }),
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
