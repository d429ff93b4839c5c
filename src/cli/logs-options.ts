import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { LogFault } from '../records/log-fault.ts';
import { configuredLog } from './config.ts';
import { say } from './output.ts';

export interface LogsFlags {
  readonly json?: boolean;
  readonly skipBroken?: boolean;
}

export interface LogsOutFlags extends LogsFlags {
  readonly out: string;
  readonly force?: boolean;
}

/** The logs that a command reads. */
export function addPaths(command: Command): Command {
  return command.argument('[paths...]', 'log files, or folders of them (default: tuning-logs)');
}

export async function pathsOf(paths: readonly string[]): Promise<readonly string[]> {
  if (paths.length > 0) return paths;
  const { defaultLogFolder } = await import('../records/log-writer.ts');
  return [configuredLog() ?? defaultLogFolder];
}

/** The logs that are read where none are named: those that ship with wgtune, all or those of an operator, and the user's own folder where it is there. */
export async function usualLogs(
  own: string,
  shippedLogs: boolean,
  operator?: string,
): Promise<{ readonly shipped: readonly string[]; readonly own: readonly string[] }> {
  const { listShippedLogs } = await import('../records/shipped.ts');
  const shipped = shippedLogs ? listShippedLogs() : [];
  return {
    shipped: shipped.flatMap((log) => (operator === undefined || log.operator === operator ? [log.path] : [])),
    own: existsSync(own) ? [own] : [],
  };
}

export function addSkipBroken(command: Command): Command {
  return command.option('--skip-broken', 'leave broken lines out without failing because of them');
}

export function addOut(command: Command, what: string): Command {
  return command.requiredOption('-o, --out <file>', what).option('--force', 'replace a file that is there');
}

/** A stranger's log may be broken in every line: what is told of it must stay readable. */
const mostTold = 20;

/** Tells faults on stderr: the first broken lines as they are found; `rest` says what else there was. */
export async function faultTeller(): Promise<{
  readonly onFault: (fault: LogFault) => void;
  readonly rest: () => void;
}> {
  const { createFaultGroups, describeFault } = await import('../records/log-fault.ts');
  const newer = createFaultGroups();
  let found = 0;
  return {
    onFault: (fault) => {
      if (fault.newer !== undefined) {
        newer.add(fault);
        return;
      }
      found += 1;
      if (found <= mostTold) say(`${fault.severity === 'note' ? 'note: ' : ''}${describeFault(fault)}`);
    },
    rest: () => {
      for (const sentence of newer.sentences(0)) say(sentence);
      if (found > mostTold) say(`and ${found - mostTold} more; \`wgtune logs validate\` lists all`);
    },
  };
}
