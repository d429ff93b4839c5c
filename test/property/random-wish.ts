import { listOperators } from '../../src/operators/catalog.ts';
import type { WorkloadWish } from '../../src/operators/parse-workload.ts';
import type { Random } from '../../src/support/random.ts';

/** Sizes that are common, and sizes that nobody thinks of. */
const sizes = [1, 1, 2, 3, 4, 5, 7, 8, 12, 13, 16, 17, 24, 31, 32, 33, 40];

/** Draws the numbers of one wish. */
interface Draw {
  readonly random: Random;
  /** Any of the sizes. */
  readonly size: () => number;
  /** From 1 to the bound. */
  readonly few: (bound: number) => number;
  readonly flag: () => number;
}

type Wish = (draw: Draw) => WorkloadWish;

const image = ({ random }: Draw) => ({ h: 5 + random.below(5), w: 5 + random.below(6) });
/** Numbers that are often the same for both directions and on all sides. */
const perDirection = ({ random, flag }: Draw) => {
  const side = (): number => (random.below(2) === 0 ? -1 : flag());
  return { stride_w: random.below(3), pad_left: side(), pad_bottom: side(), pad_right: side() };
};
const window = (draw: Draw) => ({
  ...{ kh: draw.few(3), kw: draw.few(3), stride: draw.few(2), pad: draw.flag(), dilation: draw.few(2) },
  ...{ ...perDirection(draw), dilation_w: draw.random.below(3) },
});
const rowsAndColumns: Wish = ({ size, few }) => ({ shape: { rows: size(), cols: size() * few(3) } });
/** Rows that are contiguous in memory or have other elements in between. */
const along: Wish = (draw) => {
  const { random, size, few, flag } = draw;
  if (random.below(3) === 0) return { attributes: { shape: random.pick(['3,5,7', '2,3,4,5']), axis: String(flag()) } };
  return { shape: { rows: size(), cols: size() * few(3), inner: flag() === 0 ? 1 : few(9) } };
};
const fourSizes = ({ few, size }: Draw) => ({ n: few(2), c: few(5), h: few(7), w: size() });
const windowed: Wish = (draw) => ({
  shape: { n: draw.few(2), c: draw.few(9), ...image(draw), ...window(draw) },
});
const pooled: Wish = (draw) => ({
  shape: {
    n: draw.few(2),
    c: draw.few(9),
    ...image(draw),
    kh: 1 + draw.few(2),
    kw: 1 + draw.few(2),
    stride: draw.few(3),
    pad: draw.flag(),
    ...perDirection(draw),
    ceil_mode: draw.flag(),
  },
});
/** Now and then, padding given by name. */
const automatic = ({ random }: Draw): Readonly<Record<string, string>> =>
  random.below(3) === 0 ? { auto_pad: random.pick(['SAME_UPPER', 'SAME_LOWER', 'VALID']) } : {};
const paddings = ['pad', 'pad_left', 'pad_bottom', 'pad_right', 'ceil_mode'];
/** The wish with its padding given by name instead. */
const padded =
  (wish: Wish): Wish =>
  (draw) => {
    const { shape, attributes } = wish(draw);
    const padding = automatic(draw);
    if (Object.keys(padding).length === 0) return { shape: shape ?? {}, attributes: attributes ?? {} };
    const others = Object.entries(shape ?? {}).filter(([name]) => !paddings.includes(name));
    return { shape: Object.fromEntries(others), attributes: { ...attributes, ...padding } };
  };

