import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { exitCode, UserError } from '../support/errors.ts';
import { isModelFile, modelNames, searchNames } from '../tuner/events.ts';
import { configuredWorkloads, refuseOfOne, withEach } from './config.ts';
import type { EventStream } from './event-stream.ts';
import { addDeviceOptions, addLogOption, addWorkloadOptions } from './kernel-options.ts';
import { numberFromZero, oneOf, positiveNumber, wholeNumber } from './option-values.ts';
import { printJson, say } from './output.ts';
import { defaultTimeLimit, defaultTrials, isModelName, type TuneOneFlags, tuneOne } from './tune-one.ts';

export function addTuneCommand(program: Command): void {
  const command = program
    .command('tune')
    .summary('find a fast kernel for an operator and its shape')
    .description(
      'Finds a fast kernel: makes candidates, builds each, checks its answers, times it on the device, and learns from it which to try next. Every trial goes into a log at once, so nothing is lost by Ctrl-C, and the same command again goes on from what is known. Without an operator it tunes the workloads that the project lists (`wgtune init`). Ends with the best kernel and how much faster it is than the naive schedule (one invocation per output, nothing tiled).',
    );
  addWorkloadOptions(command, '[operator]')
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
    .option(
      '--events <file>',
      'write every event as a line of JSON while the run goes on; - for stdout, in the place of the summary',
    )
    .option('--quiet', 'show no progress: only the summary, and errors')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  wgtune tune matmul -s m=128,n=128,k=128
  wgtune tune conv2d -s c=3,h=7,w=7 --trials 200 --device lavapipe
  wgtune tune elementwise --attr 'expression=gelu(x)' --time-limit 30
  wgtune tune matmul -s m=128,n=128,k=128 --epilogue 'relu(x + bias)'
  wgtune tune softmax --quiet --events run.jsonl
  wgtune tune ./my-op.mjs -s n=64
  wgtune tune matmul -s m=96,n=96,k=96 --trials 16 --learn-from logs-of-a-friend/
  wgtune tune matmul -s m=96,n=96,k=96 --trials 16 --model model.json`,
    )
    .action(runTune);
}

/** A name is taken for one; whatever looks like a path must be a file. */
function modelOrFile(text: string): string {
  if (isModelName(text) || existsSync(text)) return text;
  if (isModelFile(text))
    throw new UserError(`--model: there is no file ${text}; \`wgtune learn -o ${text}\` makes one`);
  return oneOf('--model', modelNames)(text);
}

async function runTune(operator: string | undefined, flags: TuneOneFlags, command: Command): Promise<void> {
  if (flags.events === '-' && flags.json)
    throw new UserError('--events - and --json both write to stdout; give --events a file, or leave one of them out');
  await withEvents(flags, async (stream) => {
    if (operator === undefined) return tuneProject(flags, command, stream);
    const tuned = await tuneOne(operator, flags, stream);
    if (flags.json) printJson(tuned.document);
    if (tuned.failure !== null) throw tuned.failure;
  });
}

/** Tunes the project's workloads one after the other. */
async function tuneProject(flags: TuneOneFlags, command: Command, stream: EventStream | null): Promise<void> {
  const workloads = configuredWorkloads();
  refuseOfOne(flags);
  const documents: unknown[] = [];
  try {
    const failed = await withEach(workloads, async ({ operator, export: _, ...own }, at) => {
      if (!flags.quiet) say(`${at === 0 ? '' : '\n'}workload ${at + 1} of ${workloads.length}`);
      const tuned = await tuneOne(operator, { ...flags, ...openOnly(own, command) }, stream);
      documents.push(tuned.document);
      if (tuned.failure !== null) throw tuned.failure;
    });
    if (failed.length > 0)
      throw new UserError(
        `${failed.length} of ${workloads.length} workloads have no kernel: ${failed.join(', ')}`,
        exitCode.failed,
      );
  } finally {
    if (flags.json) printJson(documents);
  }
}

/** A workload's own budget stands above the project's, and below what the command line says. */
function openOnly<Own extends object>(own: Own, command: Command): Partial<Own> {
  const isOpen = (name: string): boolean => !['cli', 'env'].includes(command.getOptionValueSource(name) ?? '');
  return Object.fromEntries(Object.entries(own).filter(([name]) => isOpen(name))) as Partial<Own>;
}

async function withEvents(
  { events }: TuneOneFlags,
  action: (stream: EventStream | null) => Promise<void>,
): Promise<void> {
  if (events === undefined) return action(null);
  const { openEventStream } = await import('./event-stream.ts');
  const stream = openEventStream(events);
  try {
    await action(stream);
  } finally {
    stream.close();
  }
}
