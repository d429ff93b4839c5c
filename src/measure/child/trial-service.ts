import type { DeviceDescription } from '../../ir/limits.ts';
import { assert, InternalError } from '../../support/errors.ts';
import { errorText, fail, failedResult, isFailure } from '../failure.ts';
import type { MeasureResult, TimingBudget } from '../runner.ts';
import { sleepQuietly } from '../sampling/quiet-wait.ts';
import { createReferences } from '../sampling/references.ts';
import { createWaitBudget, waitLimits } from '../sampling/wait-budget.ts';
import { withErrorScopes } from './error-scopes.ts';
import { createPacer, type Pacer } from './pacer.ts';
import type { FromChild, ToChild, TrialStage } from './protocol.ts';
import { runRace } from './run-race.ts';
import { closeSession, openSession, type Session } from './session.ts';
import { runTrial } from './trial.ts';

type OpenMessage = Extract<ToChild, { kind: 'open' }>;

/** What differs between a process on Dawn and a page. */
interface TrialHost {
  readonly open: (
    message: OpenMessage,
  ) => Promise<{ readonly gpu: GPUDevice; readonly description: DeviceDescription }>;
  /** Size of the cache that is to be cold when kernels are timed; null where it is to be warm. */
  readonly coldCacheBytes: (message: OpenMessage) => number | null;
  readonly lastLevelCacheBytes: (type: DeviceDescription['type']) => number;
  readonly tell: (message: FromChild) => void;
}

/** Answers the messages of a runner: one device, one workload at a time, one trial at a time. */
export function createTrialService(host: TrialHost): (message: ToChild) => Promise<FromChild> {
  let opened: {
    readonly gpu: GPUDevice;
    readonly budget: TimingBudget;
    readonly coldCacheBytes: number | null;
    readonly pacer: Pacer | null;
    lost: string | null;
  } | null = null;
  let session: Session | null = null;
  const begin = (stage: TrialStage): void => host.tell({ kind: 'stage', stage });

  return async (message) => {
    switch (message.kind) {
      case 'open': {
        const { gpu, description } = await host.open(message);
        const pacer = hasFineClock(description)
          ? await openPacer(gpu, message, host.lastLevelCacheBytes(message.device.description.type))
          : null;
        const coldCacheBytes = host.coldCacheBytes(message);
        const state = { gpu, budget: message.budget, coldCacheBytes, pacer, lost: null as string | null };
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
          const result = await runTrial(session, opened.pacer, message.request, budget, begin);
          return opened.lost === null
            ? { kind: 'result', result, deviceLost: false }
            : { kind: 'result', result: lostResult(opened.lost, begun), deviceLost: true };
        } catch (error) {
          // Promises are rejected a moment before the loss of the device is announced.
          for (let wait = 0; opened.lost === null && wait < 50; wait++) await sleepQuietly(2);
          if (opened.lost === null) throw error;
          return {
            kind: 'result',
            result: lostResult(`${opened.lost} (${errorText(error)})`, begun),
            deviceLost: true,
          };
        }
      }
      case 'race': {
        assert(opened !== null && session !== null, 'race before prepare');
        const { pacer, budget } = opened;
        // With cold caches each run needs copies of all buffers: for several kernels at once there would be too many.
        if (pacer === null || session.flush !== null) return { kind: 'raced', outcome: null, deviceLost: false };
        const { requests, limitMs, whole } = message;
        const outcome = await runRace(session, pacer, requests, budget, { limitMs, whole }, begin).catch((error) => {
          if (error instanceof InternalError) throw error;
          return null;
        });
        return { kind: 'raced', outcome: opened.lost === null ? outcome : null, deviceLost: outcome === null };
      }
      case 'build':
        throw new InternalError('a measuring process builds only what it measures');
    }
  };
}

function lostResult(reason: string, begun: number): MeasureResult {
  return failedResult(fail('device-lost', `the device was lost: ${reason}`), performance.now() - begun);
}

/** Passes of the references last some 0.4 ms: a clock that rounds, as browsers' do unless told otherwise, says nothing of them. */
function hasFineClock({ environment }: DeviceDescription): boolean {
  return !/^\d/.test(environment.CLOCK_STEP_NS ?? '');
}

/** Null where the device has no clock of its own, or cannot build or run the references: kernels are then timed without them. */
async function openPacer(
  gpu: GPUDevice,
  { device, quietNs, quietWait }: OpenMessage,
  cacheBytes: number,
): Promise<Pacer | null> {
  if (!gpu.features.has('timestamp-query')) return null;
  const pacer = await withErrorScopes(gpu, async () => {
    const references = await createReferences(gpu, device.description.type, cacheBytes);
    return createPacer(gpu, references, quietNs, createWaitBudget(waitLimits(quietWait)));
  });
  return isFailure(pacer) ? null : pacer;
}
