/**
 * How long a big log takes, and how much memory: 100,000 records of the size real ones have (6 KB).
 *     node --import tsx bench/logs.ts [records] [command ...]
 * Makes the log and runs every command, or those named, of the built command line (`npm run build`) on it, each in a process of its own. Prints
 * the wall time of each, its processor time (which other work on the machine does not draw out) and the most memory it held.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeLogs } from './made-logs.ts';

const [records = '100000', ...wanted] = process.argv.slice(2);
const count = Number(records);
const folder = mkdtempSync(join(tmpdir(), 'wgtune-bench-logs-'));
try {
  const bytes = makeLogs(join(folder, 'logs'), count);
  console.log(
    `${count} records, ${(bytes / 2 ** 20).toFixed(0)} MiB, 20 workloads on 5 devices, one file per run of 500`,
  );
  console.log('command      seconds   cpu seconds   peak MiB');
  for (const words of [
    ['stats'],
    ['best'],
    ['validate', '--quick'],
    ['prune', '-o', join(folder, 'top.jsonl')],
    ['merge', '-o', join(folder, 'all.jsonl')],
    ['csv', '-o', join(folder, 'all.csv')],
    ['report', '-o', join(folder, 'report.html')],
    ['learn', '-o', join(folder, 'model.json')],
  ]) {
    const [name = '', ...rest] = words;
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const command = name === 'report' || name === 'learn' ? [name] : ['logs', name];
    const { seconds, cpuSeconds, mebibytes } = run([...command, join(folder, 'logs'), ...rest]);
    console.log(
      `${name.padEnd(12)} ${seconds.toFixed(2).padStart(7)}   ${cpuSeconds.toFixed(2).padStart(11)}   ${mebibytes.toFixed(0).padStart(8)}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(args: readonly string[]): Readonly<Record<'seconds' | 'cpuSeconds' | 'mebibytes', number>> {
  const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
  // maxRSS is in KiB and times in microseconds; told at the end, on a channel the command itself does not use.
  const report =
    "data:text/javascript,import{writeSync}from'fs';process.on('exit',()=>writeSync(3,JSON.stringify(process.resourceUsage())))";
  const begin = performance.now();
  const { status, stderr, output } = spawnSync(process.execPath, ['--import', report, main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`wgtune ${args.join(' ')}: ${stderr}`);
  const used = JSON.parse(output[3] ?? '') as NodeJS.ResourceUsage;
  return {
    seconds: (performance.now() - begin) / 1000,
    cpuSeconds: (used.userCPUTime + used.systemCPUTime) / 1e6,
    mebibytes: used.maxRSS / 1024,
  };
}