/** What is asked of each operator; one that is not here is an error, so that a new operator cannot be forgotten. */
const wishes: Readonly<Record<string, Wish>> = {
  matmul: ({ random, size, few, flag }) => {
    const batch = random.pick<readonly [string, string] | null>([
      null,
      null,
      ['2', '1'],
      ['1', '3'],
      ['2,1', '1,2'],
      ['2,1,2,1', '2,1,1'],
    ]);
    const [batch_a, batch_b] = batch ?? ['', ''];
    return {
      shape: {
        ...(batch === null ? { b: few(2) } : {}),
        ...{ m: size(), n: size(), k: size(), transpose_a: flag(), transpose_b: flag(), bias: flag() },
      },
      attributes: { batch_a, batch_b },
    };
  },
  gemv: ({ size, few, flag }) => ({
    shape: { m: size() * few(3), k: size() * few(4), transpose_a: flag() },
  }),
  quantized_matmul: ({ random, size, few, flag }) => {
    const bits = random.pick([2, 4, 8]);
    const block = random.pick([16, 32, 48, ...(bits === 2 ? [] : [8, 24])]);
    const k = block * few(4) - (flag() === 0 ? 0 : random.below(block));
    return { shape: { m: few(7), n: size(), k, bits, block, zero_points: flag() } };
  },
  conv2d: padded((draw) => {
    const groups = draw.few(3);
    const channels = { c: groups * draw.few(3), oc: groups * draw.few(4), groups };
    return { shape: { n: draw.few(2), ...channels, ...image(draw), ...window(draw) } };
  }),
  conv2d_nhwc: padded((draw) => {
    const groups = draw.few(3);
    const channels = { c: groups * draw.few(3), oc: groups * draw.few(4), groups };
    return { shape: { n: draw.few(2), ...channels, ...image(draw), ...window(draw) } };
  }),
  depthwise_conv2d: padded(windowed),
  depthwise_conv2d_nhwc: padded(windowed),
  conv1d: (draw) => {
    const groups = draw.few(2);
    return {
      shape: {
        ...{ n: draw.few(2), c: groups * draw.few(4), l: 7 + draw.random.below(30), oc: groups * draw.few(5), groups },
        ...{ k: draw.few(4), stride: draw.few(2), pad: draw.flag(), dilation: draw.few(2) },
        pad_right: draw.random.below(3) - 1,
      },
    };
  },
  conv_transpose2d: (draw) => {
    const [stride, groups] = [draw.few(3), draw.few(2)];
    return {
      shape: {
        ...{ n: draw.few(2), c: groups * draw.few(3), oc: groups * draw.few(3), groups },
        ...{ h: 2 + draw.few(4), w: 2 + draw.few(5) },
        ...{ kh: 1 + draw.few(2), kw: 1 + draw.few(2), stride, pad: draw.flag(), dilation: draw.few(2) },
        output_pad: draw.random.below(stride),
        ...{ ...perDirection(draw), stride_w: stride + draw.random.below(2) },
      },
    };
  },
  max_pool2d: padded(pooled),
  avg_pool2d: padded((draw) => {
    const { shape } = pooled(draw);
    return { shape: { ...(shape as Record<string, number>), count_padding: draw.flag() } };
  }),
  reduce_sum: ({ size, few, flag }) => ({
    shape: { rows: size(), cols: size() * few(4), axis: flag(), keepdims: flag() },
  }),
  reduce_max: ({ size, few, flag }) => ({
    shape: { rows: size() * few(3), cols: size(), axis: flag(), keepdims: flag() },
  }),
  reduce: (draw) => {
    const { random, flag } = draw;
    const kind = random.pick([
      ...['sum', 'mean', 'prod', 'max', 'min', 'l1', 'l2', 'sum_square', 'log_sum', 'log_sum_exp', 'argmax', 'argmin'],
    ]);
    if (random.below(4) === 0) {
      const shape = random.pick(['7', '3,5', '2,3,1,4,5', '3,2,2,2,3,2', '2,2,3,2,5']);
      const axes = random.pick(shape.split(',').length < 5 ? ['0', '-1'] : ['0,2,4', '1,-1', '3', '-2,0,1']);
      return { shape: { keepdims: flag() }, attributes: { kind, shape, axes } };
    }
    const axes = random.pick(['n', 'c', 'h', 'w', 'h,w', 'n,h', 'c,w', 'c,h,w', 'n,c,h,w']);
    return { shape: { ...fourSizes(draw), keepdims: flag() }, attributes: { kind, axes } };
  },
  softmax: along,
  log_softmax: along,
  layer_norm: rowsAndColumns,
  rms_norm: rowsAndColumns,
  batch_norm: (draw) => ({ shape: fourSizes(draw) }),
  attention: ({ few, random, flag }) => {
    const [m, kept] = [few(9), few(2)];
    const isShared = flag() === 1;
    return {
      shape: {
        ...{ b: few(2), h: isShared ? kept * few(3) : kept, kv_heads: isShared ? kept : 0 },
        ...{ m, n: m + random.below(9), d: few(9), dv: few(9), causal: flag() },
      },
      attributes: {
        mask: random.pick(['', '', '', '1,1,m,n', 'b,1,1,n', '1,h,m,n', 'b,h,1,1', 'b,h,m,n']),
        scale: random.pick(['', '', '1', '0.125', '3']),
      },
    };
  },
  elementwise: (draw) => ({
    shape: fourSizes(draw),
    attributes: draw.random.pick([
      { expression: 'x * y - z', y: '1,c,1,1', z: 'n,1,h,1' },
      { expression: 'max(x, 0) + y * 0.5', y: '1,1,1,w' },
      { expression: 'x * x - 2' },
      { expression: 'gelu(x) * sigmoid(y)', y: 'n,c,1,1' },
    ]),
  }),
  transpose: (draw) => ({
    shape: fourSizes(draw),
    attributes: { order: draw.random.pick(['n,h,w,c', 'w,h,c,n', 'n,c,w,h', 'c,n,h,w', 'h,w,n,c']) },
  }),
  concat: ({ few, size, random }) => ({
    shape: { outer: few(4), inner: size() },
    attributes: { parts: random.pick(['1,1', '3,5', '4,8,4', '7,1,2', '2,2,2,2']) },
  }),
  gather: ({ random, few, size, flag }) => ({
    shape: { n: size(), v: size(), d: size(), outer: flag() === 0 ? 1 : few(4) },
    attributes: { indices: random.pick(['i32', 'u32']) },
  }),
  group_norm: ({ few, size }) => {
    const groups = few(4);
    return { shape: { n: few(2), c: groups * few(3), h: few(5), w: size(), groups } };
  },
  instance_norm: (draw) => ({ shape: fourSizes(draw) }),
  lrn: ({ random, few, size }) => ({
    shape: { n: few(2), c: few(12), h: few(4), w: size(), size: few(7) },
    attributes: random.pick([{}, { alpha: '0.01', beta: '0.5', bias: '2' }, { alpha: '1', beta: '1.25' }]),
  }),
  resize: ({ random, few }) => {
    const attributes = {
      mode: random.pick(['nearest', 'bilinear']),
      coordinates: random.pick(['half_pixel', 'pytorch_half_pixel', 'asymmetric', 'align_corners']),
      rounding: random.pick(['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil']),
    };
    const sizes = { n: few(2), c: few(3), h: 1 + few(9), w: 1 + few(11) };
    const whole = few(3);
    return random.pick<WorkloadWish>([
      { shape: { ...sizes, oh: few(20), ow: few(20) }, attributes },
      { shape: { ...sizes, oh: sizes.h * whole, ow: sizes.w * whole }, attributes },
      { shape: sizes, attributes: { ...attributes, scales: random.pick(['1.5,0.7', '0.6,2', '2.3,1', '1.25,1.75']) } },
    ]);
  },
  cumsum: (draw) => {
    const { random, few, flag, size } = draw;
    const ends = { exclusive: flag(), reverse: flag() };
    if (random.below(5) === 0)
      return { shape: ends, attributes: { shape: random.pick(['3,5,7', '2,70,3']), axis: String(few(2) - 1) } };
    const cols = random.pick([size(), size() * few(4), 65 + random.below(64), 96, 100, 520]);
    return { shape: { rows: few(5), cols, inner: flag() === 0 ? 1 : few(5), ...ends } };
  },
  glu: ({ random, few, size, flag }) => {
    const packed = flag();
    const activation = random.pick(['silu', 'gelu', 'gelu_erf', 'sigmoid', 'tanh', 'relu']);
    return {
      shape: { rows: few(9), cols: size() * few(3), packed, gate_last: packed * flag() },
      attributes: { activation },
    };
  },
  rope: ({ random, few, flag }) => {
    const d = 2 * few(12);
    const rotary = random.below(3) === 0 ? 2 * few(d / 2) : 0;
    return {
      shape: {
        b: few(2),
        h: few(4),
        s: few(9),
        d,
        interleaved: flag(),
        heads_last: flag(),
        batch_angles: flag(),
        rotary,
      },
    };
  },
};

