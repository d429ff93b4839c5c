import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pageHostOf } from '../src/device/browser/page-host.ts';
import { makeWorkload } from '../src/operators/parse-workload.ts';
import { loadRecords } from '../src/records/log-reader.ts';
import { createRandom } from '../src/support/random.ts';
import { tune } from '../src/tuner/tune.ts';

/**
 * Tunes in a page of the packaged Chromium and kills the browser at random moments: every trial that was told of must be in the log, killed ones as
 * `device-lost`, and the run must go on to its end. `--kills 20 --trials 40`.
 */
const option = (name: string, usual: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? usual : Number(process.argv[at + 1]);
};
const [kills, trials, seed] = [option('kills', 20), option('trials', 60), option('seed', 1)];

const logFolder = mkdtempSync(join(tmpdir(), 'wgtune-kills-'));
const random = createRandom(seed);
let [killed, told] = [0, 0];
let timer: NodeJS.Timeout | undefined;
let last = performance.now();
/** At any moment of the next trial, or after its end: a browser that is killed again and again while it starts is another matter. */
const killSoon = (): void => {
  const tookMs = performance.now() - last;
  last += tookMs;
  clearTimeout(timer);
  if (killed === kills) return;
  timer = setTimeout(
    () => {
      pageHostOf('').endBrowser();
      killed++;
    },
    random.below(Math.ceil(1.5 * tookMs)),
  );
};

try {
  const { outcomes, trials: made } = await tune({
    workload: makeWorkload('matmul', { shape: 'm=64,n=64,k=64' }),
    device: 'browser',
    trials,
    logFolder,
    quietWait: 0,
    onEvent: ({ kind }) => {
      if (kind === 'trial') told++;
      // From the first result on, so that the run has begun.
      if (kind === 'trial' || kind === 'baseline') killSoon();
    },
  });
  const { records, faults } = await loadRecords([logFolder]);
  const searched = records.filter(({ origin }) => origin === 'search');
  const complete = searched.length >= told && faults.length === 0;
  console.log(`${killed} kills; ${made} trials told of, ${searched.length} in the log, ${faults.length} broken lines`);
  console.log(JSON.stringify(outcomes));
  process.exitCode = complete && killed > 0 && made === trials ? 0 : 1;
} finally {
  clearTimeout(timer);
  rmSync(logFolder, { recursive: true, force: true });
}
process.exit();
