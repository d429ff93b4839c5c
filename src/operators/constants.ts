import type { Program } from '../ir/nodes.ts';
import { nearestNames } from '../support/nearest.ts';
import { type Refusal, refuse } from '../support/refusal.ts';
import type { AttributeSpec } from './operator.ts';

/*
 * Inputs that hold the same values in every run, such as the weights of a model: an operator declares them (`input(..., { constant: true })`),
 * or a workload names them. What is made of them alone then runs once (see ir/constants.ts), so that schedules may lay them out as a kernel
 * reads them best. A workload holds the names of all of them in its attribute `constant`, and so does its key.
 */

/** The attribute by which workloads name constant inputs. */
export const constantAttribute: AttributeSpec = {
  kind: 'attribute',
  default: '',
  optional: true,
  doc: 'inputs that hold the same values in every run (weights), separated by commas: a schedule may lay them out anew, once',
};

const namesIn = (text: string): string[] => (text.trim() === '' ? [] : text.split(',').map((name) => name.trim()));

/** Why a text does not name constant inputs of a program, or null. */
export function checkConstants(text: string, { inputs }: Program): Refusal | null {
  const names = namesIn(text);
  const unknown = names.find((name) => !inputs.includes(name));
  if (unknown !== undefined) {
    const [near] = nearestNames(unknown, inputs, 1);
    const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
    return refuse(
      'bad-constant',
      () => `constant names ${unknown === '' ? 'an empty input' : unknown}${hint}; the inputs are ${inputs.join(', ')}`,
    );
  }
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  return twice === undefined ? null : refuse('bad-constant', () => `constant names ${twice} twice`);
}

/** The program with the inputs that a workload names as constant among those that its operator declares so. */
export function withConstants(program: Program, text: string): Program {
  const named = new Set([...namesIn(text), ...(program.constants ?? [])]);
  return named.size === 0 ? program : { ...program, constants: program.inputs.filter((name) => named.has(name)) };
}

/** The attribute of a program's workload: all constant inputs, in the order of the inputs. */
export const constantsText = ({ constants = [] }: Program): string => constants.join(',');
