import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { exitCode, UserError } from '../support/errors.ts';
import { catchInterrupt } from './interrupt.ts';
import { faultTeller, pathsOf, usualLogs } from './logs-options.ts';
import { print, printJson, say } from './output.ts';

interface LearnFlags {
  readonly out: string;
  readonly force?: boolean;
  readonly shippedLogs: boolean;
  readonly json?: boolean;
}

export function addLearnCommand(program: Command): void {
  program
    .command('learn')
    .summary('learn from logs which schedules are fast, as a model for later runs')
    .description(
      'Learns from tuning logs, of any operators, shapes and devices, which schedules are fast, and writes what it learned as a file. `wgtune tune --model <file>` starts from it. It is learned anew each time: run the same command again when there are new logs, and it replaces its file.',
    )
    .argument('[paths...]', 'log files, or folders of them (default: tuning-logs, and the logs that ship with wgtune)')
    .requiredOption('-o, --out <file>', 'the model to write; its name ends in .json')
    .option('--force', 'replace a file that is no model')
    .option('--no-shipped-logs', 'do not read the logs that ship with wgtune')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  wgtune learn -o model.json\n  wgtune learn tuning-logs logs-of-a-friend -o model.json\n  wgtune tune matmul -s m=96,n=96,k=96 --trials 16 --model model.json',
    )
    .action(runLearn);
}

async function runLearn(given: string[], flags: LearnFlags): Promise<void> {
  const { out } = flags;
  if (!out.endsWith('.json')) throw new UserError(`--out "${out}" must end in .json`);
  const [folder = ''] = await pathsOf([]);
  const usual = given.length > 0 ? { shipped: [], own: given } : await usualLogs(folder, flags.shippedLogs);
  const { shipped } = usual;
  // Where there are none at all, the reader says what is missing.
  const own = usual.own.length + shipped.length === 0 ? [folder] : usual.own;
  const { learnModel } = await import('../tuner/learning/learn.ts');
  if (existsSync(out) && flags.force !== true) await requireModel(out);
  const faults = await faultTeller();
  const interrupt = catchInterrupt(() => say('stopping; nothing was written'));
  const progress = progressTeller();
  try {
    const result = await learnModel(own, {
      ...{ shipped, out, onFault: faults.onFault, onProgress: progress, signal: interrupt.signal },
    }).finally(faults.rest);
    if (flags.json) printJson({ out, ...result });
    else {
      const { formatLearned } = await import('../report/learned.ts');
      print(formatLearned(out, result));
    }
  } catch (error) {
    if (interrupt.signal.aborted)
      throw new UserError('interrupted; nothing was written', exitCode.interrupted, { cause: error });
    throw error;
  } finally {
    interrupt.release();
  }
}

/** What is replaced unasked is an older model, never something else of the user's. */
async function requireModel(path: string): Promise<void> {
  const { isLearnedModel } = await import('../cost-model/learned-model.ts');
  if (!(await isLearnedModel(path)))
    throw new UserError(
      `${path} is there and is no model of \`wgtune learn\`; name another file, or replace it with --force`,
    );
}

function progressTeller(): (done: number, of: number) => void {
  return (done, of) => {
    if (process.stderr.isTTY)
      process.stderr.write(done === of ? '\r\x1b[Klearning\n' : `\r${done} of ${of} workloads on devices`);
  };
}
