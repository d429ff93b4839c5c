import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { runCommandLine } from '../../src/cli/command-line.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once stderr holds the text; rejects when the process ends without it. */
  saying(text: string): Promise<void>;
}

export interface StartOptions {
  /** Modules to preload. */
  readonly imports?: readonly string[];
  /** An open file to use instead of a pipe that is read. */
  readonly stdout?: number | 'pipe';
  /** A command that starts the command line given as its further words, under a limit or as another user. */
  readonly under?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The built command line: see `test/build.ts`. */
export const builtMain = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Starts the command line as a user would: no terminal, nothing on stdin. */
export function start(
  args: readonly string[],
  { imports = [], stdout: sink = 'pipe', under = [], env = {} }: StartOptions = {},
): Running {
  const flags = imports.flatMap((module) => ['--import', module]);
  const [command, ...words] = [...under, process.execPath, ...flags, builtMain, ...args];
  const child = spawn(command as string, words, {
    stdio: ['ignore', sink, 'pipe'],
    env: { ...process.env, NO_COLOR: '', FORCE_COLOR: '', ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
  const saying = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (stderr.includes(text)) resolve();
      };
      child.stderr?.on('data', look);
      void ended.then(() => reject(new Error(`ended without saying "${text}": ${stderr}`)));
      look();
    });
  return { process: child, ended, saying };
}

export function wgtune(args: readonly string[]): Promise<Ended> {
  return start(args).ended;
}

/** Runs a command line in this process, which is a hundred times quicker than starting one. One at a time. */
export async function wgtuneHere(args: readonly string[]): Promise<Ended> {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text);
      return true;
    }),
  );
  try {
    return { code: await runCommandLine(args), ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** A folder that exists while `use` runs. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'wgtune-cli-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
