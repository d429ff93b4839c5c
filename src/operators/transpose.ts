import { assert } from '../support/errors.ts';
import { refuse } from '../support/refusal.ts';
import { attribute, defineOperator, dimension } from './define.ts';
import { exact, integers } from './fill.ts';
import { type FourAxis, fourAxes, parseAxes, stridesOf } from './four-axes.ts';
import { compute, input, program } from './tensor.ts';

function orderOf(text: string): readonly FourAxis[] {
  const order = parseAxes(text);
  assert(order !== null && order.length === fourAxes.length, () => `order "${text}" was checked`);
  return order;
}

/** The dimensions of X in another order. */
defineOperator({
  name: 'transpose',
  summary: 'X[n,c,h,w] with its dimensions in another order',
  parameters: {
    n: dimension(1, 'first dimension of X'),
    c: dimension(32, 'second dimension of X'),
    h: dimension(56, 'third dimension of X'),
    w: dimension(56, 'fourth dimension of X'),
  },
  attributes: { order: attribute('n,h,w,c', 'the dimensions of X in the order in which Y has them') },
  check: (_, { order }) =>
    parseAxes(order)?.length === fourAxes.length
      ? null
      : refuse('bad-order', () => `order="${order}" must name each of n, c, h, w once, e.g. order="n,h,w,c"`),
  build: (p, { order }, dtype) => {
    const X = input('X', [p.n, p.c, p.h, p.w], dtype);
    const axes: Readonly<Record<FourAxis, number>> = Object.fromEntries(
      orderOf(order).map((axis) => [axis, p[axis]]),
      // The order names each axis once.
    ) as Record<FourAxis, number>;
    return program([X], [compute('Y', axes, ({ n, c, h, w }) => X.at(n, c, h, w), { stage: 'transpose' })]);
  },
  reference: (p, { order }, { X }) => {
    const axes = orderOf(order);
    const strides = stridesOf([p.n, p.c, p.h, p.w]);
    return {
      Y: (flat) => {
        let [rest, at] = [flat, 0];
        for (const axis of axes.toReversed()) {
          at += (rest % p[axis]) * (strides[fourAxes.indexOf(axis)] ?? Number.NaN);
          rest = Math.floor(rest / p[axis]);
        }
        return X?.[at] ?? Number.NaN;
      },
    };
  },
  inputs: () => ({ X: integers(-2048, 2048) }),
  tolerance: () => exact,
});
