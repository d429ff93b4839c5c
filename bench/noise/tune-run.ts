import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TuneResult } from '../../src/tuner/events.ts';
import { startHog } from './hog.ts';

interface RunOptions {
  /** The checkout whose version runs. */
  readonly folder?: string;
  /** The driver has compiled nothing before: its cache is a folder of this run. */
  readonly isCold?: boolean;
  /** Where the log stays; without it the log goes when the run is over. */
  readonly keepLog?: string;
}

/** What `wgtune tune --json` with these words prints, from a run in a process of its own with logs of its own, which learns from no others; `hogSeed`: beside the hog, null without. */
export function tuneRun(
  words: readonly string[],
  hogSeed: number | null,
  { folder = process.cwd(), isCold = false, keepLog }: RunOptions = {},
): { readonly result: TuneResult; readonly seconds: number } {
  const scratch = mkdtempSync(join(tmpdir(), 'wgtune-bench-'));
  const hog = hogSeed === null ? null : startHog(hogSeed);
  const begun = performance.now();
  try {
    const log = keepLog ?? join(scratch, 'log');
    // An earlier version may know no shipped logs.
    const cold = folder === process.cwd() ? ['--no-shipped-logs'] : [];
    const args = ['--import', 'tsx', 'src/cli/main.ts', 'tune', ...words, '--log', log, ...cold, '--json'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env: isCold ? { ...process.env, XDG_CACHE_HOME: join(scratch, 'cache') } : process.env,
    });
    if (status !== 0) throw new Error(`${folder}: tune ${words.join(' ')}: ${stderr}`);
    return { result: JSON.parse(stdout) as TuneResult, seconds: (performance.now() - begun) / 1000 };
  } finally {
    hog?.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}
