import { findOperator } from '../../src/operators/catalog.ts';
import { expectedAt, generateInputs } from '../../src/operators/inputs.ts';
import type { InputValues } from '../../src/operators/operator.ts';
import type { RandomCase } from './random-case.ts';

/** A workload's inputs, and why given outputs are not what its operator's reference says, or null. */
export function referenceOf(
  { workload, program }: RandomCase,
  seed: number,
): {
  readonly inputs: InputValues;
  readonly fault: (outputs: Readonly<Record<string, Float64Array>>) => string | null;
} {
  const inputs = generateInputs(workload, seed, program);
  const { absolute, relative } = findOperator(workload.operator).tolerance(workload);
  return {
    inputs,
    fault(outputs) {
      for (const name of program.outputs) {
        const expected = expectedAt(workload, inputs, name, null, program);
        for (const [position, want] of expected.entries()) {
          const got = outputs[name]?.[position] ?? Number.NaN;
          if (!(Math.abs(got - want) <= absolute + relative * Math.abs(want)))
            return `${name}[${position}] is ${got}, expected ${want}`;
        }
      }
      return null;
    },
  };
}
