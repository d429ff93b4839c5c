import type { ReferenceTimes } from '../../records/reference-names.ts';
import type { ClockReading } from '../sampling/clock.ts';
import { calmSlowdown } from '../sampling/estimate.ts';
import { createPace, meanTimes } from '../sampling/pace.ts';
import { type Pass, runPasses } from '../sampling/passes.ts';
import { sleepQuietly } from '../sampling/quiet-wait.ts';
import type { References } from '../sampling/references.ts';
import type { PacedReading } from '../sampling/take-samples.ts';
import type { WaitBudget } from '../sampling/wait-budget.ts';
import { type BufferPool, createBufferPool } from './session.ts';

/** Times passes with the references before and after them, and waits for quiet moments. One per measuring process. */
export interface Pacer {
  /** `leadIn` is run before the pass, untimed, so that the candidate finds its own data in the caches and not the references'. */
  time(pass: Pass, leadIn: Pass | null, expectedMs: number): Promise<PacedReading>;
  untilCalm(): Promise<boolean>;
  /** To be called when a trial begins; each trial adds to the time that may be spent waiting. */
  beginTrial(): void;
  quietNs(): ReferenceTimes | null;
  destroy(): void;
}

/** References that were timed less than this long ago stand for those before the next pass. */
const freshMs = 8;
/** Readings before the first trial, which find out how fast the machine is at best; few where earlier runs did. */
const firstReadings = { unknown: 48, known: 4 };
/** Where these are not alike, as those of a quiet machine are, the search for its quiet moments goes on for this long, ms. */
const longestFirstMs = 2_500;
/** Between two readings while nothing else is timed: what disturbs sees an idle machine. */
const pauseMs = 4;

export async function createPacer(
  gpu: GPUDevice,
  references: References,
  known: ReferenceTimes | null,
  waiting: WaitBudget,
): Promise<Pacer> {
  const pool: BufferPool = createBufferPool(gpu);
  const pace = createPace(known);
  let last: { readonly times: ReferenceTimes; readonly at: number } | null = null;
  let referenceMs = 1;

  const keep = (times: ReferenceTimes): void => {
    last = { times, at: performance.now() };
    referenceMs = (times.arithmetic + times.memory) / 1e6;
  };
  const look = async (): Promise<number> => {
    const { deviceNs } = await runPasses(gpu, pool, references.passes(), { expectedMs: 0.8 * referenceMs });
    const times = timesOf(deviceNs);
    if (times === null) return 1;
    keep(times);
    return pace.see(times);
  };
  for (let reading = known === null ? firstReadings.unknown : firstReadings.known; reading > 0; reading--) {
    await look();
    await sleepQuietly(pauseMs);
  }
  const end = performance.now() + longestFirstMs;
  if (known === null)
    await waiting.wait(async () => {
      if (pace.isSettled() || performance.now() >= end) return true;
      await look();
      await sleepQuietly(pauseMs);
      return false;
    });

  return {
    quietNs: () => pace.quietNs(),
    beginTrial: () => waiting.beginTrial(),
    time: async (pass, leadIn, expectedMs) => {
      const fresh = last !== null && performance.now() - last.at < freshMs ? last.times : null;
      const before = fresh === null ? references.passes() : [];
      const after = references.passes();
      const lead = leadIn === null ? [] : [leadIn];
      const { deviceNs, wallNs } = await runPasses(gpu, pool, [...before, ...lead, pass, ...after], {
        expectedMs: expectedMs + referenceMs * (fresh === null ? 2 : 1),
      });
      const at = before.length + lead.length;
      const [first, then] = [fresh ?? timesOf(deviceNs.slice(0, before.length)), timesOf(deviceNs.slice(at + 1))];
      const own = deviceNs[at] as number;
      const others = deviceNs.reduce((sum, ns) => sum + ns, 0) - own;
      const reading: ClockReading = { deviceNs: own, wallNs: Math.max(own, wallNs - others) };
      if (first === null || then === null) return { ...reading, slowdown: 1, references: null };
      keep(then);
      const times = meanTimes(first, then);
      return { ...reading, slowdown: pace.see(times), references: times };
    },
    untilCalm: () =>
      waiting.wait(async () => {
        await sleepQuietly(pauseMs);
        return (await look()) <= calmSlowdown;
      }),
    destroy: () => {
      references.destroy();
      pool.destroy();
    },
  };
}

/** Null where the device has no usable clock. */
function timesOf([arithmetic = 0, memory = 0]: readonly number[]): ReferenceTimes | null {
  return arithmetic > 0 && memory > 0 ? { arithmetic, memory } : null;
}
