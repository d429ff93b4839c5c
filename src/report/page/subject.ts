import type { DeviceDescription } from '../../ir/limits.ts';
import { type Peaks, rooflineNs } from '../../ir/roofline.ts';
import { driftBetween } from '../../measure/sampling/drift.ts';
import { checkedProgram } from '../../operators/checked-program.ts';
import { flopsOf, minimumBytes } from '../../operators/flops.ts';
import { describeWorkload, type Workload } from '../../operators/workload.ts';
import { createBestKeeper, pickNaive, type Timed } from '../../records/faster.ts';
import type { Outcome } from '../../records/outcome.ts';
import type { TuningRecord } from '../../records/record.ts';
import { timeOf } from '../../records/relative-time.ts';
import { createPartReader, type Skim } from '../../records/skim.ts';
import type { Standing } from '../../records/standing.ts';
import { isRefusal } from '../../support/refusal.ts';
import { margin } from '../../tuner/peaks.ts';
import { chooseDrawn } from './choose-drawn.ts';
import { codesOf } from './code.ts';
import { learnFrom } from './learned.ts';
import {
  phaseNames,
  type ReportRound,
  type ReportRun,
  type ReportTrial,
  type Roof,
  type Subject,
  type TrialPhases,
} from './report-data.ts';
import { createSubjectSpace } from './subject-space.ts';

const trialFields = [
  ...(['run', 'trial', 'durationMs', 'phasesMs', 'tool', 'search', 'seed', 'sketch', 'decisions'] as const),
  ...(['kernelHash', 'error', 'samplesNs', 'references'] as const),
] as const;

/** Reads what the report looks at of a trial beside what a skim holds; its schedule is not among it. */
export const trialOf = createPartReader(trialFields);

type TrialSkim = Skim & Pick<TuningRecord, (typeof trialFields)[number]>;

/** A subject of the report whose records are being read. */
export interface SubjectDraft {
  add(record: TrialSkim, file: string, line: number): void;
  records(): number;
  /** `drawn`: how many trials it may hold. */
  finish(drawn: number): Promise<Subject>;
}

/** A run of which records are still read. */
interface RunDraft extends Omit<ReportRun, 'phases'> {
  records: number;
  seconds: number;
  search: string | null;
  model: string | null;
  launch: ReportRun['launch'];
  readonly rounds: ReportRound[];
  readonly phases: { -readonly [Phase in keyof TrialPhases]: number };
  readonly begin: number;
}

const noPhases: TrialPhases = { lower: 0, build: 0, verify: 0, wait: 0, kernel: 0, timing: 0, ahead: 0 };

