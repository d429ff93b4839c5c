import { checkSpec } from '../ir/spec.ts';
import { UserError } from '../support/errors.ts';
import { isRefusal } from '../support/refusal.ts';
import type { AttributeSpec, InputValues, ParameterSpec } from './operator.ts';
import type { OperatorDefinition } from './operator-definition.ts';
import type { ElementReference } from './references.ts';
import { isBuiltIn } from './registry.ts';
import { callUserFunction, firstLine, operatorFault } from './user-function.ts';

const required = ['build', 'reference', 'inputs', 'tolerance'] as const;
const optional = ['writeOut', 'check', 'channels', 'ones'] as const;

/** Throws UserError where a definition lacks what it needs: no compiler checked those written in plain JavaScript. */
export function checkDeclaration(definition: object): void {
  const given = definition as Readonly<Record<string, unknown>>;
  const name = String(given.name);
  for (const part of ['parameters', ...(given.attributes === undefined ? [] : ['attributes'])]) {
    if (!isObject(given[part]))
      throw new UserError(`${part} of ${name} must be an object, and is ${inWords(given[part])}`);
    for (const [key, spec] of Object.entries(given[part])) {
      if (!isObject(spec) || typeof spec.kind !== 'string')
        throw new UserError(
          `${key} among the ${part} of ${name} is ${inWords(spec)}; write dimension(64, "what it is") or the like`,
        );
    }
  }
  for (const part of [...required, ...optional.filter((each) => given[each] !== undefined)]) {
    if (typeof given[part] !== 'function')
      throw new UserError(`${part} of ${name} must be a function, and is ${inWords(given[part])}`);
  }
}

/** The same definition; its functions are called under the limits for users' functions, and their results are checked (see user-function.ts). */
export function checkedDefinition<
  P extends Readonly<Record<string, ParameterSpec>>,
  A extends Readonly<Record<string, AttributeSpec>>,
>(definition: OperatorDefinition<P, A>): OperatorDefinition<P, A> {
  const { name, writeOut, check, channels, ones, f32SumsOnly } = definition;
  return {
    ...definition,
    build: (...given) => callUserFunction(name, 'build', () => definition.build(...given), programProblem),
    reference: (p, a, inputs) => {
      const references = (given: InputValues) => definition.reference(p, a, given);
      return isBuiltIn(name) ? references(inputs) : checkedReference(name, inputs, references);
    },
    inputs: (...given) => callUserFunction(name, 'inputs', () => definition.inputs(...given), fillsProblem),
    tolerance: (...given) =>
      callUserFunction(name, 'tolerance', () => definition.tolerance(...given), toleranceProblem),
    ...(writeOut && {
      writeOut: (...given) => callUserFunction(name, 'writeOut', () => writeOut(...given), writtenProblem),
    }),
    ...(check && { check: (...given) => callUserFunction(name, 'check', () => check(...given), checkProblem) }),
    ...(channels && {
      channels: (...given) => callUserFunction(name, 'channels', () => channels(...given), channelsProblem),
    }),
    ...(ones && { ones: (...given) => callUserFunction(name, 'ones', () => ones(...given), booleanProblem) }),
    ...(typeof f32SumsOnly === 'function' && {
      f32SumsOnly: (a) => callUserFunction(name, 'f32SumsOnly', () => f32SumsOnly(a)),
    }),
  };
}

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
const isNumber = (value: unknown): value is number => typeof value === 'number';

