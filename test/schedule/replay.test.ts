import { expect, test } from 'vitest';
import { printProgram } from '../../src/ir/printer.ts';
import { primitives } from '../../src/schedule/primitives/registry.ts';
import { isFault, printTrace, replay } from '../../src/schedule/replay.ts';
import { bind, fuse, split } from '../../src/schedule/steps.ts';
import { explainRefusal } from '../../src/support/refusal.ts';
import { matmul } from '../support/base-programs.ts';
import { scheduled, traceOf } from '../support/schedule.ts';

test('an empty trace is the plain program', () => {
  const program = matmul();
  expect(replay(program, traceOf([]))).toBe(program);
});

test('a step that no longer fits stops the replay, which says which step, why, and the program there', () => {
  const fault = replay(matmul(), traceOf([split('i', null, 2), split('j', 2, 2), bind('i_0', 'workgroup.x')]));
  if (!isFault(fault)) throw new Error('accepted');
  expect(fault.step).toBe(1);
  expect(fault.refusal.reason).toBe('factors-too-small');
  expect(explainRefusal(fault.refusal)).toBe(
    'split of j by 2 x 2 covers 4 of its 6 iterations; make one factor null, or raise a factor',
  );
  expect(printProgram(fault.program)).toBe(printProgram(scheduled(matmul(), [split('i', null, 2)])));
});

test('a trace of a stranger may not be endless', () => {
  const fault = replay(matmul(), traceOf(Array.from({ length: 2001 }, () => split('b', null, 1))));
  if (!isFault(fault)) throw new Error('accepted');
  expect(explainRefusal(fault.refusal)).toBe('the trace has 2001 steps; expected at most 2000');
});

test('a trace prints as code, in which unknown steps are marked', () => {
  const trace = traceOf([split('i', null, 2), ['tile', { loop: 'i' }], ['unroll', { loop: 7 }]]);
  expect(printTrace(trace)).toBe('split(i, [null, 2])\ntile(?)\nunroll(?)');
});

test('the program that went in is untouched', () => {
  const program = matmul();
  const before = JSON.stringify(program);
  scheduled(program, [split('i', null, 3), fuse('i_1', 'j')]);
  expect(JSON.stringify(program)).toBe(before);
});

test('every primitive has a name of its own', () => {
  expect(new Set(primitives.map((primitive) => primitive.name)).size).toBe(primitives.length);
});
