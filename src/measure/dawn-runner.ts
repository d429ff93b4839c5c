import { availableParallelism } from 'node:os';
import { hasColdCaches } from '../device/caches.ts';
import type { Device } from '../device/devices.ts';
import type { ReferenceTimes } from '../records/reference-names.ts';
import { assert, exitCode, InternalError, UserError } from '../support/errors.ts';
import { createBuildAhead } from './build/build-ahead.ts';
import { type DeviceProcess, startDeviceProcess } from './child/device-process.ts';
import type { TrialStage } from './child/protocol.ts';
import { notStarted, type Reply, reply, startTimeoutMs } from './child/replies.ts';
import { type Failure, fail, failedResult, isFailure } from './failure.ts';
import type { MeasureRequest, MeasureResult, RaceOutcome, Runner, TimingBudget, WorkloadData } from './runner.ts';
import { defaultBudget } from './sampling/budget.ts';
import { quietWaitOf, waitLimits } from './sampling/wait-budget.ts';

interface DawnRunnerOptions {
  /** From chooseDevice or listDevices; the profile is the one in its description. */
  readonly device: Device;
  readonly budget?: TimingBudget;
  /** Number of processes that build ahead, 0 for none; when absent, as many as the cores allow. */
  readonly builders?: number;
  /** Times of the references on this device when it is quiet, as earlier runs found them; null or absent where none did. */
  readonly quietNs?: ReferenceTimes | null;
  /** Seconds that each trial may wait for the machine to be quiet, on average; see defaultQuietWait. */
  readonly quietWait?: number;
}

/** A device that fails to start this often in a row, with no measurement in between, counts as absent. */
const startAttempts = 3;
const prepareTimeoutMs = 60_000;
/** Limit for comparing outputs and copying results, a stage in which no kernel of the candidate runs. */
const verifyTimeoutMs = 60_000;
/** Each building process takes some 300 MB. */
const mostBuilders = 8;

/**
 * Runs trials on Dawn in a child process that can be killed. The child is started at once, so that a device that does not work
 * is noticed here: the call rejects with UserError (exit code 3). After a crash, a hang or a lost device the next call starts a
 * new child and sends it the workload again.
 */
