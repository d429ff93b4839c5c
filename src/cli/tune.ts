import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { exitCode, UserError } from '../support/errors.ts';
import { type ModelName, modelNames, type SearchName, searchNames, type TuneResult } from '../tuner/events.ts';
import { catchInterrupt } from './interrupt.ts';
import {
  addDeviceOptions,
  addLogOption,
  addWorkloadOptions,
  type DeviceFlags,
  followUp,
  type LogFlags,
  lookupWish,
  type WorkloadFlags,
  workloadOf,
} from './kernel-options.ts';
import { numberFromZero, oneOf, positiveNumber, wholeNumber } from './option-values.ts';
import { print, printJson, say } from './output.ts';

const defaultTrials = 64;
/** A first try must not take an evening on a slow device; whoever names a number of trials wants them all. */
const defaultTimeLimit = 90;

interface TuneFlags extends WorkloadFlags, DeviceFlags, LogFlags {
  readonly trials?: number;
  readonly timeLimit?: number;
  readonly patience?: number;
  readonly trialTimeout?: number;
  readonly quietWait?: number;
  readonly seed: number;
  readonly search: SearchName;
  /** A model's name, or the path of a file that `wgtune learn` wrote. */
  readonly model: string;
  readonly fresh?: boolean;
  readonly reuse: boolean;
  readonly learnFrom?: readonly string[];
  readonly json?: boolean;
}

export function addTuneCommand(program: Command): void {
  const command = program
    .command('tune')
    .summary('find a fast kernel for an operator and its shape')
    .description(
      'Finds a fast kernel: makes candidates, builds each, checks its answers, times it on the device, and learns from it which to try next. Every trial goes into a log at once, so nothing is lost by Ctrl-C, and the same command again goes on from what is known. Ends with the best kernel and how much faster it is than the naive schedule (one invocation per output, nothing tiled).',
    );
  addWorkloadOptions(command)
    .option('--trials <n>', `candidates to measure (default: ${defaultTrials})`, wholeNumber('--trials', 1))
    .option(
      '--time-limit <seconds>',
      `begin no trial after this (default: ${defaultTimeLimit}, or none when --trials is given)`,
      positiveNumber('--time-limit', 'seconds'),
    )
    .option('--patience <n>', 'end after so many trials in a row that bring no new best', wholeNumber('--patience', 1))
    .option(
      '--trial-timeout <seconds>',
      'end a candidate whose run takes longer (default: 10 on a CPU device, 5 on a GPU)',
      positiveNumber('--trial-timeout', 'seconds'),
    )
    .option(
      '--quiet-wait <seconds>',
      'how long each trial may wait, on average, for a machine that others use to be quiet; 0: never (default: 2.5, under a time limit at most a third of it for all trials)',
      numberFromZero('--quiet-wait', 'seconds'),
    )
    .option('--seed <n>', 'start of all random choices', wholeNumber('--seed', 0, 2 ** 31 - 1), 1);
  addDeviceOptions(command)
    .option(
      '--search <name>',
      `how to look for candidates: ${searchNames.join(', ')}`,
      oneOf('--search', searchNames),
      'auto',
    )
    .option(
      '--model <name|file>',
      `what judges them before: ${modelNames.join(', ')}, or a model that \`wgtune learn\` wrote, from which xgboost starts`,
      modelOrFile,
      'xgboost',
    )
    .option(
      '--learn-from <paths...>',
      'further logs to learn from, files or folders: of other shapes, of other devices, or of both; they are only read',
    );
  addLogOption(command)
    .option('--fresh', 'begin as if nothing were known')
    .option(
      '--no-reuse',
      'neither measure first what was fast on other devices and for near shapes nor learn from it; --learn-from and a model are asked all the same',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  wgtune tune matmul -s m=128,n=128,k=128
  wgtune tune conv2d -s c=3,h=7,w=7 --trials 200 --device lavapipe
  wgtune tune elementwise --attr 'expression=gelu(x)' --time-limit 30
  wgtune tune matmul -s m=128,n=128,k=128 --epilogue 'relu(x + bias)'
  wgtune tune ./my-op.mjs -s n=64
  wgtune tune matmul -s m=96,n=96,k=96 --trials 16 --learn-from logs-of-a-friend/
  wgtune tune matmul -s m=96,n=96,k=96 --trials 16 --model model.json`,
    )
    .action(runTune);
}

function isModelName(model: string): model is ModelName {
  return modelNames.some((name) => name === model);
}

/** A name is taken for one; whatever looks like a path must be a file. */
function modelOrFile(text: string): string {
  if (isModelName(text) || existsSync(text)) return text;
  if (/[./\\]/.test(text))
    throw new UserError(`--model: there is no file ${text}; \`wgtune learn -o ${text}\` makes one`);
  return oneOf('--model', modelNames)(text);
}

