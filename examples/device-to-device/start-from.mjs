import { copyFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeWorkload, tune } from 'wgtune';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    shape: { type: 'string', short: 's', default: 'm=64,n=64,k=64' },
    trials: { type: 'string', default: '8' },
    device: { type: 'string' },
  },
});
const [log] = positionals;
if (log === undefined) throw new Error('name a log of another device');

const workload = makeWorkload('matmul', { shape: values.shape });
const options = { workload, trials: Number(values.trials), ...(values.device ? { device: values.device } : {}) };

const withLog = mkdtempSync(join(tmpdir(), 'with-log-'));
copyFileSync(log, join(withLog, 'elsewhere.jsonl'));
const started = await tune({ ...options, logFolder: withLog });
const alone = await tune({ ...options, logFolder: mkdtempSync(join(tmpdir(), 'alone-')) });

const { reuse } = started;
console.log(
  reuse === null
    ? 'no schedule of the log fits here'
    : `${reuse.measured} schedules of ${reuse.devices.join(', ')} measured first`,
);
const text = ({ best }) => (best === null ? 'nothing' : `${(best.timeNs / 1e3).toFixed(1)} us`);
console.log(`best with the log ${text(started)}, without ${text(alone)}, after ${options.trials} trials each`);
