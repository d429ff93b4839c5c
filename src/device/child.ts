import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const tailCharacters = 4096;

export interface Child {
  readonly process: ChildProcess;
  /** The last few thousand characters it wrote to stdout and stderr: what native code said before it died. */
  readonly tail: () => string;
}

/**
 * Forks a module that lies beside `callerUrl`, `name` without extension: the TypeScript source through tsx where the caller
 * itself is a source (tests, development), else the built file. Messages keep typed arrays and big integers.
 * `ownSession` puts it into a session of its own on Linux, whose priority it may raise (`priority.ts`).
 */
export function forkBeside(
  callerUrl: string,
  name: string,
  environment: Record<string, string>,
  { ownSession = false } = {},
): Child {
  const extension = extname(fileURLToPath(callerUrl));
  const module = fileURLToPath(new URL(`./${name}${extension}`, callerUrl));
  const fromSource =
    extension === '.ts' ? ['--import', pathToFileURL(createRequire(callerUrl).resolve('tsx')).href] : [];
  const child = fork(module, [], {
    env: environment,
    // Never our own flags: a debugger's port or a test runner's loader would break the child.
    execArgv: fromSource,
    serialization: 'advanced',
    detached: ownSession && process.platform === 'linux',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let tail = '';
  const append = (chunk: Buffer): void => {
    tail = (tail + chunk.toString('utf8')).slice(-tailCharacters);
  };
  child.stdout?.on('data', append);
  child.stderr?.on('data', append);
  return { process: child, tail: () => tail.trim() };
}
