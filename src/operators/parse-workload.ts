import type { Program } from '../ir/nodes.ts';
import { UserError } from '../support/errors.ts';
import { nearestNames } from '../support/nearest.ts';
import { explainRefusal, isRefusal } from '../support/refusal.ts';
import { findOperator } from './catalog.ts';
import { constantsText } from './constants.ts';
import { largestParameter } from './define.ts';
import { writtenEpilogue } from './epilogue-text.ts';
import { bytesPerElement } from './flops.ts';
import type { Operator, ParameterSpec } from './operator.ts';
import type { Workload } from './workload.ts';

/** The largest buffer for which wgtune makes a program: 2 GiB. Each device has its own limit of what it can bind (128 MiB is guaranteed). */
export const largestBufferBytes = 2 ** 31;

export interface WorkloadWish {
  /** `m=128,n=128,k=128`, or the same as an object; parameters that are not named take the operator's defaults. */
  readonly shape?: string | Readonly<Record<string, number | boolean>>;
  readonly attributes?: Readonly<Record<string, string>>;
  /** `f32` (the default) or `f16`. */
  readonly dtype?: string;
  /** The wish is the workload of a record or a schedule, in whose epilogue no name means a tensor by itself (see epilogue-text.ts). */
  readonly recorded?: boolean;
}

/**
 * A workload of the operator with everything filled in and checked: parameters alone, together, and the sizes of its buffers.
 * Throws UserError with one sentence that says what is wrong and what would be right.
 */
export function makeWorkload(operatorName: string, wish: WorkloadWish = {}): Workload {
  const operator = findOperator(operatorName);
  const given = wish.shape === undefined ? new Map<string, string>() : entriesOf(operator, wish.shape);
  const params: Record<string, number> = {};
  for (const [name, spec] of Object.entries(operator.parameters)) {
    const text = given.get(name);
    params[name] = text === undefined ? spec.default : parseValue(operator, name, spec, text);
  }
  const attributes = attributesOf(operator, wish.attributes ?? {});
  if (!wish.recorded) attributes.epilogue = writtenEpilogue(attributes.epilogue ?? '');
  const told: Workload = { operator: operator.name, params, attributes, dtype: dtypeOf(wish.dtype ?? 'f32') };
  const written = operator.writeOut(told, new Set([...given.keys(), ...Object.keys(wish.attributes ?? {})]));
  if (isRefusal(written)) throw new UserError(`${operator.name}: ${explainRefusal(written)}`);
  const workload: Workload = {
    ...written,
    params: withoutDefaults(operator.parameters, written.params),
    attributes: withoutDefaults(operator.attributes, written.attributes),
  };
  const refusal = operator.check(workload);
  if (isRefusal(refusal)) throw new UserError(`${operator.name}: ${explainRefusal(refusal)}`);
  const program = operator.build(workload);
  checkSizes(operator, program);
  // Also what the operator itself declares constant is in the workload, and so in its key.
  const constant = constantsText(program);
  return constant === '' ? workload : { ...workload, attributes: { ...workload.attributes, constant } };
}

function entriesOf(
  operator: Operator,
  shape: string | Readonly<Record<string, number | boolean>>,
): ReadonlyMap<string, string> {
  const names = Object.keys(operator.parameters);
  const entries: [string, string][] =
    typeof shape === 'string'
      ? splitShape(shape).map((part) => splitEntry(part, names))
      : Object.entries(shape).map(([name, value]) => [name, String(Number(value))]);
  const given = new Map<string, string>();
  for (const [name, value] of entries) {
    if (!names.includes(name)) {
      const near = nearestNames(name, names, 1);
      if (Object.hasOwn(operator.attributes, name)) {
        throw new UserError(
          `${name} of ${operator.name} is a text, not part of the shape; write --attr ${name}=${value}`,
        );
      }
      const hint = near.length > 0 ? ` (did you mean ${near[0]}?)` : '';
      throw new UserError(`${operator.name} has no dimension "${name}"${hint}; it has ${names.join(', ')}`);
    }
    if (given.has(name))
      throw new UserError(`the shape gives ${name} twice: ${name}=${given.get(name)} and ${name}=${value}`);
    if (value === '') throw new UserError(`"${name}=" in the shape has no value; write a number, e.g. ${name}=128`);
    given.set(name, value);
  }
  return given;
}

