import type { Command } from 'commander';
import { addOut, addPaths, addSkipBroken, faultTeller, type LogsOutFlags, pathsOf } from './logs-options.ts';
import { wholeNumber } from './option-values.ts';
import { print, printJson, say } from './output.ts';

export function addLogsMergeCommand(logs: Command): void {
  const command = logs
    .command('merge')
    .summary('join logs into one file')
    .description(
      'Joins logs into one file, brought up to the newest version. A record that is there twice is written once; nothing else is left out. Broken lines end it before anything is written.',
    );
  addSkipBroken(
    addOut(addPaths(command), 'the log to write; its name ends in .jsonl, its folder is made if it is not there'),
  )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  wgtune logs merge tuning-logs from-a-friend.jsonl -o all/logs.jsonl\n  wgtune logs merge tuning-logs -o all/logs.jsonl --force --skip-broken',
    )
    .action(async (given: string[], flags: LogsOutFlags) => {
      const paths = await pathsOf(given);
      const { mergeLogs } = await import('../records/derive-log.ts');
      const faults = await faultTeller();
      const merged = await mergeLogs({ ...flags, paths, onFault: faults.onFault }).finally(faults.rest);
      if (flags.json) printJson({ out: flags.out, ...merged });
      else {
        const repeated = merged.repeated === 0 ? '' : `, ${merged.repeated} that were there twice`;
        print(`wrote ${flags.out}: ${merged.written} records of ${merged.files.length} files${repeated}`);
      }
      if (merged.conflicting > 0)
        say(`note: ${merged.conflicting} records bear the id of another; all of them were written`);
    });
}

export function addLogsPruneCommand(logs: Command): void {
  const command = logs
    .command('prune')
    .summary('keep only the fastest records of every workload and device')
    .description(
      'Writes a log of the fastest records of every workload on every device, each of another schedule, with the fastest time of the naive schedule. Failed trials are left out, so that a later run may try them again. The logs that are read stay as they are.',
    );
  addSkipBroken(
    addOut(addPaths(command), 'the log to write; its name ends in .jsonl, its folder is made if it is not there'),
  )
    .option('--keep <k>', 'records to keep of a workload on a device', wholeNumber('--keep', 1), 10)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  wgtune logs prune --keep 5 -o best/top.jsonl\n  wgtune logs prune tuning-logs -o best/top.jsonl --force --json',
    )
    .action(async (given: string[], flags: LogsOutFlags & { readonly keep: number }) => {
      const paths = await pathsOf(given);
      const { pruneLogs } = await import('../records/derive-log.ts');
      const faults = await faultTeller();
      const pruned = await pruneLogs({ ...flags, paths, onFault: faults.onFault }).finally(faults.rest);
      if (flags.json) printJson({ out: flags.out, ...pruned });
      else print(`wrote ${flags.out}: ${pruned.written} of ${pruned.records} records`);
    });
}

export function addLogsCsvCommand(logs: Command): void {
  const command = logs
    .command('csv')
    .summary('write records as a table')
    .description(
      'Writes one row per record as CSV (RFC 4180) with a title row: workload, device, search, outcome, time and the operations and bytes per second that come of it; schedules as their hash; the seconds since its run began and the best time of the run so far. Texts that a spreadsheet would take for formulas are marked as text.',
    );
  addSkipBroken(
    addOut(addPaths(command), 'the table to write; its name ends in .csv, its folder is made if it is not there'),
  )
    .option('--json', 'tell what was written as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  wgtune logs csv -o trials.csv\n  wgtune logs csv from-a-friend.jsonl -o trials.csv --force',
    )
    .action(async (given: string[], flags: LogsOutFlags) => {
      const paths = await pathsOf(given);
      const { deriveFile } = await import('../records/derive-log.ts');
      const { readLogs } = await import('../records/log-reader.ts');
      const { createCsvRows, csvHeader } = await import('../report/log-csv.ts');
      const faults = await faultTeller();
      const table = await deriveFile(
        { ...flags, paths, onFault: faults.onFault },
        (write, handlers) => {
          write(csvHeader);
          const rowOf = createCsvRows();
          return readLogs(paths, { ...handlers, onRecord: (record) => write(rowOf(record)) });
        },
        '.csv',
      ).finally(faults.rest);
      // The row of titles is no record.
      const rows = table.written - 1;
      if (flags.json) printJson({ out: flags.out, ...table, written: rows });
      else print(`wrote ${flags.out}: ${rows} records of ${table.files.length} files`);
    });
}
