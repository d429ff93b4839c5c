import { UserError } from '../support/errors.ts';
import { nearestNames } from '../support/nearest.ts';
import './matmul.ts';
import './conv2d.ts';
import './reduce.ts';
import './softmax.ts';
import './elementwise.ts';
import type { Operator } from './operator.ts';
import { registeredOperators } from './registry.ts';

/** Every known operator: those that come with wgtune (the imports above register them), then those a user defined. */
export function listOperators(): readonly Operator[] {
  return registeredOperators();
}

/** The operator of that name; an unknown name is a UserError that says which names are near. */
export function findOperator(name: string): Operator {
  const found = registeredOperators().find((operator) => operator.name === name);
  if (found !== undefined) return found;
  const names = registeredOperators().map((operator) => operator.name);
  const near = nearestNames(name, names);
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : `the operators are ${names.join(', ')}`;
  throw new UserError(`there is no operator "${name}"; ${hint}`);
}
