import { Float16Array, f16round } from '@petamoriken/float16';
import type { DType, Program } from '../ir/nodes.ts';
import { assert } from '../support/errors.ts';
import { createRandom } from '../support/random.ts';
import { findOperator } from './catalog.ts';
import type { InputValues } from './operator.ts';
import { callUserFunction } from './user-function.ts';
import type { Workload } from './workload.ts';

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/**
 * The values of every input of a workload, by buffer name, packed row-major: the same seed gives the same values everywhere. All
 * are exact in the workload's dtype. `program` is the workload's program, given so that it is not built again.
 */
export function generateInputs(
  workload: Workload,
  seed: number,
  program: Program = findOperator(workload.operator).build(workload),
): InputValues {
  const fills = findOperator(workload.operator).fills(workload);
  const random = createRandom(seed);
  const values: Record<string, Float64Array> = {};
  for (const name of program.inputs) {
    const buffer = program.buffers.find((candidate) => candidate.name === name);
    const fill = fills[name];
    assert(buffer !== undefined, () => `${workload.operator}: input ${name} is not declared`);
    assert(fill !== undefined, () => `${workload.operator} does not say what to fill input ${name} with`);
    const stream = random.fork(name);
    const levels = Math.floor((fill.high - fill.low) / fill.step) + 1;
    const elements = new Float64Array(sizeOf(buffer.shape));
    for (let position = 0; position < elements.length; position++) {
      if (fill.density < 1 && stream.unit() >= fill.density) continue;
      elements[position] = fill.low + fill.step * stream.below(levels);
    }
    values[name] = elements;
  }
  return values;
}

/** A number as a buffer of the dtype holds it. */
export function roundTo(dtype: DType, value: number): number {
  if (dtype === 'f32') return Math.fround(value);
  return dtype === 'f16' ? f16round(value) : Math.trunc(value);
}

/** The values that elements of one output must have: those at `positions` (flat row-major), or all when it is null. */
export type Expectation = (output: string, positions: ArrayLike<number> | null) => Float64Array;

/**
 * Expected values of a workload's outputs, rounded to their dtype. Where the reference is NaN or infinite, so is the expectation; WGSL
 * promises nothing about those. Intermediate results of a reference (a row's sum) are kept from one question to the next.
 */
export function expectationOf(
  workload: Workload,
  inputs: InputValues,
  program: Program = findOperator(workload.operator).build(workload),
): Expectation {
  const references = findOperator(workload.operator).reference(workload, inputs);
  return (output, positions) => {
    const reference = references[output];
    const buffer = program.buffers.find((candidate) => candidate.name === output);
    assert(reference !== undefined && buffer !== undefined, () => `${workload.operator} has no output ${output}`);
    const expected = new Float64Array(positions?.length ?? sizeOf(buffer.shape));
    const fill = (): void => {
      for (let slot = 0; slot < expected.length; slot++) {
        expected[slot] = roundTo(buffer.dtype, reference(positions === null ? slot : (positions[slot] as number)));
      }
    };
    callUserFunction(workload.operator, 'reference', fill);
    return expected;
  };
}

/** The same for a single question. */
export function expectedAt(
  workload: Workload,
  inputs: InputValues,
  output: string,
  positions: ArrayLike<number> | null,
  program?: Program,
): Float64Array {
  return expectationOf(workload, inputs, program)(output, positions);
}

/** Values as the bytes a device buffer holds, little endian, without padding (two f16 share four bytes). */
export function encode(values: Float64Array, dtype: DType): Uint8Array {
  switch (dtype) {
    case 'f32':
      return bytesOf(Float32Array.from(values));
    case 'f16':
      return bytesOf(Float16Array.from(values));
    case 'i32':
      return bytesOf(Int32Array.from(values));
    case 'u32':
    case 'bool':
      return bytesOf(Uint32Array.from(values));
  }
}

function bytesOf(elements: {
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly byteLength: number;
}) {
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}

/** The reverse of `encode`; the bytes may start anywhere. */
export function decode(bytes: Uint8Array, dtype: DType): Float64Array {
  // Copied because typed arrays need an aligned start.
  const { buffer } = bytes.slice();
  switch (dtype) {
    case 'f32':
      return Float64Array.from(new Float32Array(buffer));
    case 'f16':
      return Float64Array.from(new Float16Array(buffer));
    case 'i32':
      return Float64Array.from(new Int32Array(buffer));
    case 'u32':
    case 'bool':
      return Float64Array.from(new Uint32Array(buffer));
  }
}
