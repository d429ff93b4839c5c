import {
  add,
  binary,
  cast,
  div,
  float,
  forLoop,
  int,
  load,
  lt,
  mod,
  mul,
  select,
  seq,
  sub,
  variable as v,
} from '../../src/ir/builders.ts';
import type { Block, Buffer, DType, Expr, Iter, Program, Reducer, Scope, Stmt } from '../../src/ir/nodes.ts';
import { reducers } from '../../src/ir/reducers.ts';

/** Scheduled programs written by hand, as primitives would leave them. */

export function buffer(name: string, shape: readonly number[], scope: Scope = 'storage', dtype: DType = 'f32'): Buffer {
  return { name, dtype, shape, scope };
}
export function spatial(name: string, extent: number, binding: Expr): Iter {
  return { name, extent, type: 'spatial', binding };
}
export function reduction(name: string, extent: number, binding: Expr): Iter {
  return { name, extent, type: 'reduction', binding };
}
export function block(
  name: string,
  iters: readonly Iter[],
  write: { to: string; at: readonly Expr[]; value: Expr },
  options: { predicate?: readonly Expr[]; reducer?: Reducer | null } = {},
): Block {
  return {
    kind: 'block',
    name,
    iters,
    predicate: options.predicate ?? [],
    writes: [{ buffer: write.to, indices: write.at, value: write.value }],
    reducer: options.reducer ?? null,
  };
}
export const sum: Reducer = { op: 'sum', initialises: true };

/** The sum of names and numbers, each times its factor: at(['i0', 4], ['i1', 1]). */
export function at(...terms: readonly (readonly [string, number])[]): Expr {
  return terms
    .map(([name, factor]): Expr => (factor === 1 ? v(name) : mul(v(name), int(factor))))
    .reduce((all, term) => add(all, term));
}

const ceil = (a: number, b: number): number => Math.ceil(a / b);
/** `index < extent`, where a split does not divide the extent. */
const within = (index: Expr, extent: number, covered: number): Expr[] =>
  covered > extent ? [lt(index, int(extent))] : [];

/** One invocation per output, accumulating in a private variable. */
export function naiveMatmul(m: number, n: number, k: number, tile = 8, dtype: DType = 'f32'): Program {
  const row = at(['by', tile], ['ty', 1]);
  const column = at(['bx', tile], ['tx', 1]);
  const rows = within(row, m, ceil(m, tile) * tile);
  const columns = within(column, n, ceil(n, tile) * tile);
  const outer = (body: Stmt): Stmt =>
    forLoop(
      'by',
      ceil(m, tile),
      forLoop(
        'bx',
        ceil(n, tile),
        forLoop('ty', tile, forLoop('tx', tile, body, 'invocation.x'), 'invocation.y'),
        'workgroup.x',
      ),
      'workgroup.y',
    );
  const product = block(
    'matmul',
    [spatial('i', m, row), spatial('j', n, column), reduction('k', k, v('kk'))],
    { to: 'C_local', at: [v('i'), v('j')], value: mul(load('A', [v('i'), v('k')]), load('B', [v('k'), v('j')])) },
    { predicate: [...rows, ...columns], reducer: sum },
  );
  const back = block(
    'C_write',
    [spatial('i', m, row), spatial('j', n, column)],
    { to: 'C', at: [v('i'), v('j')], value: load('C_local', [v('i'), v('j')]) },
    { predicate: [...rows, ...columns] },
  );
  return {
    inputs: ['A', 'B'],
    outputs: ['C'],
    buffers: [
      buffer('A', [m, k], 'storage', dtype),
      buffer('B', [k, n], 'storage', dtype),
      buffer('C', [m, n], 'storage', dtype),
      buffer('C_local', [m, n], 'private'),
    ],
    body: [outer(seq([forLoop('kk', k, product), back]))],
  };
}

export interface Tiling {
  /** Invocations, elements per invocation, in rows and columns; depth of a tile, and how much of it is unrolled. */
  readonly ty: number;
  readonly tx: number;
  readonly ry: number;
  readonly rx: number;
  readonly tk: number;
  /** Width of vectors in cooperative loads and in columns; divides tk, rx and the tile sizes. */
  readonly width: number;
  readonly padding?: number;
}

