import { expect, test } from 'vitest';
import { defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import { checkSpec } from '../../src/ir/spec.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { bind, cacheWrite, computeAt, rfactor, setScope, split, vectorize } from '../../src/schedule/steps.ts';
import { createRandom } from '../../src/support/random.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { randomWalk } from '../support/random-schedule.ts';
import { scheduled } from '../support/schedule.ts';
import { reducedRows, reduceOps, rowResults } from '../support/tuples.ts';
import { runLowered, type Values } from './simt.ts';

const limits = {
  ...defaultLimits,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
  subgroupMinSize: 8,
};

/** Why a program's results on integer inputs are not the expected ones; null where they are, or where it cannot be lowered. */
function fault(program: Program, expected: readonly (readonly number[])[], X: Float64Array): string | null {
  const lowered = lowerProgram(program, limits);
  const runs: Values[] = [interpret(program, { X })];
  if (!isRefusal(lowered)) runs.push(runLowered(lowered, { X }, { subgroupSize: 8 }));
  for (const values of runs) {
    for (const [row, results] of expected.entries()) {
      for (const [part, want] of results.entries()) {
        const got = values[`R${part}`]?.[row] ?? Number.NaN;
        if (!(Math.abs(got - want) <= 1e-5 * Math.max(1, Math.abs(want))))
          return `R${part}[${row}] is ${got}, expected ${want}\n${printProgram(program)}`;
      }
    }
  }
  return null;
}

function rowsOf(random: ReturnType<typeof createRandom>, op: (typeof reduceOps)[number], rows: number, cols: number) {
  const X = Float64Array.from({ length: rows * cols }, () => random.below(9) - 4);
  const expected = Array.from({ length: rows }, (_, i) => rowResults(op, [...X.subarray(i * cols, (i + 1) * cols)]));
  return { X, expected };
}

test.each(reduceOps)('random schedules of rows reduced by %s compute the same results', (op) => {
  let lowered = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const random = createRandom(seed);
    const [rows, cols] = [1 + random.below(6), 1 + random.below(12)];
    const { X, expected } = rowsOf(random, op, rows, cols);
    const { program } = randomWalk(reducedRows(op, rows, cols), random, 10, (step) => {
      expect(checkSpec(step), printProgram(step)).toBe(null);
    });
    const wrong = fault(program, expected, X);
    if (wrong !== null) throw new Error(`seed ${seed}: ${wrong}`);
    if (!isRefusal(lowerProgram(program, limits))) lowered++;
  }
  expect(lowered).toBeGreaterThan(10);
});

test.each(reduceOps)('%s is right as a tree in workgroup memory, over columns that its lanes do not divide', (op) => {
  const [rows, cols] = [3, 29];
  const plain = reducedRows(op, rows, cols);
  const results = plain.outputs;
  const tree = scheduled(plain, [
    split('k', null, 8),
    rfactor('reduce', 'k_1'),
    cacheWrite('reduce', 'private'),
    bind('store_R0_vi', 'workgroup.x'),
    computeAt('reduce', 'store_R0_vi'),
    cacheWrite('reduce_rf', 'private'),
    ...results.map((name) => setScope(`${name}_rf`, 'workgroup')),
    computeAt('store_R0_rf', 'store_R0_vi'),
    bind('store_R0_rf_rf', 'invocation.x'),
    computeAt('reduce_rf', 'store_R0_rf_rf'),
  ]);
  const { X, expected } = rowsOf(createRandom(3), op, rows, cols);
  expect(fault(tree, expected, X)).toBe(null);
  expect(isRefusal(lowerProgram(tree, limits))).toBe(false);
});

test.each(reduceOps)('%s is right across the lanes of a subgroup, over columns that they do not divide', (op) => {
  const [rows, cols] = [3, 29];
  for (const partials of [true, false]) {
    const plain = reducedRows(op, rows, cols);
    const shared = scheduled(plain, [
      ...(partials ? [split('k', null, 8), rfactor('reduce', 'k_1')] : []),
      cacheWrite('reduce', 'private'),
      bind('store_R0_vi', 'workgroup.x'),
      computeAt('reduce', 'store_R0_vi'),
      ...(partials ? plain.outputs.map((name) => setScope(`${name}_rf`, 'private')) : []),
      ...(partials ? [computeAt('reduce_rf', 'reduce_rf_1')] : [split('reduce_vk', null, 8)]),
      bind(partials ? 'reduce_rf_1' : 'reduce_vk_1', 'subgroup.x'),
    ]);
    const { X, expected } = rowsOf(createRandom(3), op, rows, cols);
    expect(fault(shared, expected, X)).toBe(null);
    const lowered = lowerProgram(shared, limits);
    expect(!isRefusal(lowered) && emit(lowered).kernels[0]?.features).toEqual(['subgroups']);
  }
});

test('an old element that the next one needs is taken before it is overwritten', () => {
  const program = scheduled(reducedRows('onlineSoftmax', 4, 8), [
    cacheWrite('reduce', 'private'),
    bind('store_R0_vi', 'invocation.x'),
    computeAt('reduce', 'store_R0_vi'),
  ]);
  const lowered = lowerProgram(program, limits);
  if (isRefusal(lowered)) throw new Error(lowered.reason);
  const text = emit(lowered).kernels[0]?.wgsl ?? '';
  const loop = text.slice(text.indexOf('for ('), text.indexOf('}', text.indexOf('for (')));
  const [next, store] = [loop.indexOf('R1_private_next ='), loop.indexOf('R0_private =')];
  expect(next).toBeGreaterThan(0);
  expect(store).toBeGreaterThan(next);
  // Per element, one exponential for the sum so far and one for the new term; the maximum is taken once, and once held above the lowest.
  expect(loop.match(/exp\(/g)).toHaveLength(2);
  expect(loop.match(/max\(/g)).toHaveLength(2);
});

test('rows side by side in a vector are combined one by one', () => {
  for (const op of reduceOps) {
    const steps = [split('i', null, 4), vectorize('i_1')];
    const plain = reducedRows(op, 8, 1);
    const { X, expected } = rowsOf(createRandom(4), op, 8, 1);
    const moved = scheduled(plain, [['reorder', { loops: ['k', 'i'] }], ...steps]);
    expect(fault(moved, expected, X)).toBe(null);
  }
});
