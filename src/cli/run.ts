import type { Command } from 'commander';
import type { Workload } from '../operators/workload.ts';
import type { Trace } from '../schedule/trace.ts';
import { exitCode, UserError } from '../support/errors.ts';
import type { BestKernel, RunResult } from '../tuner/events.ts';
import { addLookupOptions, addNearestOption, type LookupFlags, lookupWish, workloadOf } from './kernel-options.ts';
import { sayWhatWasPassedOver, withTuneCommand } from './known-kernel.ts';
import { wholeNumber } from './option-values.ts';
import { print, printJson, say } from './output.ts';
import { addSourceOptions, checkOneSource, type SourceFlags } from './schedule-source.ts';

interface RunFlags extends LookupFlags, SourceFlags {
  readonly nearest?: boolean;
  readonly seed: number;
  readonly json?: boolean;
}

export function addRunCommand(program: Command): void {
  const command = program
    .command('run')
    .summary('verify and time a kernel once more')
    .description(
      'Builds the best known kernel of a workload, or the schedule that is named, checks its answers on the device and times it. A wrong answer or a failure ends with exit code 1. Writes no record.',
    );
  addSourceOptions(addNearestOption(addLookupOptions(command)))
    .option('--seed <n>', 'start of the random inputs', wholeNumber('--seed', 0, 2 ** 31 - 1), 1)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  wgtune run matmul -s m=128,n=128,k=128
  wgtune run matmul -s m=128,n=128,k=128 --naive --device swiftshader
  wgtune run matmul --schedule matmul.json`,
    )
    .action(runRun);
}

async function runRun(operator: string, flags: RunFlags): Promise<void> {
  const { workload, trace, what } = await findSchedule(operator, flags);
  const { runSchedule } = await import('../tuner/run-schedule.ts');
  const run = await withTuneCommand(operator, flags, () =>
    runSchedule({ workload, trace, seed: flags.seed, nearest: flags.nearest === true, ...lookupWish(flags) }),
  );
  if (flags.json) {
    const { artifact: _, known, nearest, ...document } = run;
    printJson({
      ...document,
      ...(known === null ? {} : { known: { ...known, artifact: undefined } }),
      ...(nearest === null ? {} : { nearest: { ...nearest, artifact: undefined } }),
    });
  } else {
    const { formatRun } = await import('../report/kernel-report.ts');
    const { coloursFor } = await import('../report/terminal.ts');
    print(formatRun(run, what, coloursFor(process.stdout)));
  }
  if (run.known !== null) {
    await sayWhatWasPassedOver(run.known);
    await sayWhereRecordDiffers(run, run.known);
  }
  const { outcome, error } = run.result;
  // The answers are right but the times scatter: that is a matter of the machine, not of the kernel.
  if (outcome === 'unstable') say(`note: the times scatter too much to be trusted: ${error}`);
  else if (outcome !== 'ok') throw new UserError(`the kernel ended in ${outcome}: ${error}`, exitCode.failed);
}

/** A record that this run does not bear out stays the best until a tuning run measures it again, because this run writes nothing. */
async function sayWhereRecordDiffers({ result }: RunResult, { timeNs, place, whose }: BestKernel): Promise<void> {
  const { isDisproved } = await import('../records/refute.ts');
  if (whose !== 'same-device' || place === null || result.medianNs === null || !isDisproved(timeNs, result.medianNs))
    return;
  const { formatFactor, formatTime } = await import('../report/quantities.ts');
  say(
    `note: this is ${formatFactor(result.medianNs / timeNs)} as long as ${place.file}:${place.line} says (${formatTime(timeNs)}); \`wgtune tune\` measures it again, and a record that is disproved counts no more`,
  );
}

async function findSchedule(
  operator: string,
  flags: RunFlags,
): Promise<{ readonly workload: Workload; readonly trace: Trace | 'naive' | null; readonly what: string }> {
  checkOneSource(flags);
  if (flags.schedule !== undefined) {
    const { readScheduleFile, traceFor, workloadFor } = await import('./schedule-file.ts');
    const file = await readScheduleFile(flags.schedule);
    const workload = await workloadFor(operator, flags, file, true);
    return { workload, trace: await traceFor(file, workload, flags), what: flags.schedule };
  }
  const workload = await workloadOf(operator, flags, true);
  return flags.naive ? { workload, trace: 'naive', what: 'naive' } : { workload, trace: null, what: 'the best known' };
}
