import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describeFault, type LogFault } from '../../src/records/log-fault.ts';
import { loadRecords } from '../../src/records/log-reader.ts';
import type { TuningRecord } from '../../src/records/record.ts';
import { createRandom, type Random } from '../../src/support/random.ts';

export interface KillReport {
  readonly kills: number;
  /** Trials that were reported before their tuner was killed. */
  readonly told: number;
  readonly records: number;
  /** Last lines that were cut off. */
  readonly torn: number;
  /** What went wrong: trials lost, lines mixed or broken, runs that did not go on. */
  readonly wrong: readonly string[];
}

/** A reported trial, by what distinguishes it within a file. */
interface Told {
  readonly trial: number;
  readonly decisions: TuningRecord['decisions'];
  readonly timeNs: number | null;
}

interface Tuner {
  readonly process: ChildProcess;
  readonly lines: string[];
  /** Resolves once that many trials were reported, or the tuner ended. */
  readonly toldAtLeast: (count: number) => Promise<void>;
  readonly ended: Promise<string>;
}

const script = fileURLToPath(new URL('./tuner-to-kill.ts', import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

function start(folder: string, seed: number): Tuner {
  const child = spawn(process.execPath, ['--import', tsx, script, folder, String(seed)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  let rest = '';
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  let look = (): void => {};
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    look();
  });
  const toldAtLeast = (count: number): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (lines.filter((line) => line.startsWith('{"told"')).length >= count) resolve();
      };
      child.on('close', () => resolve());
      look();
    });
  const ended = new Promise<string>((resolve) =>
    child.on('close', (_, signal) => resolve(signal === 'SIGKILL' ? '' : `ended by itself: ${said}`)),
  );
  return { process: child, lines, toldAtLeast, ended };
}

/**
 * Kills tuners at random moments, two at a time in one folder, and reads what they left. A later pair begins in the folder in which earlier ones
 * were killed, so it must be able to go on from it; after every `perFolder` kills there is a fresh folder, to keep the reading short.
 */
export async function killTuners(
  kills: number,
  seed: number,
  onRound: (report: KillReport) => void = () => {},
  perFolder = 20,
): Promise<KillReport> {
  const random = createRandom(seed);
  const wrong: string[] = [];
  const total = { kills: 0, told: 0, records: 0, torn: 0 };
  while (total.kills < kills) {
    const folder = mkdtempSync(join(tmpdir(), 'wgtune-kills-'));
    try {
      const told: Told[][] = [];
      for (let here = 0; here < perFolder && total.kills < kills; here += 2) {
        const pair = [start(folder, total.kills + 1), start(folder, total.kills + 2)];
        await Promise.all(pair.map((tuner) => killSoon(tuner, random, wrong)));
        for (const { lines } of pair) {
          if (here > 0 && !lines.some((line) => line.startsWith('{"known"')))
            wrong.push('a run did not begin with what is known');
          told.push(
            lines.filter((line) => line.startsWith('{"told"')).map((line) => (JSON.parse(line) as { told: Told }).told),
          );
        }
        total.kills += 2;
      }
      const { records, faults } = await loadRecords([folder]);
      wrong.push(...missing(told, records), ...mixed(records), ...broken(faults));
      total.told += told.flat().length;
      total.records += records.length;
      total.torn += faults.filter(({ reason }) => reason === 'torn').length;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    onRound({ ...total, wrong });
  }
  return { ...total, wrong };
}

/** Kills a tuner after up to 30 trials, however slow the machine, at a random moment in the next trial. */
async function killSoon(tuner: Tuner, random: Random, wrong: string[]): Promise<void> {
  await tuner.toldAtLeast(1 + random.below(30));
  await new Promise((resolve) => setTimeout(resolve, random.unit() * 50));
  tuner.process.kill('SIGKILL');
  const complaint = await tuner.ended;
  if (complaint !== '') wrong.push(complaint);
}

/** Every list of reported trials must be found whole in one run's records. */
function missing(told: readonly (readonly Told[])[], records: readonly TuningRecord[]): readonly string[] {
  const byRun = new Map<string, Set<string>>();
  for (const record of records) {
    const held = byRun.get(record.run) ?? new Set<string>();
    byRun.set(record.run, held.add(identity(record.decisions, record.medianNs)));
  }
  const runs = [...byRun.values()];
  return told
    .filter(
      (trials) => !runs.some((run) => trials.every(({ decisions, timeNs }) => run.has(identity(decisions, timeNs)))),
    )
    .map((trials) => `of ${trials.length} trials that were told not all are recorded`);
}

function identity(decisions: TuningRecord['decisions'], timeNs: number | null): string {
  return JSON.stringify([decisions, timeNs]);
}

/** The records of a run are numbered from 0 without a gap: none is lost in the middle, none of another run among them. */
function mixed(records: readonly TuningRecord[]): readonly string[] {
  const next = new Map<string, number>();
  const found: string[] = [];
  for (const { run, trial, id } of records) {
    if (trial !== (next.get(run) ?? 0)) found.push(`${id} comes after trial ${(next.get(run) ?? 0) - 1}`);
    next.set(run, trial + 1);
  }
  return found;
}

function broken(faults: readonly LogFault[]): readonly string[] {
  return faults.filter(({ severity }) => severity === 'error').map(describeFault);
}
