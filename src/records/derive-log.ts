import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { type AtomicFile, createAtomicFile } from '../support/atomic-file.ts';
import { exitCode, UserError } from '../support/errors.ts';
import { hashJson } from '../support/hash.ts';
import { makeFolder } from '../support/make-folder.ts';
import { pickNaive, type Timed } from './faster.ts';
import type { LogFault } from './log-fault.ts';
import { isSystemError, logEnding } from './log-files.ts';
import { type LogHandlers, type ReadSummary, readLogs } from './log-reader.ts';
import type { TuningRecord } from './record.ts';
import { type Skim, skimLogs, wholeRecord } from './skim.ts';
import { type RecordPlace, readStanding } from './standing.ts';
import { createTopTable } from './top-table.ts';

export interface DeriveOptions {
  readonly paths: readonly string[];
  readonly out: string;
  /** Replace a file that is there. */
  readonly force?: boolean;
  /** Leave broken lines out, instead of writing nothing because of them. */
  readonly skipBroken?: boolean;
  readonly onFault?: (fault: LogFault) => void;
}

export interface Derived extends ReadSummary {
  readonly written: number;
}

/**
 * Joins logs into one file, records in the order of reading; a record that is there twice (the same id and content) is written once. Writes
 * all or nothing. Throws UserError for a path that cannot be read or written, and for broken lines unless they are to be skipped.
 */
export function mergeLogs(
  options: DeriveOptions,
): Promise<Derived & { readonly repeated: number; readonly conflicting: number }> {
  const known = new Map<string, string>();
  const counts = { repeated: 0, conflicting: 0 };
  const isNew = (record: TuningRecord): boolean => {
    const hash = hashJson(record);
    const held = known.get(record.id);
    if (held === hash) counts.repeated += 1;
    // Two records with one id but other content are both kept: nothing is lost because somebody edited a line.
    else if (held !== undefined) counts.conflicting += 1;
    known.set(record.id, hash);
    return held !== hash;
  };
  return deriveFile(options, async (write, handlers) => {
    const summary = await readLogs(options.paths, {
      ...handlers,
      onRecord: (record) => {
        if (isNew(record)) write(logLine(record));
      },
    });
    return { ...summary, ...counts };
  });
}

/**
 * Writes the `keep` best records of every workload on every device, each of another schedule, and that of the naive schedule, to which
 * speedups relate. Failed trials are left out, and records that a later measurement refutes, but not the refutation. The logs that are read
 * stay as they are. Throws as mergeLogs does.
 */
export function pruneLogs(options: DeriveOptions & { readonly keep: number }): Promise<Derived> {
  const nothing = (): null => null;
  return deriveFile(options, async (write, handlers) => {
    const standing = await readStanding(options.paths);
    const fastest = createTopTable(options.keep, nothing, standing);
    const naive = new Map<string, Timed & RecordPlace>();
    const addNaive = (skim: Skim, file: string, line: number): LogFault | null => {
      const { verified, origin, medianNs, relative, race, startedAt, id } = skim;
      if (!verified || origin !== 'baseline' || medianNs === null) return null;
      const cell = `${skim.workloadKey} ${skim.deviceKey}`;
      const own = { medianNs, relative, race, startedAt, id, file, line };
      const held = naive.get(cell) ?? null;
      if (pickNaive(held, own) === held) return null;
      const record = wholeRecord(skim);
      if ('severity' in record) return record;
      if (standing.against(record) === null) naive.set(cell, own);
      return null;
    };
    let late = 0;
    const summary = await skimLogs(options.paths, {
      ...handlers,
      onSkim: (skim, file, line) => {
        const fault = fastest.add(skim, file, line) ?? addNaive(skim, file, line);
        if (fault === null) return;
        late += 1;
        handlers.onFault?.(fault);
      },
    });
    const kept = new Set([...fastest.entries().flat(), ...naive.values()].map(({ file, line }) => `${file}\n${line}`));
    await skimLogs(options.paths, {
      onSkim: (skim, file, line) => {
        // A refutation stays, or joining with other logs would bring back the record that it refutes.
        if (!kept.has(`${file}\n${line}`) && skim.refutes === null) return;
        const record = wholeRecord(skim);
        // A line that entered a table was a record; it is none any more only if the log has changed meanwhile.
        if (!('severity' in record)) write(logLine(record));
      },
    });
    return { ...summary, records: summary.records - late, errors: summary.errors + late };
  });
}

function logLine(record: TuningRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** Writes a file from logs, whole or not at all, and its folder where there is none; `make` reads logs and calls `write` for every piece of text. */
export async function deriveFile<Result extends ReadSummary>(
  { paths, out, force = false, skipBroken = false, onFault }: DeriveOptions,
  make: (write: (line: string) => void, handlers: Pick<LogHandlers, 'onFault'>) => Promise<Result>,
  ending = logEnding,
): Promise<Result & Derived> {
  checkOutput(out, paths, force, ending);
  let file: AtomicFile | null = null;
  try {
    makeFolder(dirname(resolve(out)));
    file = createAtomicFile(out);
    const { write } = file;
    let written = 0;
    const result = await make(
      (line) => {
        write(line);
        written += 1;
      },
      onFault === undefined ? {} : { onFault },
    );
    if (!skipBroken) refuseBroken(result, `${out} was not written`);
    file.commit();
    return { ...result, written };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new UserError(`cannot write ${out} (${error.code}): name a file in a folder that can be written`);
  } finally {
    file?.abandon();
  }
}

/** Throws UserError when lines were broken or of a newer version. */
export function refuseBroken({ errors, newer }: Pick<ReadSummary, 'errors' | 'newer'>, consequence: string): void {
  if (errors === 0) return;
  const broken = errors - newer;
  const lines = broken === 1 ? 'one line is broken' : `${broken} lines are broken`;
  const records = newer === 1 ? 'one record is of a newer version' : `${newer} records are of a newer version`;
  const what = [...(broken > 0 ? [lines] : []), ...(newer > 0 ? [records] : [])].join(' and ');
  const remedy = [...(broken > 0 ? ['mend what is listed'] : []), ...(newer > 0 ? ['update wgtune'] : [])].join(', ');
  throw new UserError(
    `${what}, and ${consequence}; ${remedy}, or add --skip-broken to leave ${errors === 1 ? 'it' : 'them'} out`,
    exitCode.failed,
  );
}

function checkOutput(out: string, paths: readonly string[], force: boolean, ending: string): void {
  if (!out.endsWith(ending)) throw new UserError(`the file to write, ${out}, must have a name that ends in ${ending}`);
  const place = realPlace(out);
  for (const path of paths) {
    if (!existsSync(path)) continue;
    const real = realpathSync(path);
    if (real === place) throw new UserError(`${out} is one of the logs that are read; name another file to write`);
    if (ending === logEnding && statSync(path).isDirectory() && dirname(place) === real)
      throw new UserError(
        `${out} lies among the logs of ${path}${path.endsWith(sep) ? '' : sep}, where every record would then be twice; name a file in another folder`,
      );
  }
  if (!existsSync(out)) return;
  if (statSync(out).isDirectory()) throw new UserError(`${out} is a folder; name a file`);
  if (!force) throw new UserError(`${out} is there already; name another file, or add --force to replace it`);
}

/** Where a file is or would be, links resolved. */
function realPlace(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const folder = dirname(resolve(path));
  return existsSync(folder) ? join(realpathSync(folder), basename(path)) : resolve(path);
}
