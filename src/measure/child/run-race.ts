import type { ReferenceTimes } from '../../records/reference-names.ts';
import { type Failure, isFailure } from '../failure.ts';
import type { MeasureRequest, RaceOutcome, TimingBudget } from '../runner.ts';
import { isCalm } from '../sampling/estimate.ts';
import type { Pass } from '../sampling/passes.ts';
import { race } from '../sampling/race.ts';
import { maxRepeats, type PacedReading, type Samples } from '../sampling/take-samples.ts';
import {
  beginProgress,
  buildAndVerify,
  giveBackAll,
  resultOf,
  stageRunner,
  type TrialProgress,
  type Verified,
} from './candidate.ts';
import type { Pacer } from './pacer.ts';
import type { TrialStage } from './protocol.ts';
import type { Session } from './session.ts';

/** One kernel in a race; a kernel that cannot be built, or is wrong, takes no part. */
interface Contestant {
  readonly progress: TrialProgress;
  readonly taken: GPUBuffer[];
  readonly verified: Verified | Failure;
  readonly readings: PacedReading[];
  failure: Failure | null;
  /** Nanoseconds of one run by the latest pass; null before the first. */
  runNs: number | null;
}

/** Builds and verifies all of these in this process and times them in turn (`race.ts`), for `limitMs` at most; `whole` as there. */
export async function runRace(
  session: Session,
  pacer: Pacer,
  requests: readonly MeasureRequest[],
  budget: TimingBudget,
  { limitMs, whole }: { readonly limitMs: number; readonly whole: number | null },
  begin: (stage: TrialStage) => void,
): Promise<RaceOutcome> {
  const contestants: Contestant[] = [];
  try {
    for (const request of requests) {
      pacer.beginTrial();
      const progress = beginProgress();
      const taken: GPUBuffer[] = [];
      const stage = stageRunner(begin, progress);
      const verified = await buildAndVerify(session, request, stage, progress, taken);
      contestants.push({
        progress,
        taken,
        verified,
        readings: [],
        failure: isFailure(verified) ? verified : null,
        runNs: null,
      });
    }
    const able = contestants.filter((one): one is Contestant & { verified: Verified } => !isFailure(one.verified));
    const end = performance.now() + limitMs;
    let waitedMs = 0;
    let isPatient = true;
    let disturbed = false;
    const { standings, decided } = await race(
      able.length,
      async (index) => {
        const contestant = able[index] as (typeof able)[number];
        begin('sample');
        if (disturbed && isPatient) {
          const since = performance.now();
          isPatient = await pacer.untilCalm();
          waitedMs += performance.now() - since;
        }
        const reading = await timeOnce(pacer, contestant, budget);
        disturbed = !isCalm(reading);
        contestant.readings.push(reading);
        return { ns: reading.deviceNs, slowdown: reading.slowdown };
      },
      () => performance.now() - waitedMs >= end,
      whole,
    );
    for (const [index, contestant] of able.entries()) {
      const { samples, estimate } = standings[index] as (typeof standings)[number];
      const { progress, readings, verified } = contestant;
      contestant.failure = await verified.stillRight();
      progress.kernel = samples.reduce((sum, { ns }) => sum + ns, 0) / 1e6;
      progress.samples = {
        samplesNs: samples.map(({ ns }) => ns),
        references: readings.some(({ references }) => references === null)
          ? null
          : readings.map(({ references }) => references as ReferenceTimes),
        ...{ estimate, clock: 'timestamp', stoppedEarly: false, unstableBy: null },
        ...{ kernelMs: progress.kernel, waitedMs: waitedMs / able.length },
      } satisfies Samples;
    }
    const placeOf = (contestant: Contestant): number | null => {
      const index = able.indexOf(contestant as (typeof able)[number]);
      return index < 0 || contestant.failure !== null ? null : (standings[index]?.place ?? null);
    };
    return {
      results: contestants.map(({ progress, failure }) => resultOf(progress, failure, pacer.quietNs())),
      places: contestants.map(placeOf),
      decided,
    };
  } finally {
    for (const { progress, taken } of contestants) giveBackAll(session, progress, taken);
  }
}

/** A sample of a contestant, as time per run. Before the first, another pass may tell how many runs make a sample. */
async function timeOnce(
  pacer: Pacer,
  contestant: Contestant & { readonly verified: Verified },
  { minSampleMs }: TimingBudget,
): Promise<PacedReading> {
  const once: Pass = { sequences: [contestant.verified.kernels], repeats: 1 };
  const time = async (runNs: number): Promise<PacedReading> => {
    const repeats = Math.min(maxRepeats, Math.max(1, Math.ceil((minSampleMs * 1e6) / Math.max(1, runNs))));
    const reading = await pacer.time({ ...once, repeats }, repeats > 1 ? once : null, (runNs * repeats) / 1e6);
    contestant.runNs = reading.deviceNs / repeats;
    return { ...reading, deviceNs: reading.deviceNs / repeats, wallNs: reading.wallNs / repeats };
  };
  if (contestant.runNs === null) {
    const { deviceNs } = contestant.verified.first;
    if (deviceNs < minSampleMs * 1e6) await time(deviceNs);
  }
  return time(contestant.runNs ?? contestant.verified.first.deviceNs);
}
