import { UserError } from '../support/errors.ts';
import type { Operator } from './operator.ts';

const operators = new Map<string, Operator>();

/** Throws UserError when another operator has the name. */
export function checkNameFree(name: string): void {
  if (operators.has(name)) throw new UserError(`an operator named ${name} is already defined`);
}

/** Makes an operator known under its name. Throws UserError when another one has it. */
export function registerOperator(operator: Operator): Operator {
  checkNameFree(operator.name);
  operators.set(operator.name, operator);
  return operator;
}

/** All operators registered so far, in the order of registration. */
export function registeredOperators(): readonly Operator[] {
  return [...operators.values()];
}

/** A user's module that defined an operator. */
interface OperatorModule {
  /** As the user named it. */
  readonly path: string;
  /** As stacks name it: `file://...` of the real path. */
  readonly url: string;
  /** How many operators it defines. */
  readonly operators: number;
}

const modules = new Map<string, OperatorModule>();

export function setModule(operator: string, module: OperatorModule): void {
  modules.set(operator, module);
}

/** The module that defined an operator; null where it comes with wgtune, or where a user's own program defined it without such a module. */
export function moduleOf(operator: string): OperatorModule | null {
  return modules.get(operator) ?? null;
}

/** The module whose code stands at that address. */
export function moduleAt(url: string): OperatorModule | null {
  return [...modules.values()].find((module) => module.url === url) ?? null;
}

let builtIn: ReadonlySet<string> | null = null;

/** Ends the registration of operators that come with wgtune; later ones are those of users. */
export function endBuiltIns(): void {
  builtIn ??= new Set(operators.keys());
}

export function isBuiltIn(operator: string): boolean {
  return builtIn === null || builtIn.has(operator);
}
