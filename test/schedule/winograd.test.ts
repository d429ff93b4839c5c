import { expect, test } from 'vitest';
import type { Program } from '../../src/ir/nodes.ts';
import { blocksOf } from '../../src/ir/visit.ts';
import { split, winograd } from '../../src/schedule/steps.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { plain, scheduled } from '../support/schedule.ts';

const conv =
  (shape: string, operator = 'conv2d'): (() => Program) =>
  () =>
    plain(operator, shape);

primitiveContract(
  'winograd',
  [
    { program: conv('n=1,c=3,h=6,w=8,oc=2'), steps: [winograd('conv2d', 2)], code: 'winograd(conv2d, 2)' },
    {
      program: conv('n=2,c=2,h=5,w=7,oc=3,pad=0'),
      steps: [winograd('conv2d', 2)],
      code: 'winograd(conv2d, 2)',
    },
    {
      program: conv('n=1,c=4,h=5,w=3,oc=4,groups=2'),
      steps: [winograd('conv2d', 2)],
      code: 'winograd(conv2d, 2)',
    },
    {
      program: conv('n=2,c=3,h=7,w=6,oc=2'),
      steps: [winograd('conv2d', 4)],
      code: 'winograd(conv2d, 4)',
      digits: 10,
    },
    {
      program: conv('n=1,h=5,w=9,c=3,oc=2', 'conv2d_nhwc'),
      steps: [winograd('conv2d', 4)],
      code: 'winograd(conv2d, 4)',
      digits: 10,
    },
  ],
  [
    {
      title: 'a block that is not there',
      program: conv('n=1,c=3,h=6,w=8,oc=2'),
      steps: [winograd('conv', 2)],
      message: 'there is no block named conv; the blocks are pad, conv2d',
    },
    {
      title: 'windows that move by two elements',
      program: conv('n=1,c=3,h=7,w=7,oc=2,stride=2'),
      steps: [winograd('conv2d', 2)],
      message:
        'block conv2d reads neither operand through windows of 3 by 3 neighbours that move by one element per output',
    },
    {
      title: 'taps that lie apart',
      program: conv('n=1,c=3,h=7,w=7,oc=2,dilation=2,pad=2'),
      steps: [winograd('conv2d', 2)],
      message:
        'block conv2d reads neither operand through windows of 3 by 3 neighbours that move by one element per output',
    },
    {
      title: 'windows of five',
      program: conv('n=1,c=3,h=7,w=7,oc=2,kh=5,kw=5,pad=2'),
      steps: [winograd('conv2d', 4)],
      message:
        'block conv2d reads neither operand through windows of 3 by 3 neighbours that move by one element per output',
    },
    {
      title: 'a sum over its windows alone',
      program: conv('c=4,h=7,w=7', 'depthwise_conv2d'),
      steps: [winograd('depthwise', 2)],
      message: 'block depthwise sums over its windows alone, so that no product of matrices is left',
    },
    {
      title: 'a maximum',
      program: conv('c=4,h=7,w=7', 'max_pool2d'),
      steps: [winograd('max_pool', 2)],
      message: 'block max_pool is no whole sum; winograd before decomposeReduction',
    },
    {
      title: 'a sum of plain elements',
      program: conv('rows=9,cols=9', 'reduce_sum'),
      steps: [winograd('reduce_sum', 2)],
      message: 'block reduce_sum sums up no products of two elements in f32',
    },
    {
      title: 'loops that were split',
      program: conv('n=1,c=3,h=6,w=8,oc=2'),
      steps: [split('ow', null, 4), winograd('conv2d', 2)],
      message: 'block conv2d does not stand alone in one loop for each of its iters; winograd before anything else',
    },
  ],
);

test('sums keep their block, which is a product of matrices for each point', () => {
  const blocks = blocksOf(scheduled(conv('n=2,c=3,h=8,w=6,oc=5')(), [winograd('conv2d', 4)]));
  const product = blocks.find(({ name }) => name === 'conv2d');
  expect(product?.iters.map(({ name, extent }) => `${name} ${extent}`)).toEqual([
    'vpoint 36',
    'voc 5',
    'vtile 8',
    'vic 3',
  ]);
});
