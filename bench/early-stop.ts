/**
 * What stopping a measurement early saves and costs, replayed on the samples of recorded spaces: no device is asked.
 *     node --import tsx bench/early-stop.ts tuning-logs/spaces/*.space.json.gz [--seeds 10]
 * Candidates come in random order. Each rule says after every sample whether it has seen enough; its time for the candidate is then the
 * median of the samples it saw. `seen`: fraction of the recorded samples; `time`: fraction of the recorded kernel time; `order`: Spearman's
 * rank correlation with the medians of all samples; `pick`: the rule's fastest candidate by all its samples, relative to the space's best.
 */
import { Command } from 'commander';
import { median, medianUncertainty } from '../src/measure/sampling/statistics.ts';
import { kernelSpaceEnding, readKernelSpace } from '../src/search/recorded/kernel-space.ts';
import { exitCode, UserError } from '../src/support/errors.ts';
import { createRandom } from '../src/support/random.ts';
import { rankCorrelation } from './statistics/rank-correlation.ts';

/** Whether the samples so far are enough, given the best median so far (Infinity at first). */
type Rule = (samples: readonly number[], best: number) => boolean;

const variation = (samples: readonly number[]): number => {
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  const variance = samples.reduce((sum, sample) => sum + (sample - mean) ** 2, 0) / Math.max(1, samples.length - 1);
  return Math.sqrt(variance) / mean;
};
const isBehind: Rule = (samples, best) => samples.length >= 2 && samples.every((sample) => sample > 3 * best);
const isSure: Rule = (samples) => samples.length >= 5 && (medianUncertainty(samples) ?? 1) <= 0.04;

const rules: Readonly<Record<string, Rule>> = {
  'one sample': (samples) => samples.length >= 1,
  'five samples': (samples) => samples.length >= 5,
  "AdaTune's: variation below 10%": (samples) => samples.length >= 2 && variation(samples) < 0.1,
  "AdaTune's: variation below 3%": (samples) => samples.length >= 2 && variation(samples) < 0.03,
  'interval within 4%': isSure,
  'far behind twice': isBehind,
  'interval within 4%, or far behind twice': (samples, best) => isSure(samples, best) || isBehind(samples, best),
};

async function main(paths: readonly string[], seeds: number): Promise<void> {
  for (const path of paths) {
    if (!path.endsWith(kernelSpaceEnding)) throw new UserError(`${path}: no recorded space (*${kernelSpaceEnding})`);
    const { rows, device, workload, recordedAt } = await readKernelSpace(path);
    const measured = rows.filter(({ t, o }) => o === undefined && t.length > 0).map(({ t }) => t);
    const truth = measured.map((samples) => median(samples) as number);
    const optimum = truth.reduce((best, time) => Math.min(best, time), Number.POSITIVE_INFINITY);
    console.log(`\n${workload.operator} on ${device.name}, recorded ${recordedAt}: ${measured.length} candidates`);
    console.log(`${'rule'.padEnd(42)}  seen  time  order   pick`);
    for (const [name, rule] of Object.entries(rules)) {
      const figures = Array.from({ length: seeds }, (_, seed) => replay(measured, truth, optimum, rule, seed + 1));
      const mean = (of: (figure: Figures) => number): number =>
        figures.reduce((sum, figure) => sum + of(figure), 0) / figures.length;
      const percent = (value: number): string => `${Math.round(100 * value)}%`.padStart(5);
      console.log(
        `${name.padEnd(42)} ${percent(mean(({ seen }) => seen))} ${percent(mean(({ time }) => time))}  ${mean(({ order }) => order).toFixed(3)}  ${mean(({ pick }) => pick).toFixed(3)}`,
      );
    }
  }
}

interface Figures {
  readonly seen: number;
  readonly time: number;
  readonly order: number;
  readonly pick: number;
}

function replay(
  measured: readonly (readonly number[])[],
  truth: readonly number[],
  optimum: number,
  rule: Rule,
  seed: number,
): Figures {
  const thought = new Array<number>(measured.length).fill(0);
  let [best, picked, seen, spent, samples, kernel] = [Number.POSITIVE_INFINITY, 0, 0, 0, 0, 0];
  for (const at of createRandom(seed).shuffled(measured.map((_, index) => index))) {
    const all = measured[at] as readonly number[];
    let taken = 1;
    while (taken < all.length && !rule(all.slice(0, taken), best)) taken++;
    const time = median(all.slice(0, taken)) as number;
    thought[at] = time;
    if (time < best) [best, picked] = [time, at];
    seen += taken;
    samples += all.length;
    spent += all.slice(0, taken).reduce((sum, sample) => sum + sample, 0);
    kernel += all.reduce((sum, sample) => sum + sample, 0);
  }
  return {
    seen: seen / samples,
    time: spent / kernel,
    order: rankCorrelation(thought, truth),
    pick: optimum / (truth[picked] as number),
  };
}

const command = new Command()
  .argument('<spaces...>', 'recorded spaces')
  .option('--seeds <n>', 'orders in which candidates come', '10');
command.parse();
try {
  await main(command.args, Number(command.opts<{ seeds: string }>().seeds));
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode ?? exitCode.failed;
}
