import { appendFileSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceDescription } from '../../src/ir/limits.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { tuneOn } from '../../src/tuner/tune.ts';
import { makeDevice } from '../records/fixtures.ts';
import { failed, fakeRunner, ok, timeOfKey } from '../tuner/synthetic.ts';

/** Larger than the kernels of the other synthetic runs: it has several sketches and thirteen decisions. */
export const product = makeWorkload('matmul', { shape: 'm=64,n=64,k=64' });

export const hostileError = 'error: </script><img src=x onerror=alert(1)> "quoted" & more';

/**
 * Logs of a device that does not exist, in a new folder: two runs of other seeds, some of whose trials fail, and, where a second device is named, a
 * run on it that measures the first one's best.
 */
export async function makeLogs({
  trials = 32,
  seeds = [1, 2],
  other,
}: {
  readonly trials?: number;
  readonly seeds?: readonly number[];
  readonly other?: DeviceDescription;
} = {}): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'wgtune-report-'));
  const run = async (seed: number, device: DeviceDescription): Promise<void> => {
    const answer = (trial: number, key: string) =>
      trial % 11 === 7
        ? failed('build-error', hostileError)
        : ok(timeOfKey(key) + (device.name === 'lavapipe' ? 0 : 500));
    await tuneOn({ description: device }, fakeRunner(answer, device).create, {
      ...{
        workload: product,
        trials,
        seed,
        search: 'beam',
        model: 'analytic',
        logFolder: folder,
        useKnown: device.name !== 'lavapipe',
      },
      command: ['wgtune', 'tune', 'matmul', '-s', 'm=64,n=64,k=64', '--epilogue', 'relu(x)'],
    });
  };
  for (const seed of seeds) await run(seed, makeDevice());
  if (other !== undefined) await run(3, other);
  return folder;
}

/** The lines of all logs of a folder. */
export function linesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'));
}

/** Adds a file of lines. */
export function addLog(folder: string, name: string, lines: readonly string[]): void {
  appendFileSync(join(folder, name), `${lines.join('\n')}\n`);
}
