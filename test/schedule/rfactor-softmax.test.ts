import { expect, test } from 'vitest';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import type { Index } from '../../src/operators/definition.ts';
import {
  div,
  exp,
  expNumber,
  maxNumberOver,
  maxOver,
  mul,
  reductionAxis,
  sub,
  sumOver,
} from '../../src/operators/expression.ts';
import { compute, input, program } from '../../src/operators/tensor.ts';
import { bind, computeInline, decomposeReduction } from '../../src/schedule/steps.ts';
import { primitiveContract } from '../support/primitive-contract.ts';
import { expectSameResult, plain, type Step, scheduled } from '../support/schedule.ts';
import { weightedMean } from '../support/weighted-mean.ts';

const attention = (): Program => plain('attention', 'b=1,h=2,m=3,n=7,d=2,dv=2,causal=1');
const inline = [computeInline('exponentiate'), computeInline('normalise')];
const cut = (length: number, names: readonly [string, string, string] = ['find_row_max', 'sum_row', 'weigh_values']) =>
  ['rfactorSoftmax', { maximum: names[0], sum: names[1], weighted: names[2], length }] as Step;

const pooled = (): Program => plain(weightedMean.name, 'r=3,k=8,c=2');
/** The same with something else than the primitive wants. */
function other(variant: 'strict' | 'uses maximum' | 'two axes' | 'kept'): Program {
  const [X, Z] = [input('X', [3, 8], 'f32'), input('Z', [8, 2], 'f32')];
  const [k, o] = [reductionAxis('k', 8), reductionAxis('o', 2)];
  const isStrict = variant === 'strict';
  const top = compute('top', { r: 3 }, ({ r }) => (isStrict ? maxOver : maxNumberOver)(X.at(r, k), [k]), {
    stage: 'find',
  });
  const weight = (r: Index) => (isStrict ? exp : expNumber)(sub(X.at(r, k), top.at(r)));
  const mass = compute('mass', { r: 3 }, ({ r }) => sumOver(weight(r), [k]), { stage: 'add' });
  const mean = compute(
    'mean',
    { r: 3, c: 2 },
    ({ r, c }) => {
      const term = div(mul(weight(r), Z.at(k, c)), mass.at(r));
      return sumOver(variant === 'uses maximum' ? mul(term, top.at(r)) : term, variant === 'two axes' ? [k, o] : [k]);
    },
    { stage: 'weigh' },
  );
  return program([X, Z], variant === 'kept' ? [mean, top] : [mean]);
}
const cutPooled = (length: number): Step => cut(length, ['find', 'add', 'weigh']);

test('each part has a maximum of its own, and partial results are rescaled when they meet', () => {
  expect(printProgram(scheduled(pooled(), [cutPooled(3)]))).toMatchInlineSnapshot(`
    "input X: f32[3, 8]
    input Z: f32[8, 2]
    output mean: f32[2, 3]
    storage top_rf: f32[3, 3]
    storage mass_weights: f32[3, 3, 3]
    storage mass_rf: f32[3, 3]
    storage mean_rf: f32[3, 2, 3]
    storage top_online: f32[2, 3]
    storage mass_online: f32[2, 3]
    storage mean_online: f32[2, 3]
    for find_rf_t in 3
      for find_rf_r in 3
        for find_rf_k in 3
          block find_rf(vt = find_rf_t, vr = find_rf_r, vk~ = find_rf_k)
            top_rf[vt, vr] maxNumber= select(vt * 3 + vk < 8, X[vr, vt * 3 + vk], -Infinity)
    for add_weights_t in 3
      for add_weights_r in 3
        for add_weights_l in 3
          block add_weights(vt = add_weights_t, vr = add_weights_r, vl = add_weights_l)
            mass_weights[vt, vr, vl] = select(vt * 3 + vl < 8, expNumber(X[vr, vt * 3 + vl] - maxNumber(top_rf[vt, vr], -3.4028234663852886e+38.0)), 0.0)
    for add_rf_t in 3
      for add_rf_r in 3
        for add_rf_l in 3
          block add_rf(vt = add_rf_t, vr = add_rf_r, vl~ = add_rf_l)
            mass_rf[vt, vr] sum= mass_weights[vt, vr, vl]
    for weigh_rf_t in 3
      for weigh_rf_c in 2
        for weigh_rf_r in 3
          for weigh_rf_m in 3
            block weigh_rf(vt = weigh_rf_t, vc = weigh_rf_c, vr = weigh_rf_r, vm~ = weigh_rf_m)
              mean_rf[vt, vc, vr] sum= select(vt * 3 + vm < 8, mass_weights[vt, vr, vm] * (Z[vt * 3 + vm, vc] / 4.0), 0.0)
    for weigh_c in 2
      for weigh_r in 3
        for weigh_t in 3
          block weigh(vc = weigh_c, vr = weigh_r, vt~ = weigh_t)
            (top_online[vc, vr], mass_online[vc, vr], mean_online[vc, vr]) onlineWeightedSum= (top_rf[vt, vr], mass_rf[vt, vr], mean_rf[vt, vc, vr])
    for weigh_rescaled_c in 2
      for weigh_rescaled_r in 3
        block weigh_rescaled(vc = weigh_rescaled_c, vr = weigh_rescaled_r)
          mean[vc, vr] = mean_online[vc, vr] / mass_online[vc, vr]"
  `);
});

