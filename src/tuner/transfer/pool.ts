import PQueue from 'p-queue';
import { type Child, forkBeside } from '../../device/child.ts';
import { exitCode, InternalError, UserError } from '../../support/errors.ts';
import type { RunCourse, TransferRun } from './run.ts';

export type FromWorker =
  | { readonly kind: 'played'; readonly course: RunCourse }
  | { readonly kind: 'failed'; readonly message: string; readonly stack: string; readonly isUsers: boolean };

interface PoolOptions {
  readonly workers: number;
  readonly signal?: AbortSignal;
  /** Told of every run as it ends, in any order. */
  readonly onCourse: (run: TransferRun, course: RunCourse) => void;
}

/**
 * Plays runs on worker processes, each with the next run as soon as it is free. Rejects with the first failure of a run, and with UserError where
 * it was interrupted; runs that ended before were told.
 */
export async function playRuns(runs: readonly TransferRun[], options: PoolOptions): Promise<void> {
  const { workers, signal, onCourse } = options;
  const queue = new PQueue({ concurrency: workers });
  const children = new Set<Child>();
  const idle: Child[] = [];
  const start = (): Child => {
    const child = forkBeside(import.meta.url, 'worker', process.env as Record<string, string>);
    children.add(child);
    return child;
  };
  const play = async (run: TransferRun): Promise<void> => {
    if (signal?.aborted) throw interrupted();
    const child = idle.pop() ?? start();
    onCourse(run, await courseOn(child, run, signal));
    idle.push(child);
  };
  try {
    await queue.addAll(runs.map((run) => () => play(run)));
  } finally {
    queue.clear();
    for (const child of children) child.process.kill('SIGKILL');
  }
}

function interrupted(): UserError {
  return new UserError(
    'interrupted; with --out the same command goes on from the runs that ended',
    exitCode.interrupted,
  );
}

function courseOn(child: Child, run: TransferRun, signal: AbortSignal | undefined): Promise<RunCourse> {
  return new Promise((resolve, reject) => {
    const onClose = (code: number | null, how: string | null): void => {
      const last = child.tail().split('\n').at(-1);
      const said = last === undefined || last === '' ? '' : ` and said: ${last}`;
      reject(
        new UserError(
          `a worker process ended (${how ?? `exit code ${code}`}) during ${run.tier} on ${run.target}${said}; --workers 1 takes the least memory`,
          exitCode.failed,
        ),
      );
    };
    const onAbort = (): void => reject(interrupted());
    signal?.addEventListener('abort', onAbort, { once: true });
    child.process.once('close', onClose);
    child.process.once('message', (message) => {
      child.process.off('close', onClose);
      signal?.removeEventListener('abort', onAbort);
      const said = message as FromWorker;
      if (said.kind === 'played') return resolve(said.course);
      const cause = Object.assign(new Error(said.message), { stack: said.stack });
      reject(said.isUsers ? new UserError(said.message, exitCode.usage, { cause }) : asInternal(said));
    });
    child.process.send(run);
  });
}

function asInternal({ message, stack }: { readonly message: string; readonly stack: string }): InternalError {
  return Object.assign(new InternalError(message), { stack });
}