/** What people call a value: `undefined`, `a text`, `an array`. */
function inWords(value: unknown): string {
  if (value === undefined || value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}

function programProblem(program: unknown): string | null {
  const parts = ['inputs', 'outputs', 'buffers', 'body'];
  if (!isObject(program) || !parts.every((part) => Array.isArray(program[part])))
    return `returns ${inWords(program)}; what program(inputs, outputs) returns is wanted`;
  if ((program.outputs as unknown[]).length === 0) return 'returns a program without an output';
  try {
    const fault = checkSpec(program as unknown as Parameters<typeof checkSpec>[0]);
    return fault === null ? null : `returns a program that is none: ${fault}`;
  } catch {
    return 'returns an object that is no program; what program(inputs, outputs) returns is wanted';
  }
}

function referenceProblem(references: unknown): string | null {
  if (!isObject(references))
    return `returns ${inWords(references)}; an object with a function for each output is wanted`;
  for (const [output, element] of Object.entries(references))
    if (typeof element !== 'function')
      return `gives ${inWords(element)} for ${output}; a function of the flat index is wanted`;
  return null;
}

function fillsProblem(fills: unknown): string | null {
  if (!isObject(fills)) return `returns ${inWords(fills)}; an object with a fill for each input is wanted`;
  for (const [name, fill] of Object.entries(fills)) {
    if (!isObject(fill))
      return `gives ${inWords(fill)} for ${name}; integers(-4, 4), reals(-1, 1) or the like is wanted`;
    const { low, high, step, density } = fill;
    const numbers = [low, high, step, density];
    if (!numbers.every((value) => isNumber(value) && Number.isFinite(value)))
      return `gives a fill for ${name} in which low, high, step and density are not all finite numbers`;
    const [least, most, by, share] = numbers as [number, number, number, number];
    if (least > most || by <= 0 || share <= 0 || share > 1)
      return `gives a fill for ${name} that has no values: low <= high, step > 0 and density in (0, 1] are wanted`;
  }
  return null;
}

function toleranceProblem(tolerance: unknown): string | null {
  const { absolute, relative } = isObject(tolerance) ? tolerance : {};
  if (isNumber(absolute) && isNumber(relative) && absolute >= 0 && relative >= 0) return null;
  return 'returns no tolerance; exact, or { absolute, relative } with numbers of at least 0, is wanted';
}

function writtenProblem(written: unknown): string | null {
  if (isRefusal(written)) return null;
  if (!isObject(written)) return `returns ${inWords(written)}; an object or a refusal is wanted`;
  const { params = {}, attributes = {} } = written;
  if (!isObject(params) || !Object.values(params).every((value) => Number.isSafeInteger(value)))
    return 'returns params that are not all integers';
  const texts = isObject(attributes) && Object.values(attributes).every((value) => typeof value === 'string');
  return texts ? null : 'returns attributes that are not all texts';
}

function checkProblem(result: unknown): string | null {
  if (result === null || result === undefined || isRefusal(result)) return null;
  return `returns ${inWords(result)}; null, or refuse("reason", () => "what is wrong"), is wanted`;
}

function channelsProblem(channels: unknown): string | null {
  const right =
    Array.isArray(channels) && channels.every((dimension) => Number.isSafeInteger(dimension) && dimension >= 0);
  return right ? null : 'returns no list of dimensions, counted from 0';
}

function booleanProblem(answer: unknown): string | null {
  return typeof answer === 'boolean' ? null : `returns ${inWords(answer)}; true or false is wanted`;
}

type References = Readonly<Record<string, ElementReference>>;

/** A user's reference over the inputs: its elements must be numbers, and where it fails on an input that does not exist the error names that. */
function checkedReference(
  operator: string,
  inputs: InputValues,
  references: (inputs: InputValues) => References,
): References {
  const missed = new Set<string>();
  // An input that exists is found before its prototype is asked, so that the proxy costs it nothing.
  const noted = new Proxy({}, { get: (_, name) => void (typeof name === 'string' && missed.add(name)) });
  const own = Object.assign(Object.create(noted), inputs) as InputValues;
  /** What `call` returns. It may ask for an optional input that is missing, but not compute with it. */
  const naming = <T>(call: () => T): T => {
    try {
      return call();
    } catch (error) {
      if (error instanceof TypeError && missed.size > 0 && error.message.includes('undefined'))
        error.message = `${firstLine(error)}; it asks for ${[...missed].join(' and ')}, and the inputs are ${Object.keys(inputs).join(', ')}`;
      throw error;
    }
  };
  const checked = ([output, element]: [string, ElementReference]): [string, ElementReference] => [
    output,
    (flat) => {
      const value: unknown = naming(() => element(flat));
      if (isNumber(value)) return value;
      const problem = `gives ${inWords(value)} for element ${flat} of ${output}; a number is wanted`;
      throw operatorFault(operator, 'reference', problem);
    },
  ];
  const all = callUserFunction(operator, 'reference', () => naming(() => references(own)), referenceProblem);
  return Object.fromEntries(Object.entries(all).map(checked));
}