test('parts of equal length have no guards, and one part may be all there is', () => {
  expect(printProgram(scheduled(pooled(), [cutPooled(4)]))).not.toContain('select');
  expectSameResult(scheduled(pooled(), [cutPooled(100)]), pooled(), 12);
});

primitiveContract(
  'rfactorSoftmax',
  [
    {
      program: attention,
      steps: [...inline, cut(3)],
      code: 'computeInline(exponentiate)\ncomputeInline(normalise)\nrfactorSoftmax(find_row_max, sum_row, weigh_values, 3)',
      digits: 12,
    },
    { program: pooled, steps: [cutPooled(2)], code: 'rfactorSoftmax(find, add, weigh, 2)', digits: 12 },
    { program: pooled, steps: [cutPooled(5)], code: 'rfactorSoftmax(find, add, weigh, 5)', digits: 12 },
  ],
  [
    {
      title: 'a block that is not there',
      program: pooled,
      steps: [cut(2, ['find', 'add', 'mean'])],
      message: 'there is no block named mean; the blocks are find, add, weigh',
    },
    {
      title: 'parts of no length',
      program: pooled,
      steps: [cutPooled(0)],
      message: 'rfactorSoftmax: argument length: Too small: expected number to be >=1',
    },
    {
      title: 'a sum that is decomposed',
      program: pooled,
      steps: [decomposeReduction('weigh', 'm'), cutPooled(2)],
      message: 'block weigh is no whole reduction; rfactorSoftmax before decomposeReduction',
    },
    {
      title: 'a loop that is bound',
      program: pooled,
      steps: [bind('top_r', 'workgroup.x'), cutPooled(2)],
      message:
        'loop top_r is already workgroup.x; expected a serial loop; do this before the loop is bound, unrolled or vectorized',
    },
    {
      title: 'weights that stand in a stage of their own',
      program: attention,
      steps: [cut(3)],
      message:
        'blocks find_row_max and sum_row are maxNumber of select(vk <= vi + 4, products[vb, vh, vi, vk] * 0.7071067811865475, -Infinity) and then sum of exponentials[vb, vh, vi, vk]; no single pass is known for them; expected max of x and then sum of exp(x - maximum), or sum of x and then sum of (x - sum / count) squared',
    },
    {
      title: 'a maximum that keeps NaN, for which there is no reducer of three values',
      program: () => other('strict'),
      steps: [cutPooled(2)],
      message:
        'blocks find and add make onlineLogSumExp, which has no weighted sum; expected maxNumber of x and then sum of expNumber(x - maximum)',
    },
    {
      title: 'a sum that uses the maximum once more',
      program: () => other('uses maximum'),
      steps: [cutPooled(2)],
      message:
        'block weigh is sum of expNumber(X[vr, vk] - top[vr]) * Z[vk, vc] / mass[vr] * top[vr]; expected a sum of products with expNumber(X[vr, vk] - top[vr]), which block add adds up; computeInline what stands between them first',
    },
    {
      title: 'a sum over more than the weights',
      program: () => other('two axes'),
      steps: [cutPooled(2)],
      message: 'block weigh reduces over 2 iters; expected one; fuseIters makes one of them',
    },
    {
      title: 'a maximum that is an output',
      program: () => other('kept'),
      steps: [cutPooled(2)],
      message: 'top is an output, which is no longer computed by itself',
    },
    {
      title: 'the wrong way round',
      program: pooled,
      steps: [cut(2, ['add', 'find', 'weigh'])],
      message:
        'blocks add and find are sum of expNumber(X[vr, vl] - top[vr]) and then maxNumber of X[vr, vk]; no single pass is known for them; expected max of x and then sum of exp(x - maximum), or sum of x and then sum of (x - sum / count) squared',
    },
  ],
);
