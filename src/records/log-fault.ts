import { printable } from '../support/printable.ts';
import { recordVersion } from './record.ts';

export type FaultReason =
  | 'torn'
  | 'not-json'
  | 'wrong-shape'
  | 'unknown-version'
  | 'too-long'
  | 'not-utf8'
  | 'unreadable'
  /** A record of the right shape whose workload or schedule is not legal. */
  | 'illegal';

/** A line that was skipped. A torn last line is what a killed run leaves: a note. Everything else is an error. */
export interface LogFault {
  readonly severity: 'note' | 'error';
  readonly reason: FaultReason;
  readonly file: string;
  /** From 1; null when the whole file cannot be read. */
  readonly line: number | null;
  readonly message: string;
  /** The version of a record that is later than this wgtune reads. Nothing is wrong with such a line. */
  readonly newer?: number;
}

/** `tuning-logs/x.jsonl:12: not JSON: ...`; text from a stranger's line cannot move a terminal's cursor. */
export function describeFault(fault: LogFault): string {
  return printable(`${fault.file}${fault.line === null ? '' : `:${fault.line}`}: ${fault.message}`);
}

export function lineFault(reason: FaultReason, message: string, file: string, line: number): LogFault {
  return { severity: 'error', reason, file, line, message };
}

export function tornLine(file: string, line: number): LogFault {
  const message = 'the last line is torn (the run was cut off); skipped';
  return { severity: 'note', reason: 'torn', file, line, message };
}

/** Gathers faults to be told: one sentence for each newer version, whatever the number of its lines, and the other faults one by one. */
export interface FaultGroups {
  add(fault: LogFault): void;
  /** The sentences, each with file and line; at most `most` of the other faults one by one. */
  sentences(most: number): readonly string[];
}

interface NewerLines {
  readonly first: LogFault;
  readonly files: Set<string>;
  count: number;
}

export function createFaultGroups(): FaultGroups {
  const newer = new Map<number, NewerLines>();
  const others: LogFault[] = [];
  let left = 0;
  return {
    add: (fault) => {
      if (fault.newer === undefined) {
        if (others.length < mostHeld) others.push(fault);
        else left += 1;
        return;
      }
      const lines = newer.get(fault.newer) ?? { first: fault, files: new Set<string>(), count: 0 };
      newer.set(fault.newer, lines);
      lines.files.add(fault.file);
      lines.count += 1;
    },
    sentences: (most) => {
      const told = others.slice(0, most).map(describeFault);
      const more = others.length - told.length + left;
      const rest = more === 0 ? [] : [`and ${more} more broken lines; \`wgtune logs validate\` lists all`];
      return [...[...newer.values()].map(describeNewer), ...told, ...rest];
    },
  };
}

/** A hostile log may be broken in every line. */
const mostHeld = 1000;

/** `a.jsonl:1: 4406 records are of version 9, and this wgtune reads up to 2; update wgtune`. */
function describeNewer({ first, files, count }: NewerLines): string {
  if (count === 1) return describeFault(first);
  const where = files.size === 1 ? '' : ` in ${files.size} files`;
  return describeFault({
    ...first,
    message: `from here on ${count} records${where} are of version ${first.newer}, ${readsUpTo}`,
  });
}

const readsUpTo = `and this wgtune reads up to ${recordVersion}; update wgtune`;