export function createSubject(workload: Workload, device: DeviceDescription, standing: Standing): SubjectDraft {
  const runs = new Map<string, RunDraft>();
  const order: RunDraft[] = [];
  const trials: ReportTrial[] = [];
  const outcomes: Partial<Record<Outcome, number>> = {};
  const drift: { ratio: number; beyond: boolean }[] = [];
  const best = createBestKeeper<Timed>();
  const indexOf = new Map<string, number>();
  let peaks: Peaks | null = null;
  let naive: Timed | null = null;
  let earlier = new Map<string, Pick<TrialSkim, 'samplesNs' | 'relative' | 'references'>>();
  let lastRun: string | null = null;

  const runOf = (record: TrialSkim, file: string): RunDraft => {
    const held = runs.get(record.run);
    if (held !== undefined) return held;
    const made: RunDraft = {
      ...{ name: record.run, file, startedAt: record.startedAt, seed: record.seed, search: null, model: null },
      ...{ tool: record.tool.version, launch: null, records: 0, seconds: 0, rounds: [], phases: { ...noPhases } },
      begin: Date.parse(record.startedAt),
    };
    runs.set(record.run, made);
    order.push(made);
    return made;
  };
  /** Of kernels timed again in a run; only one run is remembered at a time. */
  const seeDrift = ({ run, verified, kernelHash, samplesNs, relative, references }: TrialSkim): void => {
    if (run !== lastRun) earlier = new Map();
    lastRun = run;
    if (!verified || kernelHash === null) return;
    const now = { samplesNs, relative, references };
    const before = earlier.get(kernelHash);
    const moved = before === undefined ? null : driftBetween(before, now);
    if (moved !== null) drift.push({ ratio: moved.ratio, beyond: moved.beyondIntervals });
    earlier.set(kernelHash, now);
  };

  return {
    records: () => trials.length,
    add: (record, file, line) => {
      const run = runOf(record, file);
      const against = record.verified ? standing.against(record) : null;
      const end = (Date.parse(record.startedAt) - run.begin + record.durationMs) / 1000;
      run.records += 1;
      run.seconds = Math.max(run.seconds, end);
      run.launch = record.tool.launch ?? run.launch;
      outcomes[record.outcome] = (outcomes[record.outcome] ?? 0) + 1;
      peaks = record.peaks ?? peaks;
      const phases = phasesOf(record);
      for (const phase of phaseNames) run.phases[phase] += phases[phase];
      const { search } = record;
      if (search !== null) {
        run.search ??= search.name;
        run.model ??= search.model;
        if (run.rounds.at(-1)?.round !== search.round) {
          const { pruned, beams, spentMs } = search;
          run.rounds.push({
            ...{ round: search.round, trial: record.trial, at: end - record.durationMs / 1000 },
            ...(pruned === undefined ? {} : { pruned }),
            ...(beams === undefined ? {} : { beams }),
            ...(spentMs === undefined ? {} : { spentMs }),
          });
        }
      }
      seeDrift(record);
      const { medianNs, relative, race, startedAt, id } = record;
      const counts = record.verified && against === null;
      if (counts && medianNs !== null) {
        const timed = { medianNs, relative, race, startedAt, id };
        best.add(timed);
        indexOf.set(id, trials.length);
        if (record.origin === 'baseline') naive = pickNaive(naive, timed);
      }
      trials.push({
        ...{ run: order.indexOf(run), trial: record.trial, line, at: end },
        ...{ origin: record.origin, outcome: record.outcome, sketch: record.sketch, decisions: record.decisions },
        ...{ timeNs: timeOf(record), counts, against: against?.why ?? null },
        ...{ round: search?.round ?? null, score: search?.score ?? null, error: record.error, phases },
        ...{ place: record.race?.place ?? null, bytes: null },
      });
    },
    finish: async (drawn) => {
      const id = best.best()?.id;
      const bestTrial = id === undefined ? null : (trials[indexOf.get(id) as number] as ReportTrial);
      const space = createSubjectSpace(workload, device);
      const shown = chooseDrawn(trials, bestTrial, drawn).map((trial) => ({ ...trial, bytes: space.bytesOf(trial) }));
      const bestAt = bestTrial === null ? -1 : shown.findIndex((trial) => isSame(trial, bestTrial));
      const index = bestAt < 0 ? null : bestAt;
      const measured = peaks === null ? null : withoutMargin(peaks);
      return {
        ...{ workload, title: describeWorkload(workload), device, records: trials.length, trials: shown, outcomes },
        runs: order.map(({ begin: _, ...run }) => run),
        ...{ best: index, naiveNs: naive === null ? null : timeOf(naive), roof: roofOf(workload, measured), drift },
        codes: await codesOf(workload, device, space, shown, index, order),
        learned: await learnFrom(space, trials),
      };
    },
  };
}

function isSame(one: ReportTrial, other: ReportTrial): boolean {
  return one.run === other.run && one.trial === other.trial && one.line === other.line;
}

/** Milliseconds of each phase; what is not told apart in older records counts as timing. */
function phasesOf({ durationMs, phasesMs }: Pick<TuningRecord, 'durationMs' | 'phasesMs'>): TrialPhases {
  const { build, verify, time, total, kernel = 0, wait = 0, ahead = 0 } = phasesMs;
  const lower = Math.max(0, durationMs - total);
  return { lower, build, verify, wait, kernel, timing: Math.max(0, time - kernel - wait), ahead };
}

/** The peaks as they were measured: records hold them with the margin by which pruning stays on the safe side. */
function withoutMargin({ flopsPerNs, bytesPerNs, lanes }: Peaks): Peaks {
  return { flopsPerNs: flopsPerNs / margin, bytesPerNs: bytesPerNs / margin, lanes };
}

function roofOf(workload: Workload, peaks: Peaks | null): Roof | null {
  const program = checkedProgram(workload);
  if (isRefusal(program)) return null;
  const [flops, bytes] = [flopsOf(program), minimumBytes(program)];
  return { flops, bytes, peaks, leastNs: peaks === null ? null : rooflineNs(flops, bytes, peaks) };
}
