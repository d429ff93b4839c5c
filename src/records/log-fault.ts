import { printable } from '../support/printable.ts';

export type FaultReason =
  | 'torn'
  | 'not-json'
  | 'wrong-shape'
  | 'unknown-version'
  | 'too-long'
  | 'not-utf8'
  | 'unreadable'
  /** A record of its shape whose workload or schedule is not legal. */
  | 'illegal';

/** A line that was skipped. A torn last line is what a killed run leaves: a note. Everything else is an error. */
export interface LogFault {
  readonly severity: 'note' | 'error';
  readonly reason: FaultReason;
  readonly file: string;
  /** From 1; null when the whole file cannot be read. */
  readonly line: number | null;
  readonly message: string;
}

/** `tuning-logs/x.jsonl:12: not JSON: ...`; what a stranger's line says of itself cannot move a terminal's cursor. */
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
