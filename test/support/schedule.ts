import { expect } from 'vitest';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import { checkSpec } from '../../src/ir/spec.ts';
import { findOperator } from '../../src/operators/catalog.ts';
import { generateInputs } from '../../src/operators/inputs.ts';
import type { InputValues } from '../../src/operators/operator.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { applyStep, isFault, printTrace, replay } from '../../src/schedule/replay.ts';
import type { Trace, TraceStep } from '../../src/schedule/trace.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';

/** A primitive's name and its arguments, short to write: `['split', { loop: 'i', factors: [null, 4] }]`. */
export type Step = readonly [primitive: string, args: Readonly<Record<string, unknown>>];

export function traceOf(steps: readonly Step[]): Trace {
  return { version: 1, steps: steps.map(([primitive, args]): TraceStep => ({ primitive, args })) };
}

/** The plain program of an operator. */
export function plain(operator: string, shape: string, attributes: Readonly<Record<string, string>> = {}): Program {
  return findOperator(operator).build(makeWorkload(operator, { shape, attributes }));
}

/** Random inputs by the operator's own fills, the same for every call with the same seed. */
export function inputsFor(operator: string, shape: string, seed = 3): InputValues {
  return generateInputs(makeWorkload(operator, { shape }), seed);
}

/** Applies steps one by one; every one must be accepted and every program between must satisfy the IR's spec. */
export function scheduled(program: Program, steps: readonly Step[]): Program {
  let current = program;
  expect(checkSpec(current)).toBeNull();
  for (const [primitive, args] of steps) {
    const next = applyStep(current, { primitive, args });
    if (isRefusal(next)) throw new Error(`${primitive} ${JSON.stringify(args)}: ${explainRefusal(next)}`);
    const fault = checkSpec(next);
    if (fault !== null) throw new Error(`${primitive} ${JSON.stringify(args)}: ${fault}\n${printProgram(next)}`);
    current = next;
  }
  return current;
}

/** Why the last step is refused; the steps before it must be accepted. */
export function refusal(program: Program, steps: readonly Step[]): string {
  const last = steps.at(-1);
  if (last === undefined) throw new Error('no step to refuse');
  const result = applyStep(scheduled(program, steps.slice(0, -1)), { primitive: last[0], args: last[1] });
  if (!isRefusal(result)) throw new Error(`accepted: ${last[0]} ${JSON.stringify(last[1])}\n${printProgram(result)}`);
  return explainRefusal(result);
}

/** Small random integers for every input: their sums are exact, so that results must be equal whatever the order. */
export function integerInputs(program: Program, seed = 5): InputValues {
  const random = createRandom(seed);
  const values: Record<string, Float64Array> = {};
  for (const name of program.inputs) {
    const shape = program.buffers.find((buffer) => buffer.name === name)?.shape ?? [];
    const size = shape.reduce((product, extent) => product * extent, 1);
    values[name] = Float64Array.from({ length: size }, () => random.below(9) - 4);
  }
  return values;
}

/** The outputs of two programs on the same inputs must be equal, or, with transcendental functions, equal to 12 digits. */
export function expectSameResult(scheduledProgram: Program, plainProgram: Program, digits: number | null = null): void {
  const inputs = integerInputs(plainProgram);
  const [got, want] = [interpret(scheduledProgram, inputs), interpret(plainProgram, inputs)];
  for (const name of plainProgram.outputs) {
    const [actual, expected] = [got[name] ?? [], want[name] ?? []];
    expect(actual.length).toBe(expected.length);
    for (const [position, value] of expected.entries()) {
      const other = actual[position] as number;
      const same =
        digits === null ? other === value : Math.abs(other - value) <= 10 ** -digits * Math.max(1, Math.abs(value));
      if (!same || Number.isNaN(value)) {
        throw new Error(`${name}[${position}] is ${other}, expected ${value}\n${printProgram(scheduledProgram)}`);
      }
    }
  }
}

/** The trace as JSON and back gives the same program and the same code. */
export function expectRoundTrip(program: Program, steps: readonly Step[], expectedCode: string): void {
  const trace = traceOf(steps);
  const parsed = JSON.parse(JSON.stringify(trace)) as Trace;
  expect(printTrace(trace)).toBe(expectedCode);
  expect(printTrace(parsed)).toBe(expectedCode);
  const [first, second] = [replay(program, trace), replay(program, parsed)];
  if (isFault(first) || isFault(second)) throw new Error('the trace does not replay');
  expect(second).toEqual(first);
  expect(printProgram(second)).toBe(printProgram(first));
}