async function runTune(operator: string, flags: TuneFlags): Promise<void> {
  const workload = await workloadOf(operator, flags, true);
  const trials = flags.trials ?? defaultTrials;
  const timeLimit = flags.timeLimit ?? (flags.trials === undefined ? defaultTimeLimit : undefined);
  const { describeWorkload } = await import('../operators/workload.ts');
  const { createProgress } = await import('../report/progress.ts');
  const { tune } = await import('../tuner/tune.ts');
  say(`tuning ${describeWorkload(workload)}`);
  const progress = createProgress({ stream: process.stderr });
  const interrupt = catchInterrupt(() =>
    progress.say('finishing the trial at hand; press Ctrl-C again to stop at once'),
  );
  const { allowOther: _, ...where } = lookupWish(flags);
  let result: TuneResult;
  try {
    result = await tune({
      workload,
      ...where,
      trials,
      ...(timeLimit === undefined ? {} : { timeLimit }),
      ...(flags.patience === undefined ? {} : { patience: flags.patience }),
      ...(flags.trialTimeout === undefined ? {} : { trialTimeout: flags.trialTimeout }),
      ...(flags.quietWait === undefined ? {} : { quietWait: flags.quietWait }),
      seed: flags.seed,
      search: flags.search,
      ...(isModelName(flags.model) ? { model: flags.model } : { models: [flags.model] }),
      ...(flags.learnFrom === undefined ? {} : { learnFrom: flags.learnFrom }),
      useKnown: flags.fresh !== true,
      useOthers: flags.reuse,
      command: ['wgtune', ...process.argv.slice(2)],
      signal: interrupt.signal,
      onEvent: progress.onEvent,
    });
  } catch (error) {
    // Ctrl-C while a function of the user's module was at it, which has no end to wait for.
    const interrupted = error instanceof UserError && error.exitCode === exitCode.interrupted;
    throw interrupted ? interruptedError(operator, flags) : error;
  } finally {
    progress.close();
    interrupt.release();
  }
  await report(result, trials, operator, flags);
  if (interrupt.signal.aborted) throw interruptedError(operator, flags);
  if (result.best === null) {
    const { whyNoneText } = await import('../report/tune-summary.ts');
    const timedOut = (result.outcomes['run-timeout'] ?? 0) > 0;
    const remedy = timedOut ? '--trial-timeout <seconds> gives each more time' : 'more --trials may find one';
    throw new UserError(
      `${whyNoneText(result.outcomes)}; the log has the error of every trial, and ${remedy}`,
      exitCode.failed,
    );
  }
}

function interruptedError(operator: string, flags: TuneFlags): UserError {
  return new UserError(
    `interrupted; the same command goes on from the trials that are recorded: ${resumeCommand(operator, flags)}`,
    exitCode.interrupted,
  );
}

/** What was asked for, but for `--fresh`: that would forget what is to be gone on from. */
function resumeCommand(operator: string, flags: TuneFlags): string {
  const { trials, timeLimit, patience, trialTimeout, quietWait, seed, search, model, reuse, learnFrom } = flags;
  return followUp(
    'tune',
    operator,
    flags,
    ...(trials === undefined ? [] : ['--trials', String(trials)]),
    ...(timeLimit === undefined ? [] : ['--time-limit', String(timeLimit)]),
    ...(patience === undefined ? [] : ['--patience', String(patience)]),
    ...(trialTimeout === undefined ? [] : ['--trial-timeout', String(trialTimeout)]),
    ...(quietWait === undefined ? [] : ['--quiet-wait', String(quietWait)]),
    ...(seed === 1 ? [] : ['--seed', String(seed)]),
    ...(search === 'auto' ? [] : ['--search', search]),
    ...(model === 'xgboost' ? [] : ['--model', model]),
    ...(reuse ? [] : ['--no-reuse']),
    ...(learnFrom === undefined ? [] : ['--learn-from', ...learnFrom]),
  );
}

async function report(result: TuneResult, trials: number, operator: string, flags: TuneFlags): Promise<void> {
  const commands =
    result.best === null
      ? []
      : [
          followUp('show', operator, flags, '--as', 'wgsl'),
          followUp('export', operator, flags, '-o', `${result.workload.operator}-kernel`),
        ];
  if (flags.json) {
    printJson({ ...result, commands });
    return;
  }
  const { formatTuneSummary } = await import('../report/tune-summary.ts');
  const { coloursFor } = await import('../report/terminal.ts');
  if (process.stderr.isTTY) say('');
  print(formatTuneSummary(result, trials, commands, coloursFor(process.stdout)));
}
