import { findOperator } from '../../src/operators/catalog.ts';
import { expectedAt, generateInputs } from '../../src/operators/inputs.ts';
import { layerInputsOf } from '../../src/operators/layer-inputs.ts';
import type { InputValues } from '../../src/operators/operator.ts';
import type { RandomCase } from './random-case.ts';

/** Inputs of a workload, and why given outputs are not what its operator's reference says, or null. */
export interface Reference {
  readonly inputs: InputValues;
  readonly fault: (outputs: Readonly<Record<string, Float64Array>>) => string | null;
}

/** With the workload's own inputs, and for f16 with those like a layer's. */
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

function ownReference({ workload, program }: RandomCase, seed: number): Reference {
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
