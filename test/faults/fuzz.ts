import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultLimits } from '../../src/ir/limits.ts';
import { workloadKey } from '../../src/operators/workload.ts';
import { describeFault, type LogFault } from '../../src/records/log-fault.ts';
import { readLogs } from '../../src/records/log-reader.ts';
import { createStats } from '../../src/records/log-stats.ts';
import type { TuningRecord } from '../../src/records/record.ts';
import { scheduleKey } from '../../src/records/schedule-key.ts';
import { skimLogs, wholeRecord } from '../../src/records/skim.ts';
import { createTopTable } from '../../src/records/top-table.ts';
import { isFault, replay } from '../../src/schedule/replay.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { buildArtifact, programOf } from '../../src/tuner/build.ts';
import { createRecordCheck } from '../../src/tuner/check-record.ts';
import { wrongAsKernels } from '../property/judge.ts';
import { donorLines } from './donors.ts';
import { hostileLine } from './hostile.ts';

export interface FuzzReport {
  readonly cases: number;
  /** Lines refused for their shape, refused for their meaning, and accepted: a bent record may still be a valid one. */
  readonly shape: number;
  readonly meaning: number;
  readonly taken: number;
  /** Accepted lines that were run lane by lane: those whose schedules were bent and are still legal. */
  readonly executed: number;
  readonly slowestMs: number;
  /** Most that the heap grew above where it began, bytes. */
  readonly heap: number;
  /** What went wrong, with the number of the case. */
  readonly wrong: readonly string[];
}

/** Processor milliseconds that one line may take, which other work on the machine does not lengthen. */
const longestMs = 10_000;
const linesAFile = 50;

/**
 * Reads hostile lines every way a log is read: whole, skimmed, folded into statistics and bests, its schedules replayed and lowered. Every line must
 * be accepted or refused with its file and line, in bounded time, and without any effect on this process. A bent schedule that is accepted must
 * make kernels that write what the operator's reference says, inside their buffers.
 */
