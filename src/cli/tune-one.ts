import type { Progress } from '../report/progress.ts';
import { exitCode, UserError } from '../support/errors.ts';
import { type ModelName, modelNames, type SearchName, type TuneResult } from '../tuner/events.ts';
import type { EventStream } from './event-stream.ts';
import { catchInterrupt } from './interrupt.ts';
import {
  type DeviceFlags,
  followUp,
  type LogFlags,
  lookupWish,
  type WorkloadFlags,
  workloadOf,
} from './kernel-options.ts';
import { print, say } from './output.ts';

export const defaultTrials = 64;
/** A first try must not take an evening on a slow device; whoever names a number of trials wants them all. */
export const defaultTimeLimit = 90;

/** The options that say how one workload is tuned, and what is told of it. */
export interface TuneOneFlags extends WorkloadFlags, DeviceFlags, LogFlags {
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
  readonly events?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

export function isModelName(model: string): model is ModelName {
  return modelNames.some((name) => name === model);
}

interface Tuned {
  /** What `--json` prints of it. */
  readonly document: object;
  /** That the run was interrupted, or why there is no best kernel; to be thrown once all is told. */
  readonly failure: UserError | null;
}

/**
 * Tunes one workload, shows how it goes on and tells what was found, unless it is to be told as JSON. `stream`: where events go, too. Throws UserError
 * where the run could not begin.
 */
export async function tuneOne(operator: string, flags: TuneOneFlags, stream: EventStream | null): Promise<Tuned> {
  const workload = await workloadOf(operator, flags, true);
  const trials = flags.trials ?? defaultTrials;
  const timeLimit = flags.timeLimit ?? (flags.trials === undefined ? defaultTimeLimit : undefined);
  const { describeWorkload } = await import('../operators/workload.ts');
  const { createProgress } = await import('../report/progress.ts');
  const { tune } = await import('../tuner/tune.ts');
  stream?.start(workload);
  if (!flags.quiet) say(`tuning ${describeWorkload(workload)}`);
  const progress = flags.quiet ? noProgress : createProgress({ stream: process.stderr });
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
      onEvent: (event) => {
        stream?.onEvent(event);
        progress.onEvent(event);
      },
    });
  } catch (error) {
    // Ctrl-C while a function of the user's module was at it, which has no end to wait for.
    const interrupted = error instanceof UserError && error.exitCode === exitCode.interrupted;
    const told = interrupted ? interruptedError(operator, flags) : error;
    stream?.failed((told as Error).message, told instanceof UserError ? told.exitCode : exitCode.failed);
    throw told;
  } finally {
    progress.close();
    interrupt.release();
  }
  const document = await report(result, trials, operator, flags, stream);
  return { document, failure: interrupt.signal.aborted ? interruptedError(operator, flags) : await failureOf(result) };
}

async function failureOf({ best, outcomes }: TuneResult): Promise<UserError | null> {
  if (best !== null) return null;
  const { whyNoneText } = await import('../report/tune-summary.ts');
  const timedOut = (outcomes['run-timeout'] ?? 0) > 0;
  const remedy = timedOut ? '--trial-timeout <seconds> gives each more time' : 'more --trials may find one';
  return new UserError(
    `${whyNoneText(outcomes)}; the log has the error of every trial, and ${remedy}`,
    exitCode.failed,
  );
}

function interruptedError(operator: string, flags: TuneOneFlags): UserError {
  return new UserError(
    `interrupted; the same command goes on from the trials that are recorded: ${resumeCommand(operator, flags)}`,
    exitCode.interrupted,
  );
}

/** What was asked for, but for `--fresh`: that would forget what is to be gone on from. */
function resumeCommand(operator: string, flags: TuneOneFlags): string {
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

const noProgress: Progress = { onEvent: () => {}, say: () => {}, close: () => {} };

async function report(
  result: TuneResult,
  trials: number,
  operator: string,
  flags: TuneOneFlags,
  stream: EventStream | null,
): Promise<object> {
  const commands =
    result.best === null
      ? []
      : [
          followUp('show', operator, flags, '--as', 'wgsl'),
          followUp('export', operator, flags, '-o', `${result.workload.operator}-kernel`),
        ];
  stream?.result(result, commands);
  const { appendStepSummary } = await import('./step-summary.ts');
  const { tuneMarkdown } = await import('../report/tune-markdown.ts');
  appendStepSummary(() => tuneMarkdown(result));
  const document = { ...result, commands };
  if (flags.events === '-' || flags.json) return document;
  const { formatTuneSummary } = await import('../report/tune-summary.ts');
  const { coloursFor } = await import('../report/terminal.ts');
  if (process.stderr.isTTY && !flags.quiet) say('');
  print(formatTuneSummary(result, trials, commands, coloursFor(process.stdout)));
  return document;
}
