import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { exp, maxOver, mul, reductionAxis, sub, sumOver } from '../../src/operators/expression.ts';
import { compute, input, program } from '../../src/operators/tensor.ts';
import { estimateAt as at, estimateLength, type KernelEstimate } from '../../src/space/kernel-estimate.ts';
import { recordedValues } from '../../src/space/recorded.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate, type Sketch } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { runLowered, type Values } from '../lowering/simt.ts';
import { integerInputs, plain } from '../support/schedule.ts';
import { describeValues, estimateFor, legalCandidates } from './candidates.ts';

const rows = 'rows=6,cols=36';
const fusedOf = (start: Program): Sketch => sketchesOf(start)[0] as Sketch;
const merges = (sketch: Sketch, values: Float64Array): number => {
  const made = instantiate(sketch, values);
  if (isRefusal(made)) throw new Error(made.reason);
  return made.trace.steps.filter(({ primitive }) => primitive === 'mergeReductions').length;
};

/** The largest difference of a candidate's outputs, executed lane by lane, from what the plain program says. */
function difference(start: Program, sketch: Sketch, values: Float64Array): number {
  const made = instantiate(sketch, values);
  if (isRefusal(made)) throw new Error(`${describeValues(sketch, values)}: ${made.reason}`);
  const lowered = lowerProgram(made.program, defaultLimits);
  if (isRefusal(lowered)) throw new Error(`${describeValues(sketch, values)}: ${lowered.reason}`);
  const inputs = integerInputs(start) as Values;
  const [want, got] = [interpret(start, inputs), runLowered(lowered, inputs)];
  let most = 0;
  for (const name of start.outputs)
    for (const [at, value] of (want[name] ?? []).entries())
      most = Math.max(most, Math.abs((got[name]?.[at] ?? Number.NaN) - value));
  return most;
}

describe.each(['softmax', 'log_softmax', 'layer_norm'])('%s', (operator) => {
  const start = plain(operator, rows);
  const sketch = fusedOf(start);
  const candidates = legalCandidates(sketch, defaultLimits, 24, createRandom(2));

  it('decides first between one pass and two', () => {
    expect(sketch.decisions[0]).toMatchObject({ name: 'normalise.singlePass', options: [0, 1] });
    expect(new Set(candidates.map((values) => values[0]))).toEqual(new Set([0, 1]));
    for (const values of candidates) expect(merges(sketch, values)).toBe(values[0]);
  });

  it('computes the same either way', () => {
    for (const values of candidates) expect(difference(start, sketch, values)).toBeLessThan(2e-5);
  });

  it('has estimates before the decision where both ways agree, and the others after it', () => {
    const values = Float64Array.from(candidates[0] as Float64Array);
    const rowFor = (single: number): KernelEstimate => {
      values[0] = single;
      return estimateFor(sketch, 0, values);
    };
    const [two, one, open] = [rowFor(0), rowFor(1), rowFor(Number.NaN)];
    expect(one[at.storageReadBytes]).toBeLessThan(two[at.storageReadBytes] as number);
    expect(open[at.invocations]).toBe(two[at.invocations]);
    expect(open[at.storageReadBytes]).toBeNaN();
    for (let i = 0; i < estimateLength; i++) if (one[i] === two[i]) expect(open[i]).toBe(one[i]);
  });

  it('takes a record from before the decision for two passes', () => {
    const recorded = Object.fromEntries(
      sketch.decisions.slice(1).map(({ name, options }) => [name, options[0] as number]),
    );
    expect(recordedValues(sketch, recorded)?.[0]).toBe(0);
  });
});

describe('single passes in other programs', () => {
  it('are a decision of the kernel that makes the probabilities of attention, where these are stored', () => {
    const decisions = sketchesOf(plain('attention', 'b=1,h=1,m=40,n=40,d=8,dv=8')).flatMap(
      (sketch) => sketch.decisions,
    );
    expect(decisions.some(({ name }) => name === 'normalise.singlePass')).toBe(true);
  });

  it('are a decision of two reductions with nothing behind them', () => {
    const X = input('X', [3, 40], 'f32');
    const k = reductionAxis('k', 40);
    const top = compute('top', { i: 3 }, ({ i }) => maxOver(X.at(i, k), [k]));
    const mass = compute('mass', { i: 3 }, ({ i }) => sumOver(exp(sub(X.at(i, k), top.at(i))), [k]));
    const start = program([X], [mass]);
    const sketch = fusedOf(start);
    expect(sketch.decisions[0]?.name).toBe('mass_stage.singlePass');
    for (const values of legalCandidates(sketch, defaultLimits, 12, createRandom(4))) {
      expect(merges(sketch, values)).toBe(values[0]);
      expect(difference(start, sketch, values)).toBeLessThan(1e-4);
    }
  });

  it('are not offered where there is no merged form', () => {
    const X = input('X', [3, 40], 'f32');
    const k = reductionAxis('k', 40);
    const top = compute('top', { i: 3 }, ({ i }) => maxOver(X.at(i, k), [k]));
    const other = compute('other', { i: 3 }, ({ i }) => sumOver(mul(X.at(i, k), top.at(i)), [k]));
    for (const { decisions } of sketchesOf(program([X], [other]))) {
      expect(decisions.some(({ name }) => name.endsWith('singlePass'))).toBe(false);
    }
  });
});
