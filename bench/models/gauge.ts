import { lastLevelCacheBytes } from '../../src/device/caches.ts';
import { createBufferPool } from '../../src/measure/child/session.ts';
import { isCalm } from '../../src/measure/sampling/estimate.ts';
import { createPace, meanTimes } from '../../src/measure/sampling/pace.ts';
import { type Pass, runPasses } from '../../src/measure/sampling/passes.ts';
import { sleepQuietly } from '../../src/measure/sampling/quiet-wait.ts';
import { createReferences } from '../../src/measure/sampling/references.ts';
import { createWaitBudget, waitLimits } from '../../src/measure/sampling/wait-budget.ts';
import type { ReferenceTimes } from '../../src/records/reference-names.ts';

/** One or more runs of a layer in a row, and what the references took before and after them. */
export interface Reading {
  /** Nanoseconds of a run: the median of those in a row. */
  readonly ns: number;
  readonly references: ReferenceTimes;
}

/** Times whatever runs in this process beside wgtune's reference kernels, in the same way for every side. */
export interface Gauge {
  /** Waits for a quiet moment, reads the references, has `runs` run, and reads them again. Returns what `runs` returns, and the mean of both readings. */
  beside<T>(runs: () => Promise<T>): Promise<{ readonly value: T; readonly references: ReferenceTimes }>;
  /** Times one pass in a submission of its own, ns. */
  time(pass: Pass): Promise<number>;
  /** Allows for more waiting; see createWaitBudget. */
  beginRound(): void;
}

const pauseMs = 4;
/** Readings before the first round: they tell how fast the machine is at best. */
const firstReadings = 12;

/** `quietNs`: what is known of the references' times on the quiet machine. The references run on `gpu`, whatever device the layer runs on. */
export async function createGauge(
  gpu: GPUDevice,
  type: 'cpu' | 'gpu',
  quietNs: ReferenceTimes | null,
  quietWait?: number,
): Promise<Gauge> {
  const references = await createReferences(gpu, type, lastLevelCacheBytes(type));
  const pool = createBufferPool(gpu);
  const pace = createPace(quietNs);
  const waiting = createWaitBudget(waitLimits(quietWait));
  let expectedMs = 0;
  const look = async (): Promise<ReferenceTimes> => {
    const { deviceNs } = await runPasses(gpu, pool, references.passes(), { expectedMs });
    const [arithmetic = 0, memory = 0] = deviceNs;
    if (!(arithmetic > 0 && memory > 0)) throw new Error('the device gave no times of the references');
    expectedMs = (0.8 * (arithmetic + memory)) / 1e6;
    return { arithmetic, memory };
  };
  const lookAndJudge = async (): Promise<boolean> => isCalm({ slowdown: pace.see(await look()) });
  for (let reading = 0; reading < firstReadings; reading++) {
    await lookAndJudge();
    await sleepQuietly(pauseMs);
  }
  return {
    beginRound: () => waiting.beginTrial(),
    beside: async (runs) => {
      await waiting.wait(async () => {
        if (await lookAndJudge()) return true;
        await sleepQuietly(pauseMs);
        return false;
      });
      const before = await look();
      const value = await runs();
      const references = meanTimes(before, await look());
      pace.see(references);
      return { value, references };
    },
    time: async (pass) => (await runPasses(gpu, pool, [pass], { expectedMs: 0 })).deviceNs[0] as number,
  };
}