export async function createDawnRunner({
  device,
  budget = defaultBudget(device.description.type, hasColdCaches(device.description)),
  builders = buildersFor(device),
  quietNs = null,
  quietWait = quietWaitOf(process.env),
}: DawnRunnerOptions): Promise<Runner> {
  const ahead = createBuildAhead({ device, budget, processes: builders });
  let child: DeviceProcess | null = null;
  /** Whether the child has the current workload's data. */
  let loaded = false;
  let data: WorkloadData | null = null;
  let closed = false;
  /** The latest quiet times of the references: a new child starts from them. */
  let quiet = quietNs;
  let hasReferences = false;
  let queue: Promise<unknown> = Promise.resolve();

  const drop = (): void => {
    child?.kill();
    child = null;
    loaded = false;
  };

  const ready = async (): Promise<DeviceProcess> => {
    const failures: string[] = [];
    while (failures.length < startAttempts) {
      if (closed) throw interrupted();
      // Between trials the only event a child can send is its death, for which no candidate is to blame.
      if (child?.pending()) drop();
      if (child === null) {
        child = startDeviceProcess(device, 'trial-child');
        child.send({ kind: 'open', device, budget, quietNs: quiet, quietWait });
        const opened = await reply(child, () => startTimeoutMs);
        if (opened.kind !== 'opened') {
          failures.push(notStarted(opened));
          drop();
          continue;
        }
        hasReferences = opened.hasReferences;
      }
      if (data === null || loaded) return child;
      child.send({ kind: 'prepare', data });
      const prepared = await reply(child, () => prepareTimeoutMs);
      if (prepared.kind === 'prepared') {
        loaded = true;
        return child;
      }
      if (prepared.kind === 'failed' && !prepared.internal)
        throw new UserError(
          `device ${device.description.name} cannot hold the workload's data: ${prepared.error}`,
          exitCode.failed,
        );
      failures.push(notStarted(prepared));
      drop();
    }
    if (closed) throw interrupted();
    throw new UserError(
      `device ${device.description.name} failed to start ${startAttempts} times in a row (${failures.at(-1)}); choose another with --device`,
      exitCode.noDevice,
    );
  };

  const measure = async (request: MeasureRequest): Promise<MeasureResult> => {
    assert(data !== null, 'measure before prepare');
    const elsewhere = await ahead.outcomeOf(request.artifact);
    if (closed) throw interrupted();
    if (elsewhere !== null && isFailure(elsewhere)) return failedResult(elsewhere, 0, { ahead: elsewhere.ms });
    const begun = performance.now();
    const running = await ready();
    running.send({ kind: 'measure', request });
    const stages = new Map<TrialStage, number>();
    let stage: TrialStage = 'build';
    let stageBegun = performance.now();
    const answer = await reply(
      running,
      () => stageTimeout(stage, budget, quietWait),
      (next) => {
        const now = performance.now();
        stages.set(stage, (stages.get(stage) ?? 0) + now - stageBegun);
        stage = next;
        stageBegun = now;
      },
    );
    const total = performance.now() - begun;
    if (answer.kind === 'result') {
      if (answer.deviceLost) drop();
      const { phasesMs, relative } = answer.result;
      quiet = relative?.quietNs ?? quiet;
      ahead.learn(elsewhere?.ms ?? null, phasesMs.build);
      if (elsewhere === null) return { ...answer.result, phasesMs: { ...phasesMs, total } };
      return { ...answer.result, phasesMs: { ...phasesMs, total, ahead: elsewhere.ms } };
    }
    drop();
    if (closed) throw interrupted();
    if (answer.kind === 'failed' && answer.internal) throw new InternalError(answer.error);
    stages.set(stage, (stages.get(stage) ?? 0) + performance.now() - stageBegun);
    const spent = (name: TrialStage): number => stages.get(name) ?? 0;
    return failedResult(failureOf(answer, stage, budget, quietWait), total, {
      build: spent('build'),
      verify: spent('verify'),
      time: spent('run') + spent('sample'),
    });
  };

  const race = async (
    requests: readonly MeasureRequest[],
    limitMs: number,
    whole: number | null,
  ): Promise<RaceOutcome | null> => {
    assert(data !== null, 'race before prepare');
    const running = await ready();
    running.send({ kind: 'race', requests, limitMs, whole });
    let stage: TrialStage = 'build';
    const answer = await reply(
      running,
      () => stageTimeout(stage, budget, quietWait),
      (next) => {
        stage = next;
      },
    );
    if (answer.kind === 'raced') {
      if (answer.deviceLost) drop();
      return answer.outcome;
    }
    drop();
    if (closed) throw interrupted();
    if (answer.kind === 'failed' && answer.internal) throw new InternalError(answer.error);
    return null;
  };

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(async () => {
      assert(!closed, 'the runner is closed');
      return work();
    });
    queue = result.catch(() => {});
    return result;
  };

  await ready();
  return {
    device: device.description,
    get hasReferences() {
      return hasReferences;
    },
    prepare: (next) =>
      inTurn(async () => {
        data = next;
        loaded = false;
        await ready();
      }),
    measure: (request) => inTurn(() => measure(request)),
    race: (requests, limitMs, whole) => inTurn(() => race(requests, limitMs, whole ?? null)),
    // Queued like the rest, because nothing may be timed on a CPU while other processes build on it.
    buildAhead: (artifacts, stopped, expectedMs) => inTurn(() => ahead.build(artifacts, stopped, expectedMs)),
    aheadSummary: () => ahead.summary(),
    close: async () => {
      closed = true;
      ahead.close();
      drop();
      await queue;
    },
  };
}

/** On a CPU device all cores build, since nothing is measured meanwhile (one core alone gains nothing); on a GPU the measuring process keeps one. */
function buildersFor({ description, driver }: Device): number {
  // A browser compiles where it measures, and keeps nothing for another.
  if (driver.kind === 'browser') return 0;
  const cores = Math.min(availableParallelism(), mostBuilders);
  return description.type === 'cpu' ? (cores < 2 ? 0 : cores) : Math.max(1, cores - 1);
}

function stageTimeout(stage: TrialStage, budget: TimingBudget, quietWait: number): number {
  switch (stage) {
    case 'build':
      return budget.buildTimeoutMs;
    case 'run':
      return budget.runTimeoutMs;
    case 'verify':
      return verifyTimeoutMs;
    case 'sample':
      // Sampling starts no submission once its total, the extra time and the waits are used up, and none may outlast its own limit.
      return budget.maxTotalMs + budget.extraMs + budget.runTimeoutMs + waitLimits(quietWait).mostMs;
  }
}

function failureOf(answer: Reply, stage: TrialStage, budget: TimingBudget, quietWait: number): Failure {
  if (answer.kind === 'died' && answer.isLost)
    return fail('device-lost', `the page was lost in stage ${stage}: ${answer.how}`);
  if (answer.kind === 'died')
    return fail('crash', `the measuring process died while it was in stage ${stage}: ${answer.how}`);
  if (answer.kind === 'failed') return fail('crash', answer.error);
  assert(answer.kind === 'late', () => `the measuring process answered ${answer.kind} to measure`);
  if (stage === 'build') return fail('build-timeout', `compiling took longer than ${budget.buildTimeoutMs} ms`);
  const limit = stageTimeout(stage, budget, quietWait);
  return fail('run-timeout', `the kernels did not end within ${limit} ms (stage ${stage}); the process was killed`);
}

function interrupted(): UserError {
  return new UserError('the measurement was interrupted', exitCode.interrupted);
}
