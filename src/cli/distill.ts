import type { Command } from 'commander';
import { exitCode, UserError } from '../support/errors.ts';
import type { Distilled, DistillOptions } from '../tuner/distill/distill.ts';
import { catchInterrupt } from './interrupt.ts';
import { faultTeller, usualLogs } from './logs-options.ts';
import { positiveNumber, wholeNumber } from './option-values.ts';
import { print, printJson, say } from './output.ts';

interface DistillFlags {
  readonly operator: string;
  readonly maxSchedules: number;
  readonly maxDepth: number;
  readonly seed: number;
  readonly out: string;
  readonly force?: boolean;
  readonly measure?: boolean;
  readonly timeLimit: number;
  readonly device?: string;
  readonly log?: string;
  readonly deviceName?: string;
  readonly shippedLogs: boolean;
  readonly json?: boolean;
}

export function addDistillCommand(program: Command): void {
  program
    .command('distill')
    .summary('make rules from tuning logs that choose a schedule for any shape')
    .description(
      'Distils tuning logs of an operator into rules: a few schedules, and a tree of questions about the sizes (and about the device, where the logs have several) that chooses one for any shape. Leaves each shape out once and tells what the rules made without it lose on it. Times of schedules that were not measured on a shape are estimated, and it says how many; --measure measures them. Writes <out>.json (`show` and `run` take it as --schedule), <out>.txt for people, and <out>.ts, a module without dependencies.',
    )
    .argument('[paths...]', 'log files, or folders of them (default: tuning-logs)')
    .option('--operator <name>', 'the operator whose schedules are to be chosen', 'matmul')
    .option('--max-schedules <k>', 'schedules to choose among', wholeNumber('--max-schedules', 1, 256), 12)
    .option('--max-depth <n>', 'questions before a choice', wholeNumber('--max-depth', 0, 12), 5)
    .option('--device-name <name>', 'only records of devices of this name')
    .option('--seed <n>', 'start of all random choices', wholeNumber('--seed', 0, 2 ** 31 - 1), 1)
    .requiredOption(
      '-o, --out <name>',
      'path of the files to write, without ending; its folder is made if it is not there',
    )
    .option('--force', 'replace files that are there')
    .option('--measure', 'measure what is estimated of the chosen schedules, on --device')
    .option('--device <name>', 'the device of --measure, a name from `wgtune devices`')
    .option(
      '--time-limit <seconds>',
      'begin no measurement of --measure after this',
      positiveNumber('--time-limit', 'seconds'),
      300,
    )
    .option('--log <folder>', 'where --measure writes its records (default: tuning-logs)')
    .option('--no-shipped-logs', 'do not read the logs that ship with wgtune')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  wgtune distill --operator matmul -o rules/matmul
  wgtune distill tuning-logs from-a-friend.jsonl --operator conv2d --max-schedules 6 -o rules/conv2d
  wgtune distill --operator matmul --measure --device lavapipe -o rules/matmul --force
  wgtune show matmul -s m=96,n=96,k=96 --schedule rules/matmul.json --as wgsl`,
    )
    .action(runDistill);
}

/** What was measured changes what is chosen, which again may not have been measured. */
const mostRounds = 4;

async function runDistill(given: readonly string[], flags: DistillFlags): Promise<void> {
  const { findOperator } = await import('../operators/catalog.ts');
  findOperator(flags.operator);
  const { checkRuleFiles, writeRuleFiles } = await import('../report/rule-files.ts');
  checkRuleFiles(flags.out, flags.force === true);
  const { defaultLogFolder } = await import('../records/log-writer.ts');
  const ownFolder = flags.log ?? defaultLogFolder;
  const interrupt = catchInterrupt(() => say('stopping; press Ctrl-C again to stop at once'));
  const begun = performance.now();
  const stopped = (): boolean => interrupt.signal.aborted || performance.now() - begun > flags.timeLimit * 1000;
  try {
    let found = await distilled(given, ownFolder, flags);
    for (let round = 0; flags.measure && round < mostRounds && !stopped(); round++) {
      const { chooseDevice } = await import('../device/devices.ts');
      const { measureSchedules } = await import('../tuner/distill/measure.ts');
      const device = await chooseDevice(flags.device);
      const { formatTime } = await import('../report/quantities.ts');
      const measured = await measureSchedules(found.unmeasured, {
        ...{ device, logFolder: ownFolder, seed: flags.seed, stopped },
        onMeasured: (what, timeNs) => say(`measured ${what}: ${timeNs === null ? 'no time' : formatTime(timeNs)}`),
      });
      if (measured === 0) break;
      found = await distilled(given, ownFolder, flags);
    }
    if (interrupt.signal.aborted)
      throw new UserError('interrupted; what was measured is in the log', exitCode.interrupted);
    const { rules } = found;
    const files = writeRuleFiles(flags.out, rules);
    if (flags.json) printJson({ files, rules });
    else {
      const { formatRules } = await import('../report/rules-text.ts');
      print(formatRules(rules));
      for (const file of files) say(`wrote ${file}`);
    }
  } finally {
    interrupt.release();
  }
}

/** Rules of what the logs hold now. */
async function distilled(given: readonly string[], ownFolder: string, flags: DistillFlags): Promise<Distilled> {
  const { operator, maxSchedules, maxDepth, seed } = flags;
  const { readLessons } = await import('../tuner/learning/lessons.ts');
  const { distill } = await import('../tuner/distill/distill.ts');
  // Named logs are read alone; what --measure records counts in any case.
  const usual = await usualLogs(ownFolder, given.length === 0 && flags.shippedLogs, operator);
  const isOwnRead = given.length === 0 || (flags.measure === true && !given.includes(ownFolder));
  const faults = await faultTeller();
  const all = await readLessons([...given, ...usual.shipped, ...(isOwnRead ? usual.own : [])], {
    onFault: faults.onFault,
  });
  faults.rest();
  const groups = all.groups.filter(({ device }) => flags.deviceName === undefined || device.name === flags.deviceName);
  const options: DistillOptions = { operator, maxSchedules, maxDepth, seed };
  return distill(groups, options);
}