/** A convolution of images with windows of 3 by 3 neighbours, in groups of channels now and then. */
export function imageWish(random: Random): readonly [operator: string, wish: WorkloadWish] {
  const few = (bound: number): number => 1 + random.below(bound);
  const groups = random.pick([1, 1, 2]);
  const pad = (): number => random.below(3);
  return [
    random.pick(['conv2d', 'conv2d_nhwc']),
    {
      shape: {
        ...{
          n: few(2),
          c: groups * few(3),
          h: 3 + random.below(10),
          w: 3 + random.below(10),
          oc: groups * few(3),
          groups,
        },
        ...{ pad: pad(), pad_left: pad(), pad_bottom: pad(), pad_right: pad() },
      },
    },
  ];
}

/** An operator of the catalog and a small shape of it. `most` is the largest size. */
export function randomWish(random: Random, most: number): readonly [operator: string, WorkloadWish] {
  // Operators that are tuned most are drawn most often.
  const names = [...listOperators().map(({ name }) => name), 'matmul', 'matmul', 'conv2d', 'softmax'];
  const operator = random.pick(names);
  const wish = wishes[operator];
  if (wish === undefined) throw new Error(`random-wish.ts has no wish for ${operator}`);
  const offered = sizes.filter((value) => value <= most);
  const draw: Draw = {
    random,
    size: () => random.pick(offered),
    few: (bound) => 1 + random.below(bound),
    flag: () => random.below(2),
  };
  return [operator, wish(draw)];
}
