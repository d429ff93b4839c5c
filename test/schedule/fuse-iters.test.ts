import { expect, test } from 'vitest';
import { printProgram } from '../../src/ir/printer.ts';
import { bind, cacheRead, cacheWrite, computeAt, fuseIters, reorder, split } from '../../src/schedule/steps.ts';
import { conv, matmul, oddMatmul } from '../support/base-programs.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { scheduled } from '../support/schedule.ts';

test('a convolution becomes a matrix product', () => {
  const steps = [fuseIters('conv2d', 'voh', 'vow'), fuseIters('conv2d', 'vic', 'vkh', 'vkw')];
  const [, nest] = printProgram(scheduled(conv(), steps)).split('for n in 1\n');
  expect(nest).toMatchInlineSnapshot(`
    "  for oc in 2
        for oh_ow in 16
          for ic_kh_kw in 18
            block conv2d(vn = n, voc = oc, voh_vow = oh_ow, vic_vkh_vkw~ = ic_kh_kw)
              Y[vn, voc, voh_vow / 4, voh_vow % 4] sum= padded[vn, vic_vkh_vkw / 9, voh_vow / 4 + vic_vkh_vkw / 3 % 3, voh_vow % 4 + vic_vkh_vkw % 3] * W[voc, vic_vkh_vkw / 9, vic_vkh_vkw / 3 % 3, vic_vkh_vkw % 3]"
  `);
});

test('a buffer that is cached afterwards has one dimension for the fused iters', () => {
  const program = scheduled(matmul(), [fuseIters('matmul', 'vi', 'vj'), cacheWrite('matmul', 'private')]);
  expect(program.buffers.find(({ name }) => name === 'C_private')?.shape).toEqual([1, 24]);
});

primitiveContract(
  'fuseIters',
  [
    {
      program: conv,
      steps: [
        fuseIters('conv2d', 'voh', 'vow'),
        fuseIters('conv2d', 'vic', 'vkh', 'vkw'),
        split('oh_ow', null, 5),
        split('ic_kh_kw', null, 4),
      ],
      code: 'fuseIters(conv2d, voh, vow)\nfuseIters(conv2d, vic, vkh, vkw)\nsplit(oh_ow, [null, 5])\nsplit(ic_kh_kw, [null, 4])',
    },
    {
      program: oddMatmul,
      steps: [reorder('j', 'i'), fuseIters('matmul', 'vj', 'vi')],
      code: 'reorder(j, i)\nfuseIters(matmul, vj, vi)',
    },
    {
      program: conv,
      steps: [fuseIters('pad', 'vc', 'vy', 'vx')],
      code: 'fuseIters(pad, vc, vy, vx)',
    },
  ],
  [
    {
      title: 'an unknown iter',
      program: matmul,
      steps: [fuseIters('matmul', 'vi', 'j')],
      message: 'block matmul has no iter named j; its iters are vb, vi, vj, vk',
    },
    {
      title: 'iters of two kinds',
      program: matmul,
      steps: [fuseIters('matmul', 'vj', 'vk')],
      message: 'iter vj of block matmul is spatial and vk is reduction; expected iters of one kind',
    },
    {
      title: 'an iter twice',
      program: matmul,
      steps: [fuseIters('matmul', 'vi', 'vi')],
      message:
        'loop i is not directly and alone inside i; expected perfectly nested loops, outermost first; reorder them next to each other first',
    },
    {
      title: 'loops that are not next to each other',
      program: matmul,
      steps: [fuseIters('matmul', 'vb', 'vj')],
      message:
        'loop j is not directly and alone inside b; expected perfectly nested loops, outermost first; reorder them next to each other first',
    },
    {
      title: 'an iter whose loop was split',
      program: matmul,
      steps: [split('j', null, 3), fuseIters('matmul', 'vi', 'vj')],
      message:
        'iter vj of block matmul is j_0 * 3 + j_1, no loop of 6 iterations of its own; fuseIters before anything else',
    },
    {
      title: 'a loop that is bound',
      program: matmul,
      steps: [bind('j', 'invocation.x'), fuseIters('matmul', 'vi', 'vj')],
      message:
        'loop j is already invocation.x; expected a serial loop; do this before the loop is bound, unrolled or vectorized',
    },
    {
      title: 'a loop that holds another block',
      program: matmul,
      steps: [cacheRead('matmul', 'A', 'private'), computeAt('load_A_private', 'i'), fuseIters('matmul', 'vi', 'vj')],
      message:
        'loop i of block matmul holds other blocks too; expected loops of its own; fuseIters before computeAt puts other blocks there',
    },
  ],
);