export async function fuzzLogs(
  cases: number,
  seed: number,
  onFile: (report: FuzzReport) => void = () => {},
): Promise<FuzzReport> {
  const folder = mkdtempSync(join(tmpdir(), 'wgtune-fuzz-'));
  const donors = donorLines();
  const bent = bentFrom(donors);
  const wrong: string[] = [];
  const total = { cases: 0, shape: 0, meaning: 0, taken: 0, executed: 0, slowestMs: 0, heap: 0 };
  const before = process.memoryUsage().heapUsed;
  try {
    while (total.cases < cases) {
      const first = total.cases;
      const count = Math.min(linesAFile, cases - first);
      const lines = Array.from({ length: count }, (_, index) =>
        hostileLine(createRandom(seed * 1_000_003 + first + index), donors),
      );
      const file = join(folder, 'hostile.jsonl');
      writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
      const { shape, meaning, taken, executed, slowestMs } = await judge(file, lines, bent, (what, line) =>
        wrong.push(`case ${first + line - 1}: ${what}`),
      );
      total.cases += count;
      total.shape += shape;
      total.meaning += meaning;
      total.taken += taken;
      total.executed += executed;
      total.slowestMs = Math.max(total.slowestMs, slowestMs);
      total.heap = Math.max(total.heap, process.memoryUsage().heapUsed - before);
      onFile({ ...total, wrong });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { ...total, wrong };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function judge(
  file: string,
  lines: readonly string[],
  isBent: (record: TuningRecord) => boolean,
  complain: (what: string, line: number) => void,
): Promise<Pick<FuzzReport, 'shape' | 'meaning' | 'taken' | 'executed' | 'slowestMs'>> {
  const check = createRecordCheck();
  const told = new Map<number, 'record' | LogFault>();
  const tally = { shape: 0, meaning: 0, taken: 0, executed: 0, slowestMs: 0 };
  const tell = (line: number, what: 'record' | LogFault): void => {
    if (told.has(line)) complain('told twice', line);
    told.set(line, what);
  };
  let since = cpuMs();
  const timed = (line: number): void => {
    const took = cpuMs() - since;
    tally.slowestMs = Math.max(tally.slowestMs, took);
    if (took > longestMs) complain(`took ${took.toFixed(0)} ms`, line);
    since = cpuMs();
  };
  await readLogs([file], {
    onRecord: (record, _, line) => {
      tell(line, 'record');
      const verdict = meaningOf(check, record, (error) => complain(error, line));
      tally[verdict === null ? 'taken' : 'meaning'] += 1;
      timed(line);
      if (verdict !== null || !isBent(record)) return;
      const fault = executed(record);
      if (fault === 'beyond the limits') return;
      tally.executed += 1;
      if (fault !== null) complain(fault, line);
      since = cpuMs();
    },
    onFault: (fault) => {
      tally.shape += 1;
      if (fault.line === null) complain('a fault without a line', 1);
      else tell(fault.line, fault);
      if (fault.file !== file) complain('a fault of another file', fault.line ?? 1);
      const text = describeFault(fault);
      if (text.length > 1000 || /[\p{Cc}]/u.test(text))
        complain(`a fault that cannot be printed: ${text.slice(0, 50)}`, fault.line ?? 1);
      timed(fault.line ?? 1);
    },
  });
  for (const [index, line] of lines.entries())
    if (line.trim() !== '' && !told.has(index + 1)) complain('neither taken nor refused', index + 1);
  const stats = createStats();
  const top = createTopTable(3, () => null);
  await skimLogs([file], {
    onSkim: (skim, name, line) => {
      stats.add(skim);
      top.add(skim, name, line);
      const whole = wholeRecord(skim);
      if ('severity' in whole === (told.get(line) === 'record')) complain('skimming and reading do not agree', line);
    },
    onFault: ({ line }) => {
      if (told.get(line ?? 0) === 'record') complain('skimming refuses what reading takes', line ?? 0);
    },
  });
  for (const [entry] of top.entries())
    if (entry !== undefined && told.get(entry.line) !== 'record') complain('a best that is no record', entry.line);
  JSON.stringify(stats.result());
  if (Object.keys(Object.prototype).length > 0 || ({} as { polluted?: true }).polluted !== undefined)
    complain('polluted', 1);
  return tally;
}

function meaningOf(
  check: ReturnType<typeof createRecordCheck>,
  record: TuningRecord,
  complain: (what: string) => void,
): string | null {
  try {
    const refusal = check(record);
    return refusal === null ? null : explainRefusal(refusal);
  } catch (error) {
    complain(`thrown: ${(error as Error).stack ?? String(error)}`);
    return 'thrown';
  }
}

/** Whether a record's schedule is not one of the donors', and its workload small enough to be executed. */
function bentFrom(donors: readonly string[]): (record: TuningRecord) => boolean {
  const records = donors.map((line) => JSON.parse(line) as TuningRecord);
  const workloads = new Set(records.map(({ workload }) => workloadKey(workload)));
  const schedules = new Set(records.map(({ trace }) => scheduleKey(trace)));
  return ({ workload, trace }) => workloads.has(workloadKey(workload)) && !schedules.has(scheduleKey(trace));
}

/** A legal schedule may start a million lanes that all find nothing to do, and each is stepped through here. */
const mostLanes = 4096;

/** What is wrong with an accepted schedule's kernels, executed lane by lane within the limits that every device has. */
function executed({ workload, trace }: TuningRecord): string | null {
  const program = programOf(workload);
  const scheduled = replay(program, trace);
  if (isFault(scheduled)) return 'taken, and does not replay';
  const artifact = buildArtifact(scheduled, { limits: defaultLimits });
  if (isRefusal(artifact)) return 'beyond the limits';
  const lanes = artifact.kernels.map(({ workgroupSize, dispatch }) =>
    [...workgroupSize, ...dispatch].reduce((product, extent) => product * extent, 1),
  );
  if (Math.max(...lanes) > mostLanes) return 'beyond the limits';
  return wrongAsKernels(
    { workload, program, scheduled: { trace, program: scheduled }, nonFinite: false, title: 'bent' },
    1,
  );
}
