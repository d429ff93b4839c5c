/**
 * How far measurements repeat: the same random candidates, tuned twice, in two separate runs with a measuring process and a log each.
 *     npm run bench:noise -- [--device lavapipe] [--candidates 60] [--operator matmul] [--shape m=256,n=256,k=256] [--seed 1] [--profile browser] [--cold] [--hog] [--quiet-wait 2.5]
 * `--hog` keeps all cores busy in windows of 0.2 to 5 seconds, half of the time, during both runs (`noise/hog.ts`).
 * Prints the rank correlation of both runs' times and how far apart they are, the spread within each run, and every pair as CSV with --csv.
 * A candidate far behind the best of its run ends after a few samples, as in any run; a second line leaves such candidates out.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { lesser } from '../src/measure/sampling/pace.ts';
import { medianUncertainty, quartileSpread } from '../src/measure/sampling/statistics.ts';
import { timeUnder } from '../src/measure/sampling/under-quiet.ts';
import { makeWorkload } from '../src/operators/parse-workload.ts';
import { describeWorkload } from '../src/operators/workload.ts';
import { loadRecords } from '../src/records/log-reader.ts';
import { isVerified, type TuningRecord } from '../src/records/record.ts';
import { scheduleKey } from '../src/records/schedule-key.ts';
import { UserError } from '../src/support/errors.ts';
import type { TuneResult } from '../src/tuner/events.ts';
import { tune } from '../src/tuner/tune.ts';
import { agreementOf, quantile } from './noise/agreement.ts';
import { startHog } from './noise/hog.ts';

const wanted = { spearman: 0.97, medianDifference: 0.03 };
const { values: flags } = parseArgs({
  options: {
    device: { type: 'string', default: 'lavapipe' },
    candidates: { type: 'string', default: '60' },
    operator: { type: 'string', default: 'matmul' },
    shape: { type: 'string', default: 'm=256,n=256,k=256' },
    seed: { type: 'string', default: '1' },
    profile: { type: 'string', default: 'browser' },
    cold: { type: 'boolean', default: false },
    hog: { type: 'boolean', default: false },
    'quiet-wait': { type: 'string' },
    csv: { type: 'string' },
  },
});
const workload = makeWorkload(flags.operator, { shape: flags.shape });

interface Run {
  readonly result: TuneResult;
  /** The search's trials by schedule. */
  readonly trials: ReadonlyMap<string, TuningRecord>;
}

async function run(name: string): Promise<Run> {
  const logFolder = mkdtempSync(join(tmpdir(), 'wgtune-noise-'));
  try {
    const result = await tune({
      workload,
      device: flags.device,
      profile: flags.profile === 'native' ? 'native' : 'browser',
      cold: flags.cold,
      trials: Number(flags.candidates),
      seed: Number(flags.seed),
      shippedLogs: null,
      // The proposed candidates must not depend on times.
      search: 'random',
      model: 'random',
      logFolder,
      useKnown: false,
      useOthers: false,
      ...(flags['quiet-wait'] === undefined ? {} : { quietWait: Number(flags['quiet-wait']) }),
      onEvent: (event) => {
        if (event.kind === 'trial' && event.trial % 10 === 0) console.error(`${name}: ${event.trial} of ${event.of}`);
      },
    });
    const { records } = await loadRecords([logFolder]);
    const trials = records.filter(({ origin }) => origin === 'search');
    return { result, trials: new Map(trials.map((record) => [scheduleKey(record.trace), record])) };
  } finally {
    rmSync(logFolder, { recursive: true, force: true });
  }
}

