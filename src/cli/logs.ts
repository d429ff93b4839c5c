import type { Command } from 'commander';
import { addLogsBestCommand, addLogsSchemaCommand, addLogsStatsCommand, addLogsValidateCommand } from './logs-read.ts';
import { addLogsCsvCommand, addLogsMergeCommand, addLogsPruneCommand } from './logs-write.ts';

export function addLogsCommand(program: Command): void {
  const logs = program
    .command('logs')
    .summary('look into tuning logs, check, join and shorten them')
    .description(
      "Works on tuning logs, your own or a stranger's: files, or folders of them (default: tuning-logs). A log is data: nothing of it is executed, and a line that is no record is reported with file and line. Commands that write make a new file, whole or not at all, and leave the logs they read as they are. All take --json.",
    );
  addLogsStatsCommand(logs);
  addLogsBestCommand(logs);
  addLogsValidateCommand(logs);
  addLogsMergeCommand(logs);
  addLogsPruneCommand(logs);
  addLogsCsvCommand(logs);
  addLogsSchemaCommand(logs);
  logs.addHelpText(
    'after',
    `
Examples:
  wgtune logs stats
  wgtune logs validate from-a-friend.jsonl
  wgtune logs merge tuning-logs from-a-friend.jsonl -o all/logs.jsonl
  wgtune logs prune --keep 10 -o best/top.jsonl`,
  );
}
