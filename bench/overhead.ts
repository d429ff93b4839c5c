/**
 * Where the time of a tuning run goes: 100 trials, with the driver's cache of compiled kernels empty at the beginning.
 *     node --import tsx bench/overhead.ts [--device lavapipe] [--trials 100] [--shape m=256,n=256,k=256] [--seed 1] [--profile browser] [--keep-cache]
 * Prints the wall time of the run, its parts, and which share of the trials' time compiling and running kernels took: of all trials, and of
 * those whose kernel takes about a millisecond (half to twice). For such kernels: `--shape m=128,n=128,k=128` on lavapipe. Time spent waiting
 * for kernels that other processes built ahead counts as compiling, in equal parts for each of these kernels.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeWorkload } from '../src/operators/parse-workload.ts';
import { describeWorkload } from '../src/operators/workload.ts';
import { loadRecords } from '../src/records/log-reader.ts';
import type { TuningRecord } from '../src/records/record.ts';
import { tune } from '../src/tuner/tune.ts';

const wanted = { useful: 0.6, verify: 0.15, relative: 0.1 };
const { values: flags } = parseArgs({
  options: {
    device: { type: 'string', default: 'lavapipe' },
    trials: { type: 'string', default: '100' },
    operator: { type: 'string', default: 'matmul' },
    shape: { type: 'string', default: 'm=256,n=256,k=256' },
    seed: { type: 'string', default: '1' },
    profile: { type: 'string', default: 'browser' },
    'keep-cache': { type: 'boolean', default: false },
  },
});
const scratch = mkdtempSync(join(tmpdir(), 'wgtune-overhead-'));
// Drivers are told to keep what they compiled in a folder of this one.
if (!flags['keep-cache']) process.env.XDG_CACHE_HOME = join(scratch, 'cache');
const workload = makeWorkload(flags.operator, { shape: flags.shape });
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const percent = (fraction: number): string => `${(100 * fraction).toFixed(0)}%`;

try {
  const begun = performance.now();
  const result = await tune({
    workload,
    device: flags.device,
    profile: flags.profile === 'native' ? 'native' : 'browser',
    trials: Number(flags.trials),
    seed: Number(flags.seed),
    logFolder: join(scratch, 'log'),
    useOthers: false,
    onEvent: (event) => {
      if (event.kind === 'trial' && event.trial % 10 === 0) console.error(`${event.trial} of ${event.of}`);
    },
  });
  const wallMs = performance.now() - begun;
  const { records } = await loadRecords([join(scratch, 'log')]);
  const { device, spentMs, builtAhead, outcomes } = result;
  console.log(
    `${new Date().toISOString().slice(0, 10)}  ${describeWorkload(workload)} on ${device.name} (${device.driver}, ${device.profile})  ${cpus()[0]?.model.trim()}, ${availableParallelism()} cores`,
  );
  console.log(`command: node --import tsx bench/overhead.ts ${process.argv.slice(2).join(' ')}`.trimEnd());
  console.log(
    `${result.trials} trials (${records.length} measurements: ${JSON.stringify(outcomes)}) in ${seconds(wallMs)}: ${seconds(spentMs.measure)} measuring, ${seconds(spentMs.propose)} searching, ${seconds(spentMs.fit)} learning, ${seconds(wallMs - result.elapsedMs)} starting (device, data, peaks)`,
  );
  if (builtAhead !== null)
    console.log(
      `built ahead: ${builtAhead.candidates} candidates in ${builtAhead.processes} processes, waited for ${seconds(builtAhead.waitedMs)}${builtAhead.gaveUp === null ? '' : `; given up: ${builtAhead.gaveUp}`}`,
    );
  describeRelative(records, wallMs);
  const ahead = records.filter(({ phasesMs }) => phasesMs.ahead !== undefined).length;
  const waitedEach = ahead === 0 ? 0 : (builtAhead?.waitedMs ?? 0) / ahead;
  // Contestants of the race are built first and timed in turn, so that their times overlap.
  const single = records.filter(({ race }) => race === null);
  describeShares('all trials', single, waitedEach);
  describeShares(
    'kernels of 0.5 to 2 ms',
    single.filter(({ medianNs }) => medianNs !== null && medianNs >= 0.5e6 && medianNs <= 2e6),
    waitedEach,
  );
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** What times relative to references cost: the references themselves (at most twice beside each sample), waiting, and the race at the end. */
function describeRelative(records: readonly TuningRecord[], wallMs: number): void {
  const beside = sum(
    records.map(({ references }) =>
      references === null ? 0 : (2 * (sum(references.arithmetic) + sum(references.memory))) / 1e6,
    ),
  );
  const waited = sum(records.map(({ phasesMs }) => phasesMs.wait ?? 0));
  // All contestants are built first and timed in turn: the first one's time is the race's.
  const raced = Math.max(0, ...records.filter(({ race }) => race !== null).map(({ durationMs }) => durationMs));
  console.log(
    `relative times: references ${seconds(beside)}, waiting for quiet moments ${seconds(waited)}, the race at the end ${seconds(raced)}: ${percent((beside + raced) / wallMs)} of the run beside the waiting, ${percent((beside + raced + waited) / wallMs)} with it (wanted at most ${percent(wanted.relative)} on a quiet machine)`,
  );
}

function describeShares(title: string, records: readonly TuningRecord[], waitedEach: number): void {
  if (records.length === 0) {
    console.log(`${title}: none`);
    return;
  }
  const waited = (record: TuningRecord): number => (record.phasesMs.ahead === undefined ? 0 : waitedEach);
  const total = sum(records.map((record) => record.durationMs + waited(record)));
  const compile = sum(records.map((record) => record.phasesMs.build + waited(record)));
  const kernel = sum(records.map(({ phasesMs }) => phasesMs.kernel ?? 0));
  const timing = sum(records.map(({ phasesMs }) => phasesMs.time)) - kernel;
  const verify = sum(records.map(({ phasesMs }) => phasesMs.verify));
  const outside = sum(records.map(({ durationMs, phasesMs }) => durationMs - phasesMs.total));
  const rest = total - compile - kernel - timing - verify - outside;
  const share = (ms: number): string => `${seconds(ms)} (${percent(ms / total)})`;
  console.log(
    `${title}: ${records.length}, ${Math.round(total / records.length)} ms each: compiling ${share(compile)}, kernels running ${share(kernel)}, timing around them ${share(timing)}, verification ${share(verify)}, lowering, reference and record ${share(outside)}, process and messages ${share(rest)}`,
  );
  console.log(
    `  compiling or running ${percent((compile + kernel) / total)} (wanted at least ${percent(wanted.useful)}), verification ${percent(verify / total)} (wanted at most ${percent(wanted.verify)})`,
  );
}
