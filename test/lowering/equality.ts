import { expect } from 'vitest';
import type { LoweredProgram } from '../../src/ir/kernel.ts';
import { type DeviceLimits, defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { checkSpec } from '../../src/ir/spec.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { runLowered, type Values } from './simt.ts';

/** Integers between -4 and 4 for every input: sums of their products are exact in f32. */
export function smallInputs(program: Program, seed = 1): Values {
  const random = createRandom(seed);
  const inputs: Record<string, Float64Array> = {};
  for (const name of program.inputs) {
    const shape = program.buffers.find((buffer) => buffer.name === name)?.shape ?? [];
    const size = shape.reduce((product, extent) => product * extent, 1);
    inputs[name] = Float64Array.from({ length: size }, () => random.below(9) - 4);
  }
  return inputs;
}

export function lowered(program: Program, limits: DeviceLimits = defaultLimits): LoweredProgram {
  expect(checkSpec(program)).toBeNull();
  const result = lowerProgram(program, limits);
  if (isRefusal(result)) throw new Error(`${result.reason}: ${explainRefusal(result)}`);
  return result;
}

/** Lowers, executes lane by lane, and compares every output with the meaning of the program, element for element. */
export function expectSameMeaning(program: Program, seed = 1): LoweredProgram {
  const result = lowered(program);
  const inputs = smallInputs(program, seed);
  const expected = interpret(program, inputs, { rounding: true });
  const got = runLowered(result, inputs);
  for (const name of program.outputs) expect(got[name], name).toEqual(expected[name]);
  return result;
}
