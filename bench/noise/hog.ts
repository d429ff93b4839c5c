/**
 * A process that keeps every core busy in windows of 0.2 to 5 seconds, half of the time, until it is ended.
 *     node --import tsx bench/noise/hog.ts [--seed 1] [--cores n]
 * Lengths of busy and of idle windows are drawn from one distribution, so that half of the time is busy; it is uniform in the logarithm, so that
 * short windows are as common as long ones.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, Worker } from 'node:worker_threads';
import { createRandom } from '../../src/support/random.ts';

export const hogWindowMs = { least: 200, most: 5000 };

/** Starts the hog beside this process; it ends with `stop`, or when this process is gone. */
export function startHog(seed: number): { readonly stop: () => void } {
  const child: ChildProcess = spawn(
    process.execPath,
    [...process.execArgv, fileURLToPath(import.meta.url), '--seed', String(seed)],
    {
      stdio: ['pipe', 'ignore', 'inherit'],
    },
  );
  const stop = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', stop);
  return { stop };
}

/** Spins while the shared word is 1, sleeps while it is 0. */
const spinner = `
const { workerData } = require('node:worker_threads');
const word = new Int32Array(workerData);
for (;;) {
  Atomics.wait(word, 0, 0);
  while (Atomics.load(word, 0) === 1);
}
`;

function main(): void {
  const { values: flags } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      cores: { type: 'string', default: String(availableParallelism()) },
    },
  });
  const random = createRandom(Number(flags.seed));
  const word = new Int32Array(new SharedArrayBuffer(4));
  for (let core = 0; core < Number(flags.cores); core++) new Worker(spinner, { eval: true, workerData: word.buffer });
  const turn = (): void => {
    const busy = Atomics.load(word, 0) === 0;
    Atomics.store(word, 0, busy ? 1 : 0);
    if (busy) Atomics.notify(word, 0);
    const { least, most } = hogWindowMs;
    setTimeout(turn, least * (most / least) ** random.unit());
  };
  turn();
  // The process that started this one holds the other end: when that closes, this one is of no use.
  process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL')).resume();
}

if (isMainThread && process.argv[1] === fileURLToPath(import.meta.url)) main();