/** Tiles of A and B in workgroup memory, loaded by all invocations with vectors; ry x rx outputs per invocation in registers. */
export function tiledMatmul(m: number, n: number, k: number, t: Tiling): Program {
  const tm = t.ty * t.ry;
  const tn = t.tx * t.rx;
  const threads = t.ty * t.tx;
  const kBlocks = ceil(k, t.tk);
  const row = at(['by', tm], ['ty', t.ry], ['i', 1]);
  const column = at(['bx', tn], ['tx', t.rx], ['j', t.width], ['jv', 1]);
  const depth = at(['k0', t.tk], ['k1', 1]);
  const rows = within(row, m, ceil(m, tm) * tm);
  const columns = within(column, n, ceil(n, tn) * tn);
  const depths = within(depth, k, kBlocks * t.tk);

  const copy = (
    name: string,
    from: string,
    extents: readonly [number, number],
    tileRows: number,
    tileColumns: number,
    base: readonly [Expr, Expr],
  ): Stmt => {
    const total = tileRows * tileColumns;
    const steps = ceil(total, threads * t.width);
    const flat = at(
      [`${name}_s`, threads * t.width],
      [`${name}_ty`, t.tx * t.width],
      [`${name}_tx`, t.width],
      [`${name}_v`, 1],
    );
    const r = add(base[0], div(flat, int(tileColumns)));
    const c = add(base[1], mod(flat, int(tileColumns)));
    const inner = block(
      `${from}_copy`,
      [spatial('r', extents[0], r), spatial('c', extents[1], c)],
      { to: name, at: [v('r'), v('c')], value: load(from, [v('r'), v('c')]) },
      {
        predicate: [
          ...within(flat, total, steps * threads * t.width),
          ...(extents[0] % tileRows === 0 ? [] : [lt(r, int(extents[0]))]),
          ...(extents[1] % tileColumns === 0 ? [] : [lt(c, int(extents[1]))]),
        ],
      },
    );
    const vector = forLoop(`${name}_v`, t.width, inner, 'vectorized');
    const lanes = forLoop(`${name}_ty`, t.ty, forLoop(`${name}_tx`, t.tx, vector, 'invocation.x'), 'invocation.y');
    return forLoop(`${name}_s`, steps, lanes, 'unrolled');
  };

  const update = block(
    'matmul',
    [spatial('i', m, row), spatial('j', n, column), reduction('k', k, depth)],
    {
      to: 'C_local',
      at: [v('i'), v('j')],
      value: mul(load('A_shared', [v('i'), v('k')]), load('B_shared', [v('k'), v('j')])),
    },
    { predicate: [...rows, ...columns, ...depths], reducer: sum },
  );
  const body = seq([
    forLoop(
      'k0',
      kBlocks,
      seq([
        copy('A_shared', 'A', [m, k], tm, t.tk, [at(['by', tm]), at(['k0', t.tk])]),
        copy('B_shared', 'B', [k, n], t.tk, tn, [at(['k0', t.tk]), at(['bx', tn])]),
        forLoop(
          'k1',
          t.tk,
          forLoop(
            'i',
            t.ry,
            forLoop('j', t.rx / t.width, forLoop('jv', t.width, update, 'vectorized'), 'unrolled'),
            'unrolled',
          ),
          'unrolled',
        ),
      ]),
    ),
    writeBack(m, n, t, tm, tn),
  ]);
  const strided = (base: Buffer): Buffer =>
    t.padding === undefined ? base : { ...base, strides: [(base.shape[1] as number) + t.padding, 1] };
  return {
    inputs: ['A', 'B'],
    outputs: ['C'],
    buffers: [
      buffer('A', [m, k]),
      buffer('B', [k, n]),
      buffer('C', [m, n]),
      strided(buffer('A_shared', [m, k], 'workgroup')),
      buffer('B_shared', [k, n], 'workgroup'),
      buffer('C_local', [m, n], 'private'),
    ],
    body: [
      forLoop(
        'by',
        ceil(m, tm),
        forLoop(
          'bx',
          ceil(n, tn),
          forLoop('ty', t.ty, forLoop('tx', t.tx, body, 'invocation.x'), 'invocation.y'),
          'workgroup.x',
        ),
        'workgroup.y',
      ),
    ],
  };
}

function writeBack(m: number, n: number, t: Tiling, tm: number, tn: number): Stmt {
  const row = at(['by', tm], ['ty', t.ry], ['wi', 1]);
  const column = at(['bx', tn], ['tx', t.rx], ['wj', t.width], ['wv', 1]);
  const back = block(
    'C_write',
    [spatial('i', m, row), spatial('j', n, column)],
    { to: 'C', at: [v('i'), v('j')], value: load('C_local', [v('i'), v('j')]) },
    { predicate: [...within(row, m, ceil(m, tm) * tm), ...within(column, n, ceil(n, tn) * tn)] },
  );
  return forLoop(
    'wi',
    t.ry,
    forLoop('wj', t.rx / t.width, forLoop('wv', t.width, back, 'vectorized'), 'unrolled'),
    'unrolled',
  );
}

