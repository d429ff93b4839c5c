import { forkBeside } from '../device/child.ts';
import type { WorkloadWish } from '../operators/parse-workload.ts';
import { moreTime } from '../operators/user-function.ts';
import { exitCode, InternalError, UserError } from '../support/errors.ts';

/*
 * A module of the user is first loaded, and its functions called once, in a process of its own: a module that never ends, ends the process or
 * takes all memory can be stopped there and reported, and meanwhile this process hears Ctrl-C.
 */

/** `./my-op.mjs`, or `./my-ops.mjs:name` where a module defines several. */
export interface ModuleWord {
  readonly path: string;
  /** The operator that is meant; undefined where none is named, which is enough for a module that defines only one. */
  readonly wanted: string | undefined;
}

/** What the rehearsal makes of the module's operator: a workload, and where `verified` an element of each output. */
export interface Rehearsed {
  readonly wish: WorkloadWish;
  readonly verified: boolean;
}

export interface RehearsalRequest {
  readonly module: ModuleWord;
  /** How long loading the module, and each call of its functions, may take. */
  readonly seconds: number;
  /** Null: load it and no more. */
  readonly act: Rehearsed | null;
}

export type FromRehearsal =
  /** The module is being loaded (null), or this function of it called. */
  | { readonly kind: 'at'; readonly part: string | null }
  | { readonly kind: 'done' }
  /** `code` is null where the mistake is ours. */
  | {
      readonly kind: 'failed';
      readonly message: string;
      readonly stack: string;
      readonly code: UserError['exitCode'] | null;
    };

/** The child stops a function by itself; this further time is for a function that sits in native code. */
const graceSeconds = 5;

/** Throws UserError with what goes wrong with a module. */
export async function rehearse(request: RehearsalRequest): Promise<void> {
  const { module, seconds } = request;
  const child = forkBeside(import.meta.url, 'rehearsal-child', process.env as Record<string, string>);
  let timer: NodeJS.Timeout | undefined;
  /** Null: loading. */
  let part: string | null = null;
  const failed = (how: string): UserError =>
    new UserError(part === null ? `${module.path} cannot be loaded: it ${how}` : `${part} of ${module.path} ${how}`);
  try {
    await new Promise<void>((resolve, reject) => {
      child.process.on('message', (message) => {
        clearTimeout(timer);
        const said = message as FromRehearsal;
        if (said.kind === 'done') return resolve();
        if (said.kind === 'failed') return reject(toldError(said));
        ({ part } = said);
        const limit = part === null ? seconds : seconds + graceSeconds;
        timer = setTimeout(() => reject(failed(`does not end within ${seconds} s; ${moreTime}`)), limit * 1000);
      });
      child.process.once('error', reject);
      child.process.once('close', (code, signal) => {
        const noMemory = child.tail().includes('heap out of memory');
        reject(
          failed(noMemory ? 'takes more memory than there is' : `ends the process (${signal ?? `exit code ${code}`})`),
        );
      });
      child.process.send(request);
    });
  } finally {
    clearTimeout(timer);
    child.process.kill('SIGKILL');
  }
}

function toldError({ message, stack, code }: FromRehearsal & { readonly kind: 'failed' }): Error {
  const cause = Object.assign(new Error(message), { stack });
  return code === null
    ? Object.assign(new InternalError(message), { stack })
    : new UserError(message, code === exitCode.interrupted ? exitCode.usage : code, { cause });
}
