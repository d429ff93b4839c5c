import { UserError } from '../support/errors.ts';
import type { Operator } from './operator.ts';

const operators = new Map<string, Operator>();

/** Makes an operator known under its name. Throws UserError when another one has it. */
export function registerOperator(operator: Operator): Operator {
  if (operators.has(operator.name)) throw new UserError(`an operator named ${operator.name} is already defined`);
  operators.set(operator.name, operator);
  return operator;
}

/** All operators registered so far, in the order of registration. */
export function registeredOperators(): readonly Operator[] {
  return [...operators.values()];
}
