/**
 * How well times are known that have no quiet sample: kernels of tuning logs that were also timed in quiet moments, elsewhere in the same logs.
 *     node --import tsx bench/scaling.ts logs/ [more-logs/]
 * Prints the error of the natural logarithm of such times by the rule that wgtune uses, and by others. Wants logs of a busy machine: a race at the end of
 * a run times its fastest kernels again, and runs of several seeds find the same ones.
 */
import { estimateTime, isCalm, type PacedSample } from '../src/measure/sampling/estimate.ts';
import { median, quantile } from '../src/measure/sampling/statistics.ts';
import { samplesUnder } from '../src/measure/sampling/under-quiet.ts';
import { workloadKey } from '../src/operators/workload.ts';
import { loadRecords } from '../src/records/log-reader.ts';
import { isVerified } from '../src/records/record.ts';
import { markdownTable } from '../src/report/table.ts';

/** Quiet samples of a kernel that make its time the measure of others. */
const enoughQuiet = 4;
/** Times of so few samples are shown by themselves as well. */
const few = 5;

const times = (samples: readonly PacedSample[]): readonly number[] => samples.map(({ ns }) => ns);
const leastSlow = (samples: readonly PacedSample[]): readonly PacedSample[] =>
  [...samples].sort((a, b) => a.slowdown - b.slowdown).slice(0, Math.max(3, Math.ceil(samples.length / 2)));
const rules: Readonly<Record<string, (samples: readonly PacedSample[]) => number>> = {
  'as wgtune does': (samples) => estimateTime(samples)?.timeNs ?? Number.NaN,
  'each sample by the references beside it': (samples) =>
    median(leastSlow(samples).map(({ ns, slowdown }) => ns / slowdown)) ?? Number.NaN,
  'lower quartile, not scaled': (samples) => quantile(times(samples), 0.25) ?? Number.NaN,
  'fastest sample, not scaled': (samples) => Math.min(...times(samples)),
};

const { records } = await loadRecords(process.argv.slice(2));
const quiet = new Map<string, number>();
const scaled: { readonly key: string; readonly samples: readonly PacedSample[] }[] = [];
for (const record of records) {
  if (!isVerified(record) || record.relative === null) continue;
  const key = `${workloadKey(record.workload)} ${record.device.device} ${record.kernelHash}`;
  const samples = samplesUnder(record, record.relative.quietNs);
  const calm = times(samples.filter(isCalm));
  if (calm.length >= enoughQuiet)
    quiet.set(key, Math.min(quiet.get(key) ?? Number.POSITIVE_INFINITY, quantile(calm, 0.25) as number));
  else if (calm.length === 0) scaled.push({ key, samples });
}
const known = scaled.filter(({ key }) => quiet.has(key));
const cells = (
  rule: (samples: readonly PacedSample[]) => number,
  of: readonly (typeof known)[number][],
): readonly string[] => {
  const errors = of.map(({ key, samples }) => Math.log(rule(samples) / (quiet.get(key) as number)));
  const deviation = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
  const at = (share: number): string => (quantile(errors, share) ?? Number.NaN).toFixed(2);
  return [at(0.5), at(0.05), at(0.95), deviation.toFixed(3)];
};
const hardest = known.filter(({ samples }) => samples.length <= few);
console.log(`${known.length} times without a quiet sample, ${hardest.length} of at most ${few} samples`);
console.log(
  markdownTable(
    ['time', 'median', '5%', '95%', 'root mean square', `of at most ${few}: median`, '5%', '95%', 'root mean square'],
    Object.entries(rules).map(([name, rule]) => [name, ...cells(rule, known), ...cells(rule, hardest)]),
  ),
);
