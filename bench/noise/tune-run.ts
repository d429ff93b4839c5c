import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TuneResult } from '../../src/tuner/events.ts';
import { startHog } from './hog.ts';

/** What `wgtune tune --json` with these words prints, from a run in a process of its own with logs of its own; `hogSeed`: beside the hog, null without. */
export function tuneRun(
  words: readonly string[],
  hogSeed: number | null,
  folder: string = process.cwd(),
): { readonly result: TuneResult; readonly seconds: number } {
  const log = mkdtempSync(join(tmpdir(), 'wgtune-bench-'));
  const hog = hogSeed === null ? null : startHog(hogSeed);
  const begun = performance.now();
  try {
    const args = ['--import', 'tsx', 'src/cli/main.ts', 'tune', ...words, '--log', log, '--json'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    if (status !== 0) throw new Error(`${folder}: tune ${words.join(' ')}: ${stderr}`);
    return { result: JSON.parse(stdout) as TuneResult, seconds: (performance.now() - begun) / 1000 };
  } finally {
    hog?.stop();
    rmSync(log, { recursive: true, force: true });
  }
}
