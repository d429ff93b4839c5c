import { hasColdCaches, lastLevelCacheBytes } from '../../device/caches.ts';
import { loadDawn, openDevice } from '../../device/dawn.ts';
import { takePriority } from '../../device/priority.ts';
import { dieWithParent } from '../../device/watchdog.ts';
import type { ReferenceTimes } from '../../records/relative-time.ts';
import { assert, InternalError } from '../../support/errors.ts';
import { errorText, fail, failedResult, isFailure } from '../failure.ts';
import type { MeasureResult, TimingBudget } from '../runner.ts';
import { sleepQuietly } from '../sampling/quiet-wait.ts';
import { createReferences } from '../sampling/references.ts';
import { createWaitBudget, waitLimits } from '../sampling/wait-budget.ts';
import { answerParent, tell } from './answering.ts';
import { withErrorScopes } from './error-scopes.ts';
import { createPacer, type Pacer } from './pacer.ts';
import type { FromChild, ToChild, TrialStage } from './protocol.ts';
import { runRace } from './run-race.ts';
import { closeSession, openSession, type Session } from './session.ts';
import { runTrial } from './trial.ts';

/** The measuring process: one device, one workload at a time, one trial at a time. The parent may kill it at any moment. */
dieWithParent();

let opened: {
  readonly gpu: GPUDevice;
  readonly budget: TimingBudget;
  readonly coldCacheBytes: number | null;
  readonly pacer: Pacer | null;
  lost: string | null;
} | null = null;
let session: Session | null = null;

answerParent(answer);

async function answer(message: ToChild): Promise<FromChild> {
  switch (message.kind) {
    case 'open': {
      const { device, budget, quietNs, quietWait } = message;
      if (device.description.type === 'cpu') takePriority();
      const create = await loadDawn(device.driver);
      const { gpu, description } = await openDevice(create, device.driver, device.adapter, device.description.profile);
      const { type } = device.description;
      const coldCacheBytes = hasColdCaches(device.description) ? lastLevelCacheBytes(type) : null;
      const pacer = await openPacer(gpu, type, quietNs, quietWait);
      const state = { gpu, budget, coldCacheBytes, pacer, lost: null as string | null };
      opened = state;
      void gpu.lost.then(({ reason, message: text }) => {
        state.lost = text === '' ? reason : text;
      });
      return { kind: 'opened', description, hasReferences: pacer !== null };
    }
    case 'prepare': {
      assert(opened !== null, 'prepare before open');
      if (session !== null) closeSession(session);
      session = null;
      const made = await openSession(opened.gpu, message.data, opened.coldCacheBytes);
      if (isFailure(made)) return { kind: 'failed', error: made.error, internal: false };
      session = made;
      return { kind: 'prepared' };
    }
    case 'measure': {
      assert(opened !== null && session !== null, 'measure before prepare');
      const { budget } = opened;
      const begun = performance.now();
      try {
        const result = await runTrial(session, opened.pacer, message.request, budget, (stage) =>
          tell({ kind: 'stage', stage }),
        );
        return opened.lost === null
          ? { kind: 'result', result, deviceLost: false }
          : { kind: 'result', result: lostResult(opened.lost, begun), deviceLost: true };
      } catch (error) {
        // Promises are rejected a moment before the loss of the device is announced.
        for (let wait = 0; opened.lost === null && wait < 50; wait++) await sleepQuietly(2);
        if (opened.lost === null) throw error;
        return { kind: 'result', result: lostResult(`${opened.lost} (${errorText(error)})`, begun), deviceLost: true };
      }
    }
    case 'race': {
      assert(opened !== null && session !== null, 'race before prepare');
      const { pacer, budget } = opened;
      // With cold caches each run needs copies of all buffers: for several kernels at once there would be too many.
      if (pacer === null || session.flush !== null) return { kind: 'raced', outcome: null, deviceLost: false };
      const begin = (stage: TrialStage): void => tell({ kind: 'stage', stage });
      const outcome = await runRace(session, pacer, message.requests, budget, message.limitMs, begin).catch((error) => {
        if (error instanceof InternalError) throw error;
        return null;
      });
      return { kind: 'raced', outcome: opened.lost === null ? outcome : null, deviceLost: outcome === null };
    }
    case 'build':
      throw new InternalError('a measuring process builds only what it measures');
  }
}

function lostResult(reason: string, begun: number): MeasureResult {
  return failedResult(fail('device-lost', `the device was lost: ${reason}`), performance.now() - begun);
}

/** Null where the device has no clock of its own, or cannot build or run the references: kernels are then timed without them. */
async function openPacer(
  gpu: GPUDevice,
  type: 'cpu' | 'gpu',
  quietNs: ReferenceTimes | null,
  quietWait: number,
): Promise<Pacer | null> {
  if (!gpu.features.has('timestamp-query')) return null;
  const pacer = await withErrorScopes(gpu, async () => {
    const references = await createReferences(gpu, type, lastLevelCacheBytes(type));
    return createPacer(gpu, references, quietNs, createWaitBudget(waitLimits(quietWait)));
  });
  return isFailure(pacer) ? null : pacer;
}