/** Times as a later run would compare them: by what both runs know of the quiet machine. */
function joinedTimes(runs: readonly Run[]): (record: TuningRecord) => number {
  const quiets = runs.flatMap(({ trials }) => [...trials.values()].flatMap(({ relative }) => relative?.quietNs ?? []));
  const quiet = quiets.length === 0 ? null : quiets.reduce(lesser);
  return (record) => (quiet === null ? null : timeUnder(record, quiet)?.timeNs) ?? (record.medianNs as number);
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)}%`;

function describeRun(name: string, { result, trials }: Run): void {
  const records = [...trials.values()].filter((record) => isVerified(record));
  const full = records.filter(({ stoppedEarly }) => !stoppedEarly);
  const spread = (of: (samples: readonly number[]) => number | null): readonly number[] =>
    full.flatMap(({ samplesNs }) => of(samplesNs) ?? []);
  const { drift, disturbance } = result;
  console.log(
    [
      `${name}: ${Object.entries(result.outcomes)
        .map(([outcome, count]) => `${count} ${outcome}`)
        .join(', ')} in ${Math.round(result.elapsedMs / 1000)} s`,
      `${records.length - full.length} stopped early`,
      `samples per candidate ${quantile(
        full.map(({ samplesNs }) => samplesNs.length),
        0.5,
      )}`,
      `middle half of the samples ${percent(quantile(spread(quartileSpread), 0.5))} of the median apart (worst ${percent(Math.max(...spread(quartileSpread)))})`,
      `median known to ${percent(quantile(spread(medianUncertainty), 0.5))}`,
      ...(disturbance === null
        ? []
        : [
            `${Math.round(disturbance.waitedMs / 1000)} s waiting for quiet moments, ${disturbance.scaled} of ${disturbance.timed} times scaled`,
          ]),
      `drift ${drift.drifted} of ${drift.remeasured}${drift.worst === null ? '' : `, at most x${drift.worst.toFixed(3)}`}`,
    ].join('; '),
  );
}

function describePairs(
  title: string,
  pairs: readonly (readonly [TuningRecord, TuningRecord])[],
  time: (record: TuningRecord) => number,
): boolean {
  if (pairs.length < 3) {
    console.log(`${title}: too few candidates were measured in both runs (${pairs.length})`);
    return false;
  }
  const times = pairs.map(([a, b]) => [time(a), time(b)] as const);
  const { spearman, medianDifference, p90Difference, medianRatio } = agreementOf(times);
  console.log(
    `${title}: ${pairs.length} candidates; Spearman ${spearman.toFixed(4)} (wanted at least ${wanted.spearman}); median difference ${percent(medianDifference)} (wanted at most ${percent(wanted.medianDifference)}), nine in ten within ${percent(p90Difference)}; second run / first run ${medianRatio.toFixed(3)}`,
  );
  return spearman >= wanted.spearman && medianDifference <= wanted.medianDifference;
}

try {
  const runBeside = async (name: string, seed: number): Promise<Run> => {
    const hog = flags.hog ? startHog(seed) : null;
    try {
      return await run(name);
    } finally {
      hog?.stop();
    }
  };
  const [first, second] = [await runBeside('first run', 1), await runBeside('second run', 2)];
  const { device } = first.result;
  const argv = process.argv.slice(2).join(' ');
  console.log(
    `${new Date().toISOString().slice(0, 10)}  ${describeWorkload(workload)} on ${device.name} (${device.driver}, ${device.profile}${flags.cold ? ', cold caches' : ''})  ${cpus()[0]?.model.trim()}, ${availableParallelism()} cores`,
  );
  console.log(`command: npm run bench:noise${argv === '' ? '' : ` -- ${argv}`}`);
  describeRun('first run', first);
  describeRun('second run', second);
  const pairs = [...first.trials].flatMap(([key, a]) => {
    const b = second.trials.get(key);
    return b !== undefined && isVerified(a) && isVerified(b) ? [[a, b] as const] : [];
  });
  const time = joinedTimes([first, second]);
  const enough = describePairs('both runs', pairs, time);
  describePairs('by the medians of the samples as they are', pairs, ({ medianNs }) => medianNs as number);
  describePairs(
    'of these, never stopped early',
    pairs.filter(([a, b]) => !a.stoppedEarly && !b.stoppedEarly),
    time,
  );
  if (flags.csv !== undefined)
    writeFileSync(
      flags.csv,
      `kernel,first_ns,second_ns,first_calm,second_calm,first_samples,second_samples,stopped_early\n${pairs
        .map(([a, b]) =>
          [
            a.kernelHash,
            time(a),
            time(b),
            a.relative?.calm ?? '',
            b.relative?.calm ?? '',
            a.samplesNs.length,
            b.samplesNs.length,
            a.stoppedEarly || b.stoppedEarly,
          ].join(','),
        )
        .join('\n')}\n`,
    );
  if (!enough) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
