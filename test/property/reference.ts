import type { OutputCheck } from '../../src/measure/runner.ts';
import { findOperator } from '../../src/operators/catalog.ts';
import { expectedAt, generateInputs } from '../../src/operators/inputs.ts';
import { layerInputsOf } from '../../src/operators/layer-inputs.ts';
import type { InputValues } from '../../src/operators/operator.ts';
import type { Workload } from '../../src/operators/workload.ts';
import { errorFactorOf } from '../../src/schedule/rounding.ts';
import { createRandom } from '../../src/support/random.ts';
import type { RandomCase } from './random-case.ts';

/** Inputs of a workload, and why given outputs are not what its operator's reference says, or null. */
export interface Reference {
  readonly inputs: InputValues;
  readonly fault: (outputs: Readonly<Record<string, Float64Array>>) => string | null;
}

/** References with the workload's own inputs and, for f16, with inputs like a layer's. */
export function referencesOf(made: RandomCase, seed: number): readonly Reference[] {
  const { workload, program } = made;
  const operator = findOperator(workload.operator);
  const layers = layerInputsOf(workload, seed, program).map(({ name, values }): Reference => {
    const references = operator.boundedReference(workload, values);
    return {
      inputs: values,
      fault: (outputs) => {
        for (const output of program.outputs) {
          for (const [position, got] of (outputs[output] ?? []).entries()) {
            const bounded = references[output]?.(position);
            if (bounded === undefined) return `${output} has no reference`;
            const { expected, allowed } = bounded;
            if (Number.isFinite(allowed) && !(Math.abs(got - expected) <= allowed))
              return `with ${name} inputs ${output}[${position}] is ${got}, expected ${expected} to ${allowed}`;
          }
        }
        return null;
      },
    };
  });
  return [ownReference(made, seed), ...layers];
}

/** A case's inputs: those that its operator is verified with, and NaN, inf and -inf here and there where the case has such values. */
export function inputsOf({ workload, program, nonFinite }: RandomCase, seed: number): InputValues {
  const inputs = generateInputs(workload, seed, program);
  if (!nonFinite) return inputs;
  const random = createRandom(seed).fork('non-finite');
  const isFloat = (name: string): boolean =>
    program.buffers.some((buffer) => buffer.name === name && (buffer.dtype === 'f32' || buffer.dtype === 'f16'));
  // The product of padding and an infinite weight is not promised; a transposed convolution may also fill up its taps with zeros.
  const convolves = /^(depthwise_)?conv/.test(workload.operator);
  const isPaddedBeside = (name: string): boolean =>
    convolves && (name === 'W' || (name === 'X' && workload.operator === 'conv_transpose2d' && fillsTaps(workload)));
  return Object.fromEntries(
    Object.entries(inputs).map(([name, values]) => {
      if (!isFloat(name) || isPaddedBeside(name) || random.below(3) === 0) return [name, values];
      const mixed = values.slice();
      for (let spot = 0; spot <= random.below(3); spot++) {
        const from = random.below(mixed.length);
        const value = random.pick([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
        // Mostly one element, now and then as many as a row or more, such as a row of -inf alone.
        const length = random.below(4) === 0 ? 1 + random.below(40) : 1;
        mixed.fill(value, from, from + length);
      }
      return [name, mixed];
    }),
  );
}

/** Whether a transposed convolution's kernel is no multiple of its phases, so that some of them have taps of zeros. */
function fillsTaps({ params }: Workload): boolean {
  const { kh = 1, kw = 1, stride = 1, dilation = 1, stride_w = 0, dilation_w = 0 } = params;
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  const phases = (step: number, apart: number): number => step / divisor(step, apart);
  return kh % phases(stride, dilation) !== 0 || kw % phases(stride_w || stride, dilation_w || dilation) !== 0;
}

/** What every output of a case must hold. */
export function checksOf({ workload, program, scheduled }: RandomCase, inputs: InputValues): OutputCheck[] {
  const operator = findOperator(workload.operator);
  const { absolute, relative } = operator.tolerance(workload);
  const factor = errorFactorOf(program, scheduled.trace);
  if (factor !== null) {
    const references = operator.boundedReference(workload, inputs, factor);
    return program.outputs.map((buffer) => {
      const size = program.buffers.find(({ name }) => name === buffer)?.shape.reduce((all, next) => all * next, 1) ?? 0;
      const elements = Array.from({ length: size }, (_, position) => references[buffer]?.(position));
      return {
        ...{ buffer, positions: null, absoluteTolerance: 0, relativeTolerance: 0 },
        expected: Float64Array.from(elements, (element) => element?.expected ?? Number.NaN),
        allowed: Float64Array.from(elements, (element) => element?.allowed ?? 0),
      };
    });
  }
  return program.outputs.map((buffer) => ({
    buffer,
    positions: null,
    expected: expectedAt(workload, inputs, buffer, null, program),
    absoluteTolerance: absolute,
    relativeTolerance: relative,
  }));
}

/** The reference with a case's own inputs. */
function ownReference(made: RandomCase, seed: number): Reference {
  const inputs = inputsOf(made, seed);
  return {
    inputs,
    fault(outputs) {
      for (const { buffer, expected, absoluteTolerance, relativeTolerance, allowed } of checksOf(made, inputs)) {
        for (const [position, want] of expected.entries()) {
          const got = outputs[buffer]?.[position];
          // NaN equals NaN, each infinity itself, and -0 equals 0.
          if (got === want || (got !== undefined && Number.isNaN(got) && Number.isNaN(want))) continue;
          const error = Math.abs((got ?? Number.NaN) - want);
          const most = allowed?.[position] ?? absoluteTolerance + relativeTolerance * Math.abs(want);
          if (!(error <= most) || error === Number.POSITIVE_INFINITY)
            return `${buffer}[${position}] is ${got}, expected ${want}`;
        }
      }
      return null;
    },
  };
}
