/**
 * Records the same part of the five spaces of `tuning-logs/spaces` on another device, so that devices differ and everything else is equal: what
 * `wgtune transfer` learns from one and plays on another.
 *     node --import tsx bench/record-spaces.ts --device lavapipe-128 [--rows 300] [--seconds 100] [--only 'matmul|conv']
 *     wgtune transfer --spaces tuning-logs/device-spaces tuning-logs/spaces --target matmul-lavapipe-128 --sources matmul
 * A space that is there is skipped, and one that was interrupted goes on: start the same command as often as you like, with `--seconds` in pieces.
 * Wants a quiet machine.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { kernelSpaceEnding } from '../src/search/recorded/kernel-space.ts';
import { spaceFiles } from '../src/search/recorded/space-files.ts';

const { values: flags } = parseArgs({
  options: {
    device: { type: 'string' },
    rows: { type: 'string', default: '300' },
    seconds: { type: 'string' },
    only: { type: 'string', default: '' },
    from: { type: 'string', default: 'tuning-logs/spaces' },
    out: { type: 'string', default: 'tuning-logs/device-spaces' },
  },
});
const { device } = flags;
if (device === undefined) throw new Error('name a device with --device');
const begun = performance.now();
const left = (): number =>
  flags.seconds === undefined ? Number.POSITIVE_INFINITY : Number(flags.seconds) - (performance.now() - begun) / 1000;
/** What it takes to bring up the device: with less there is nothing to begin. */
const leastSeconds = 10;

for (const like of spaceFiles(flags.from)) {
  const name = basename(like, kernelSpaceEnding);
  const out = join(flags.out, `${name}-${device}${kernelSpaceEnding}`);
  if (!new RegExp(flags.only).test(name) || existsSync(out)) continue;
  if (left() < leastSeconds) break;
  const limit = Number.isFinite(left()) ? ['--seconds', String(Math.floor(left()))] : [];
  const words = ['--like', like, '--device', device, '--rows', flags.rows, '--out', out, ...limit];
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', 'bench/record-space.ts', ...words], {
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`${name} was not recorded: exit code ${status}`);
}