/** Convolution with zero padding, one invocation per output; channels, rows and columns of the filter fused into one reduction loop. */
export function fusedConv(): Program {
  const [c, h, w, f, r, s, stride, pad] = [3, 9, 11, 5, 3, 3, 2, 1];
  const [oh, ow] = [(h + 2 * pad - r) / stride + 1, (w + 2 * pad - s) / stride + 1];
  const out = at(['b', 32], ['t', 1]);
  const y = add(mul(v('oy'), int(stride)), v('ry'));
  const x = add(mul(v('ox'), int(stride)), v('rx'));
  const yIn = sub(y, int(pad));
  const xIn = sub(x, int(pad));
  const inside = [binary('ge', yIn, int(0)), lt(yIn, int(h)), binary('ge', xIn, int(0)), lt(xIn, int(w))].reduce(
    (all, next) => binary('and', all, next),
  );
  const padded = select(inside, load('X', [v('rc'), yIn, xIn]), float(0));
  const outputs = f * oh * ow;
  const iters = [
    spatial('of', f, div(out, int(oh * ow))),
    spatial('oy', oh, mod(div(out, int(ow)), int(oh))),
    spatial('ox', ow, mod(out, int(ow))),
  ];
  const update = block(
    'conv',
    [
      ...iters,
      reduction('rc', c, div(v('k'), int(r * s))),
      reduction('ry', r, mod(div(v('k'), int(s)), int(r))),
      reduction('rx', s, mod(v('k'), int(s))),
    ],
    {
      to: 'acc',
      at: [v('of'), v('oy'), v('ox')],
      value: mul(padded, load('W', [v('of'), v('rc'), v('ry'), v('rx')])),
    },
    { predicate: [lt(out, int(outputs))], reducer: sum },
  );
  const back = block(
    'conv_write',
    iters,
    { to: 'Y', at: [v('of'), v('oy'), v('ox')], value: load('acc', [v('of'), v('oy'), v('ox')]) },
    { predicate: [lt(out, int(outputs))] },
  );
  return {
    inputs: ['X', 'W'],
    outputs: ['Y'],
    buffers: [
      buffer('X', [c, h, w]),
      buffer('W', [f, c, r, s]),
      buffer('Y', [f, oh, ow]),
      buffer('acc', [f, oh, ow], 'private'),
    ],
    body: [
      forLoop(
        'b',
        ceil(outputs, 32),
        forLoop('t', 32, seq([forLoop('k', c * r * s, update), back]), 'invocation.x'),
        'workgroup.x',
      ),
    ],
  };
}

/** Row maximum or sum: lanes reduce strided parts, an eighth of the lanes reduces eight results each, and one lane the rest. */
export function rowReduction(rows: number, columns: number, lanes = 64, op: Reducer['op'] = 'sum'): Program {
  const column = at(['c', lanes], ['l', 1]);
  const reducer: Reducer = { op, initialises: true };
  const steps = ceil(columns, lanes);
  const few = lanes / 8;
  const element = load('A', [v('i'), column]);
  // As rfactor leaves it: every partial result is defined, even where a lane has nothing to reduce.
  const guarded = select(lt(column, int(columns)), element, reducers[op].identity(['f32'])[0] as Expr);
  const partial = block(
    'partial',
    [spatial('i', rows, v('row')), spatial('l', lanes, v('lane')), reduction('c', steps, v('c0'))],
    { to: 'part', at: [v('i'), v('l')], value: steps * lanes > columns ? guarded : element },
    { reducer },
  );
  const share = block('share', [spatial('i', rows, v('row')), spatial('l', lanes, v('lane'))], {
    to: 'parts',
    at: [v('i'), v('l')],
    value: load('part', [v('i'), v('l')]),
  });
  const middle = block(
    'middle',
    [spatial('i', rows, v('row')), spatial('g', few, v('group')), reduction('e', 8, v('e0'))],
    { to: 'few', at: [v('i'), v('g')], value: load('parts', [v('i'), add(mul(v('g'), int(8)), v('e'))]) },
    { reducer },
  );
  const last = block(
    'row_reduce',
    [spatial('i', rows, v('row')), reduction('g', few, v('g0'))],
    { to: 'Y', at: [v('i')], value: load('few', [v('i'), v('g')]) },
    { reducer },
  );
  return {
    inputs: ['A'],
    outputs: ['Y'],
    buffers: [
      buffer('A', [rows, columns]),
      buffer('Y', [rows]),
      buffer('part', [rows, lanes], 'private'),
      buffer('parts', [rows, lanes], 'workgroup'),
      buffer('few', [rows, few], 'workgroup'),
    ],
    body: [
      forLoop(
        'row',
        rows,
        seq([
          forLoop('lane', lanes, seq([forLoop('c0', steps, partial), share]), 'invocation.x'),
          forLoop('group', few, forLoop('e0', 8, middle), 'invocation.x'),
          forLoop('g0', few, last),
        ]),
        'workgroup.x',
      ),
    ],
  };
}

/** max(a * 0.25 + b, 0) over n elements with vectors. */
export function elementwise(n: number, width = 4, dtype: DType = 'f32'): Program {
  const per = 64 * width;
  const index = at(['b', per], ['t', width], ['e', 1]);
  const value = binary(
    'max',
    add(mul(load('A', [v('i')]), cast(dtype, float(0.25))), load('B', [v('i')])),
    float(0, dtype),
  );
  const body = block(
    'relu',
    [spatial('i', n, index)],
    { to: 'Y', at: [v('i')], value },
    { predicate: within(index, n, ceil(n, per) * per) },
  );
  return {
    inputs: ['A', 'B'],
    outputs: ['Y'],
    buffers: [
      buffer('A', [n], 'storage', dtype),
      buffer('B', [n], 'storage', dtype),
      buffer('Y', [n], 'storage', dtype),
    ],
    body: [
      forLoop(
        'b',
        ceil(n, per),
        forLoop('t', 64, forLoop('e', width, body, 'vectorized'), 'invocation.x'),
        'workgroup.x',
      ),
    ],
  };
}
