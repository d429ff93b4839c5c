import { expect, it } from 'vitest';
import { defaultLimits } from '../../src/ir/limits.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate } from '../../src/space/sketch.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { integerInputs, plain } from '../support/schedule.ts';
import { runLowered, type Values } from './simt.ts';

/** A depthwise convolution whose windows are held in registers, `registers` outputs along a row in each invocation. */
function windows(shape: string, registers: number) {
  const program = plain('depthwise_conv2d', shape);
  const sketch = sketchesOf(program).find(({ name }) => name === 'tiled');
  if (sketch === undefined) throw new Error('no tiled sketch');
  const wanted: Readonly<Record<string, number>> = {
    'ow.invocations': 2,
    'ow.registers': registers,
    'kh.step': 3,
    'kh.together': 3,
    'kw.step': 3,
    'kw.together': 3,
    vector: 1,
  };
  const made = instantiate(
    sketch,
    sketch.decisions.map(({ name, options }) => wanted[name.slice(name.indexOf('.') + 1)] ?? (options[0] as number)),
  );
  if (isRefusal(made)) throw new Error(explainRefusal(made));
  const lowered = lowerProgram(made.program, defaultLimits);
  if (isRefusal(lowered)) throw new Error(explainRefusal(lowered));
  return { program, lowered, wgsl: emit(lowered).kernels[0]?.wgsl ?? '' };
}

it('neighbours that one invocation reads share the load of a vector', () => {
  const { program, lowered, wgsl } = windows('c=2,h=5,w=16', 8);
  expect(wgsl).toContain('X: array<vec4<f32>, 40>');
  const inputs = integerInputs(program) as Values;
  expect(runLowered(lowered, inputs).Y).toEqual(interpret(program, inputs).Y);
});

it.each([
  ['rows that no vector divides', 'c=2,h=5,w=15', 8],
  ['windows that begin anywhere in a vector', 'c=2,h=5,w=16', 5],
])('%s are read element by element', (_, shape, registers) => {
  expect(windows(shape, registers).wgsl).toContain('X: array<f32, ');
});
