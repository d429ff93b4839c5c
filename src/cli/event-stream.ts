import { closeSync, openSync, writeSync } from 'node:fs';
import type { Workload } from '../operators/workload.ts';
import { UserError } from '../support/errors.ts';
import type { TuneEvent, TuneResult } from '../tuner/events.ts';
import { toolVersion } from '../tuner/tool.ts';
import { say } from './output.ts';

/** Writes what happens in tuning runs as JSON Lines, each line as soon as it happens; `tuner/event-schema.ts` is their schema. */
export interface EventStream {
  start(workload: Workload): void;
  onEvent(event: TuneEvent): void;
  result(result: TuneResult, commands: readonly string[]): void;
  /** The run ended without a result. */
  failed(message: string, exitCode: number): void;
  close(): void;
}

/** Named here and not imported: the schema loads zod, which a run need not wait for. */
const header = { schema: 'urn:wgtune:events:1', version: 1 } as const;

/**
 * A stream into a file, which is written anew, or with `-` onto stdout. Throws UserError where the file cannot be written. Should it fail later, as on a full disk,
 * a note says so once and the run goes on: its log is what counts.
 */
export function openEventStream(target: string, now: () => number = () => performance.now()): EventStream {
  const file = target === '-' ? null : opened(target);
  let begun = now();
  let broken = false;
  const write = (line: object): void => {
    if (broken) return;
    const text = `${JSON.stringify({ ...line, atMs: Math.max(0, now() - begun) })}\n`;
    try {
      if (file === null) process.stdout.write(text);
      else writeSync(file, text);
    } catch (error) {
      broken = true;
      say(`note: no more events are written to ${target} (${(error as Error).message}); the run goes on`);
    }
  };
  return {
    start: (workload) => {
      begun = now();
      write({
        ...{ kind: 'start', ...header, tool: `wgtune ${toolVersion}`, argv: process.argv.slice(2) },
        ...{ startedAt: new Date().toISOString(), workload },
      });
    },
    onEvent: write,
    result: (result, commands) => write({ kind: 'result', result, commands }),
    failed: (message, exitCode) => write({ kind: 'failed', message, exitCode }),
    close: () => {
      if (file !== null) closeSync(file);
    },
  };
}

function opened(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw new UserError(
      `the events cannot be written to ${path} (${(error as NodeJS.ErrnoException).code}); name a file in a folder that can be written, or - for stdout`,
    );
  }
}
