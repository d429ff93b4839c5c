import { basename } from 'node:path';
import { inspect } from 'node:util';
import { Script } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { exitCode, InternalError, UserError } from '../support/errors.ts';
import { isBuiltIn, moduleAt, moduleOf } from './registry.ts';

/*
 * Functions of an operator that a user defined are called here. They are synchronous and run in this thread, where an endless loop would
 * keep Ctrl-C from being heard; so they run as a script of node:vm, which can be stopped from outside: after a time, and by Ctrl-C.
 * The user must mend what they throw and results of a wrong kind, so the error is one sentence with function, module and line.
 */

/** Seconds that one call may take unless told otherwise; the reference of a whole output takes a third of a second. */
export const userFunctionSeconds = 60;

let limitSeconds = userFunctionSeconds;

/** Sets how many seconds one call of a user's function may take from now on. */
export function limitUserFunctions(seconds: number): void {
  limitSeconds = seconds;
}

let listener: (part: string) => void = () => {};

/** Calls `heard` with the name of each function before that is called, so that a watcher knows in which one this process died. */
export function onUserFunction(heard: (part: string) => void): void {
  listener = heard;
}

/** A function of a user's operator failed. */
class UserFunctionError extends UserError {}

/** A script reaches the call through the global object alone. */
const slot = Symbol.for('wgtune: the call of a user function');
const script = new Script(`globalThis[Symbol.for(${JSON.stringify(slot.description)})]()`);
let running = false;

/**
 * Calls a function of an operator's definition, or a loop over one; `part` is its name there. Functions that come with wgtune are simply
 * called. Throws UserFunctionError where the function throws, where it returns a promise, and where `problem` says in words what is wrong
 * with its result; for Ctrl-C, UserError with the exit code of an interrupt.
 */
export function callUserFunction<T>(
  operator: string,
  part: string,
  call: () => T,
  problem: (result: T) => string | null = () => null,
): T {
  if (isBuiltIn(operator)) return call();
  listener(part);
  const result = running ? call() : callWithinLimits(operator, part, call);
  const why = isPromise(result) ? 'returns a promise; its value is wanted at once' : problem(result);
  if (why !== null) throw operatorFault(operator, part, why);
  return result;
}

/**
 * The complaint about an error that a user's module throws in a callback of its own (a timer, an event); null where the error comes from
 * elsewhere, and is ours.
 */
export function moduleFault(thrown: unknown): UserFunctionError | null {
  const stack = stackOf(thrown);
  const [, innermost] = /((?:file|node):\S+?):\d+:\d+/.exec(stack) ?? [];
  const module = innermost === undefined ? null : moduleAt(innermost);
  if (module === null) return null;
  const text = `${module.path} throws: ${firstLine(thrown)} (${lineIn(stack, module.url)})`;
  return new UserFunctionError(text, exitCode.usage, { cause: thrown });
}

/** A complaint about a function of an operator: the user's mistake, or ours where the operator comes with wgtune. */
export function operatorFault(operator: string, part: string, problem: string, thrown?: unknown): Error {
  if (isBuiltIn(operator)) return new InternalError(`${part} of ${operator} ${problem}`);
  const line = thrown === undefined ? null : placeOf(operator, thrown);
  const text = `${part} of ${whereIs(operator)} ${problem}${line === null ? '' : ` (${line})`}`;
  return new UserFunctionError(text, exitCode.usage, { cause: thrown });
}

function callWithinLimits<T>(operator: string, part: string, call: () => T): T {
  const { exit } = process;
  process.exit = () => {
    throw new Error('it calls process.exit');
  };
  running = true;
  try {
    Object.defineProperty(globalThis, slot, { value: call, configurable: true });
    return script.runInThisContext({
      timeout: Math.ceil(limitSeconds * 1000),
      breakOnSigint: isMainThread,
      displayErrors: false,
    }) as T;
  } catch (error) {
    if (error instanceof UserFunctionError) throw error;
    switch ((error as { code?: unknown } | null | undefined)?.code) {
      case 'ERR_SCRIPT_EXECUTION_TIMEOUT':
        throw operatorFault(operator, part, `does not end within ${limitSeconds} s; ${moreTime}`);
      case 'ERR_SCRIPT_EXECUTION_INTERRUPTED':
        process.exit = exit;
        passOnInterrupt();
        throw new UserError('interrupted', exitCode.interrupted);
      default:
        throw operatorFault(operator, part, `throws: ${firstLine(error)}`, error);
    }
  } finally {
    running = false;
    process.exit = exit;
    Reflect.deleteProperty(globalThis, slot);
  }
}

/** The advice for a function that is slow but not wrong. */
export const moreTime = 'where that is no mistake, --module-timeout gives it more';

/** Passes on a Ctrl-C that the script has taken although it was meant for the whole process. */
function passOnInterrupt(): void {
  if (process.listenerCount('SIGINT') > 0) process.emit('SIGINT');
  else process.kill(process.pid, 'SIGINT');
}

function isPromise(value: unknown): boolean {
  if (typeof (value as { then?: unknown } | null | undefined)?.then !== 'function') return false;
  // The promise may be rejected later, which must not count as unhandled.
  Promise.resolve(value).catch(() => {});
  return true;
}

function whereIs(operator: string): string {
  const module = moduleOf(operator);
  if (module === null) return `the operator ${operator}`;
  return module.operators > 1 ? `${operator} in ${module.path}` : module.path;
}

/** What was thrown, in one line. */
export function firstLine(thrown: unknown): string {
  const text = thrown instanceof Error ? String(thrown.message) : typeof thrown === 'string' ? thrown : inspect(thrown);
  const [line] = text.split('\n');
  return line || 'an error without a message';
}

/** Where wgtune's own files lie, as stacks name them without `file://`. */
const ours = decodeURI(new URL('..', import.meta.url).pathname);

/** The innermost line of the operator's module in a stack; for an operator without a module, of any file that is not ours. */
function placeOf(operator: string, thrown: unknown): string | null {
  const stack = stackOf(thrown);
  const module = moduleOf(operator);
  if (module !== null) return lineIn(stack, module.url);
  const frames = stack.matchAll(/(?<=[\s(])(?:file:\/\/)?(\/[^\s()]+):(\d+):\d+/g);
  for (const [, file = '', line] of frames)
    if (!decodeURI(file).startsWith(ours)) return `${basename(file)} line ${line}`;
  return null;
}

/** The innermost line of a file that an error's stack names. */
export function lineIn(stack: string, url: string): string | null {
  const at = stack.indexOf(`${url}:`);
  const line = at < 0 ? null : /^\d+/.exec(stack.slice(at + url.length + 1));
  return line === null ? null : `line ${line[0]}`;
}

export function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? String(thrown.stack) : '';
}