function splitShape(shape: string): string[] {
  return shape.trim() === '' ? [] : shape.split(',').map((part) => part.trim());
}

function splitEntry(part: string, names: readonly string[]): [string, string] {
  const list = names.join(', ');
  if (part === '')
    throw new UserError(`the shape has an empty entry; write name=number separated by commas, with names of ${list}`);
  const sign = part.indexOf('=');
  if (sign === 0)
    throw new UserError(`"${part}" in the shape has no dimension name; write one of ${list} in front of it`);
  if (sign > 0) return [part.slice(0, sign).trim(), part.slice(sign + 1).trim()];
  if (/^[-+\d]/.test(part))
    throw new UserError(`"${part}" in the shape has no dimension name; write name=${part} with one of ${list}`);
  throw new UserError(
    `"${part}" in the shape has no value; write ${part}=number, e.g. ${names.includes(part) ? part : names[0]}=128`,
  );
}

function parseValue(operator: Operator, name: string, spec: ParameterSpec, text: string): number {
  const said = `${name}=${text}`;
  if (spec.kind === 'flag') {
    if (text === '1' || text === 'true') return 1;
    if (text === '0' || text === 'false') return 0;
    throw new UserError(`${said} of ${operator.name} must be 0 or 1`);
  }
  // 1e12 is a number to people, so it is judged by its size; hexadecimal and the like are not.
  const value = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (!Number.isInteger(value)) throw new UserError(`${said} of ${operator.name} must be an integer`);
  if (value < spec.min) {
    throw new UserError(`${said} of ${operator.name} is too small; it must be an integer of at least ${spec.min}`);
  }
  if (value > spec.max) {
    const reason = spec.max === largestParameter ? ' (indices are 32-bit integers)' : '';
    throw new UserError(`${said} of ${operator.name} is too large; it may be at most ${spec.max}${reason}`);
  }
  return value;
}

function attributesOf(operator: Operator, given: Readonly<Record<string, string>>): Record<string, string> {
  const names = Object.keys(operator.attributes);
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    const known = names.length > 0 ? `it has ${names.join(', ')}` : 'it has none';
    throw new UserError(`${operator.name} has no attribute "${name}"; ${known}`);
  }
  return Object.fromEntries(
    Object.entries(operator.attributes).map(([name, spec]) => [name, given[name] ?? spec.default]),
  );
}

/** The entries that a workload holds: all but optional ones that have their default. */
function withoutDefaults<T extends number | string>(
  specs: Readonly<Record<string, { readonly default: T; readonly optional?: boolean }>>,
  values: Readonly<Record<string, T>>,
): Record<string, T> {
  const written = Object.entries(values).filter(
    ([name, value]) => !specs[name]?.optional || value !== specs[name]?.default,
  );
  return Object.fromEntries(written);
}

function dtypeOf(text: string): Workload['dtype'] {
  if (text === 'f32' || text === 'f16') return text;
  throw new UserError(`dtype "${text}" must be f32 or f16`);
}

function checkSizes(operator: Operator, program: Program): void {
  for (const buffer of program.buffers) {
    const elements = buffer.shape.reduce((product, extent) => product * extent, 1);
    const bytes = elements * bytesPerElement(buffer.dtype);
    if (bytes <= largestBufferBytes) continue;
    throw new UserError(
      `${operator.name}: buffer ${buffer.name} of shape [${buffer.shape.join(', ')}] would take ${(bytes / 2 ** 30).toFixed(1)} GiB; ` +
        `the limit is ${largestBufferBytes / 2 ** 30} GiB a buffer`,
    );
  }
}
