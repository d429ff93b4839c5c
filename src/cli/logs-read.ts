import type { Command } from 'commander';
import type { LogFault } from '../records/log-fault.ts';
import { exitCode, UserError } from '../support/errors.ts';
import { addPaths, addSkipBroken, faultTeller, type LogsFlags, pathsOf } from './logs-options.ts';
import { print, printJson, say } from './output.ts';

export function addLogsStatsCommand(logs: Command): void {
  const command = logs
    .command('stats')
    .summary('count records by workload, device and outcome')
    .description(
      'Counts records by workload, device and outcome, with the best time of each workload on each device and how much faster than the naive schedule it is. Looks at what it counts, not at the schedules; `wgtune logs validate` checks every line whole.',
    );
  addSkipBroken(addPaths(command))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  wgtune logs stats\n  wgtune logs stats tuning-logs from-a-friend.jsonl --json',
    )
    .action(async (given: string[], flags: LogsFlags) => {
      const paths = await pathsOf(given);
      const { skimLogs } = await import('../records/skim.ts');
      const { createStats } = await import('../records/log-stats.ts');
      const { refuseBroken } = await import('../records/derive-log.ts');
      const { readStanding } = await import('../records/standing.ts');
      const faults = await faultTeller();
      const stats = createStats(await readStanding(paths));
      const summary = await skimLogs(paths, { onSkim: stats.add, onFault: faults.onFault });
      faults.rest();
      if (flags.json) printJson({ ...summary, ...stats.result() });
      else {
        const { formatStats } = await import('../report/log-tables.ts');
        const { coloursFor } = await import('../report/terminal.ts');
        print(formatStats(stats.result(), summary.files.length, coloursFor(process.stdout)));
      }
      if (!flags.skipBroken) refuseBroken(summary, 'what is told is told without it');
    });
}

interface BestFlags extends LogsFlags {
  readonly operator?: string;
  readonly device?: string;
}

export function addLogsBestCommand(logs: Command): void {
  const command = logs
    .command('best')
    .summary('tell the best record of every workload on every device')
    .description(
      'Tells the fastest verified record of every workload on every device, and where it stands. A record that a later measurement refuted does not count, one whose time no such device can reach only where there is no other; both are named. `wgtune best <operator>` looks up one for the device at hand.',
    );
  addSkipBroken(addPaths(command))
    .option('--operator <name>', 'only workloads of this operator')
    .option('--device <name>', 'only devices of this name')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  wgtune logs best\n  wgtune logs best --operator matmul --device lavapipe --json',
    )
    .action(async (given: string[], flags: BestFlags) => {
      const paths = await pathsOf(given);
      const { skimLogs } = await import('../records/skim.ts');
      const { createTopTable } = await import('../records/top-table.ts');
      const { refuseBroken } = await import('../records/derive-log.ts');
      const { readStanding } = await import('../records/standing.ts');
      const faults = await faultTeller();
      const standing = await readStanding(paths);
      const table = createTopTable(1, ({ sketch, decisions }) => ({ sketch, decisions }), standing);
      let late = 0;
      const summary = await skimLogs(paths, {
        onSkim: (skim, file, line) => {
          if (flags.operator !== undefined && skim.workload.operator !== flags.operator) return;
          if (flags.device !== undefined && skim.device.name !== flags.device) return;
          const fault = table.add(skim, file, line);
          if (fault === null) return;
          late += 1;
          faults.onFault(fault);
        },
        onFault: faults.onFault,
      });
      faults.rest();
      const { passedOverSentences } = await import('../report/passed-over.ts');
      for (const sentence of passedOverSentences(table.passedOver())) say(`note: ${sentence}`);
      const { createRates } = await import('../tuner/rates.ts');
      const { timeOf } = await import('../records/relative-time.ts');
      const ratesOf = createRates();
      const bests = table
        .entries()
        .map((entries) => entries[0])
        .filter((entry) => entry !== undefined)
        .map(({ held, ...entry }) => ({ ...entry, ...held, ...ratesOf(entry.workload, timeOf(entry)) }));
      if (flags.json) printJson(bests);
      else {
        const { formatBests } = await import('../report/log-tables.ts');
        const { coloursFor } = await import('../report/terminal.ts');
        print(formatBests(bests, coloursFor(process.stdout)));
      }
      if (!flags.skipBroken)
        refuseBroken({ ...summary, errors: summary.errors + late }, 'what is told is told without it');
    });
}

