import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { add, div, mul, reductionAxis, sumOver } from '../../src/operators/expression.ts';
import { compute, input, program } from '../../src/operators/tensor.ts';
import { type EstimateName, estimateAt, type KernelEstimate } from '../../src/space/kernel-estimate.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { expectSameMeaning } from '../lowering/equality.ts';
import { linear } from '../support/linear.ts';
import { expectSameResult, plain } from '../support/schedule.ts';
import { describeValues, estimateFor, legalCandidates } from './candidates.ts';

/** Adds a share of a row's sum to every element: an elementwise stage of another shape reads the finished sum. */
function centred(): Program {
  const X = input('X', [6, 40], 'f32');
  const k = reductionAxis('k', 40);
  const total = compute('total', { i: 6 }, ({ i }) => sumOver(X.at(i, k), [k]), { stage: 'sum_row' });
  const mean = compute('mean', { i: 6 }, ({ i }) => div(total.at(i), 8), { stage: 'divide' });
  const shifted = compute('shifted', { i: 6, j: 40 }, ({ i, j }) => add(X.at(i, j), mean.at(i)), { stage: 'shift' });
  const Y = compute('Y', { i: 6, j: 40 }, ({ i, j }) => mul(shifted.at(i, j), shifted.at(i, j)), { stage: 'square' });
  return program([X], [Y]);
}

/** A sum that is itself an output, so that nothing may be fused into its store. */
function shared(): Program {
  const X = input('X', [5, 64], 'f32');
  const k = reductionAxis('k', 64);
  const total = compute('total', { i: 5 }, ({ i }) => sumOver(X.at(i, k), [k]), { stage: 'sum_row' });
  const Y = compute('Y', { i: 5 }, ({ i }) => mul(total.at(i), 3), { stage: 'triple' });
  return program([X], [total, Y]);
}

function expectKernels(start: Program, counts: readonly number[], digits: number | null = null): void {
  const random = createRandom(11);
  const sketches = sketchesOf(start);
  expect(sketches.map((sketch) => sketch.tilings.length)).toEqual(counts);
  for (const sketch of sketches) {
    for (const values of legalCandidates(sketch, defaultLimits, 12, random)) {
      const made = instantiate(sketch, values);
      if (isRefusal(made)) throw new Error(`${describeValues(sketch, values)}: ${explainRefusal(made)}`);
      expectSameResult(made.program, start, digits);
      expect(expectSameMeaning(made.program).kernels.length).toBe(sketch.tilings.length);
    }
  }
}

describe('an epilogue is fused into the kernel whose result it reads', () => {
  it('of a tiled product and of a product that shares its reduction', () => {
    expectKernels(plain(linear.name, 'm=13,n=10,k=33'), [1, 1]);
  });

  it('unless the result is wanted by itself', () => {
    expectKernels(shared(), [2]);
  });

  it('and elementwise stages between reductions and outputs become one', () => {
    expectKernels(centred(), [1, 2], 12);
  });
});

it('estimates count what the epilogue adds', () => {
  const [fused] = sketchesOf(plain(linear.name, 'm=64,n=64,k=64'));
  const [bare] = sketchesOf(plain('matmul', 'm=64,n=64,k=64'));
  if (fused === undefined || bare === undefined) throw new Error('no sketch');
  const values = Float64Array.from(fused.decisions, (decision) => decision.options[1] as number);
  const [more, less] = [fused, bare].map((sketch) => estimateFor(sketch, 0, values)) as [
    KernelEstimate,
    KernelEstimate,
  ];
  const added = (name: EstimateName): number => (more[estimateAt[name]] as number) - (less[estimateAt[name]] as number);
  expect(added('flops')).toBe(64 * 64 * 2);
  expect(added('storageReadBytes')).toBe(64 * 64 * 4);
  expect(added('storageUniqueBytes')).toBe(64 * 4);
  expect(added('storageWriteBytes')).toBe(0);
});