interface ValidateFlags {
  readonly quick?: boolean;
  readonly json?: boolean;
}

export function addLogsValidateCommand(logs: Command): void {
  const command = logs
    .command('validate')
    .summary('check every line, and tell file and line of every fault')
    .description(
      'Checks every line of the logs: that it is a record of the published schema, that its workload is one its operator can have, and that its schedule is legal step by step and makes a kernel. Runs nothing. Tells file and line of every fault; exit code 1 when there is one. A torn last line, which a killed run leaves, is a note.',
    );
  addPaths(command)
    .option('--quick', 'check the shape of records only, not what their schedules do')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  wgtune logs validate\n  wgtune logs validate from-a-friend.jsonl --quick --json',
    )
    .action(runValidate);
}

async function runValidate(given: string[], flags: ValidateFlags): Promise<void> {
  const paths = await pathsOf(given);
  const { readLogs } = await import('../records/log-reader.ts');
  const { createFaultGroups, describeFault, lineFault } = await import('../records/log-fault.ts');
  const { explainRefusal } = await import('../support/refusal.ts');
  const { createRecordCheck } = await import('../tuner/check-record.ts');
  const check = flags.quick ? () => null : createRecordCheck();
  const faults: LogFault[] = [];
  const newer = createFaultGroups();
  const tell = (fault: LogFault): void => {
    if (flags.json) faults.push(fault);
    else if (fault.newer !== undefined) newer.add(fault);
    else print(`${fault.severity}: ${describeFault(fault)}`);
  };
  const illegal = { notes: 0, errors: 0 };
  const summary = await readLogs(paths, {
    onRecord: (record, file, line) => {
      const refusal = check(record);
      if (refusal === null) return;
      const fault = lineFault('illegal', explainRefusal(refusal), file, line);
      const known = refusal.reason !== 'unknown-operator';
      illegal[known ? 'errors' : 'notes'] += 1;
      tell(known ? fault : { ...fault, severity: 'note', message: `${fault.message}: its schedule cannot be checked` });
    },
    onFault: tell,
  });
  for (const sentence of newer.sentences(0)) print(`error: ${sentence}`);
  const records = summary.records - illegal.errors;
  const notes = summary.notes + illegal.notes;
  const errors = summary.errors + illegal.errors;
  const files = summary.files.length;
  if (flags.json) printJson({ files: summary.files, records, notes, errors, faults });
  else print(`${files} ${files === 1 ? 'file' : 'files'}, ${records} good records, ${notes} notes, ${errors} errors`);
  if (errors > 0)
    throw new UserError(`${errors === 1 ? 'one line is' : `${errors} lines are`} broken`, exitCode.failed);
}

export function addLogsSchemaCommand(logs: Command): void {
  logs
    .command('schema')
    .summary('print the JSON Schema of a record, or of an event')
    .description(
      'Prints the JSON Schema (draft 2020-12) of one line of a tuning log, made from the definition that wgtune itself reads logs with; with --events that of one line of `wgtune tune --events`. The same texts are in tuning-logs/.',
    )
    .option('--events', 'the schema of an event')
    .option('--json', 'the same: it is JSON')
    .addHelpText('after', '\nExamples:\n  wgtune logs schema > record.schema.json\n  wgtune logs schema --events')
    .action(async ({ events }: { readonly events?: boolean }) => {
      const { recordJsonSchema } = await import('../records/record.ts');
      const { eventsJsonSchema } = await import('../tuner/event-schema.ts');
      printJson(events ? eventsJsonSchema() : recordJsonSchema());
    });
}
