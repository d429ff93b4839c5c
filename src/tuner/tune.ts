import { readLearnedModel } from '../cost-model/learned-model.ts';
import { hasColdCaches } from '../device/caches.ts';
import { chooseDevice, type Device } from '../device/devices.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import type { Peaks } from '../ir/roofline.ts';
import { createDawnRunner } from '../measure/dawn-runner.ts';
import type { Runner } from '../measure/runner.ts';
import { defaultBudget } from '../measure/sampling/budget.ts';
import { quietWaitOf } from '../measure/sampling/wait-budget.ts';
import { flopsOf } from '../operators/flops.ts';
import { isBuiltIn } from '../operators/registry.ts';
import { createLogWriter, defaultLogFolder } from '../records/log-writer.ts';
import type { ReferenceTimes } from '../records/reference-names.ts';
import { timeOf } from '../records/relative-time.ts';
import { shippedLogsOf } from '../records/shipped.ts';
import { sketchSpace } from '../search/space/sketch-space.ts';
import { exitCode, UserError } from '../support/errors.ts';
import { programOf } from './build.ts';
import type { TuneOptions, TuneResult } from './events.ts';
import { expectTimes, type TimeExpectation } from './expectation.ts';
import { fittingSketches, requireFits } from './fits.ts';
import { knownObservations, loadKnown, nothingKnown } from './known.ts';
import { neighbourName } from './learning/neighbours.ts';
import { type Learning, prepareLearning } from './learning/prepare.ts';
import { measurePeaks, peaksHoldFor } from './peaks.ts';
import { noRates, ratesOf } from './rates.ts';
import { chooseReuse, noReuse } from './retarget.ts';
import { createModel } from './strategies.ts';
import { createTrialEffort } from './trial-effort.ts';
import { runTrials } from './trial-loop.ts';
import { verificationData } from './workload-data.ts';

const defaultTrials = 64;
const defaultSeed = 1;
/** Beyond this many floating-point operations per run, its time is estimated before anything runs; about a second on a slow device. */
const heavyFlops = { cpu: 1e9, gpu: 1e13 } as const;
/** Runs of fewer trials are over before it is worth measuring the device's peaks. */
const fewestWithPeaks = 32;

/**
 * Finds a fast kernel for a workload on a device: proposes candidates, builds, verifies and times them, learns, and records every trial.
 * Starts from what the log folder knows of the same workload on the same device and never measures a known candidate again; measures
 * first what was fastest on other devices and fits this one, then schedules of near workloads; learns from all logs and models that it is given.
 * Throws UserError for what the user or the machine must mend (no such device, a log that cannot be written); nothing a candidate does
 * throws. An aborted signal ends the run after the trial at hand.
 */
export async function tune(options: TuneOptions): Promise<TuneResult> {
  const device = await chooseDevice(options.device, options.profile ?? 'browser', options.cold);
  const usual = defaultBudget(device.description.type, hasColdCaches(device.description));
  const budget = { ...usual, runTimeoutMs: runTimeoutMsOf(options, device.description) };
  const quietWait = options.quietWait ?? quietWaitOf(process.env, options.trials ?? defaultTrials, options.timeLimit);
  return tuneOn(
    device,
    (chosen, quietNs) => createDawnRunner({ device: chosen as Device, budget, quietNs, quietWait }),
    options,
    measurePeaks,
  );
}

/** The same on a device already chosen, with a runner that the caller makes: tests and benches use recorded measurements, which know no peaks. */
export async function tuneOn(
  device: Pick<Device, 'description'>,
  createRunner: (device: Pick<Device, 'description'>, quietNs: ReferenceTimes | null) => Promise<Runner>,
  options: TuneOptions,
  peaksOf: typeof measurePeaks = async () => null,
): Promise<TuneResult> {
  const { workload, onEvent = () => {}, useKnown = true, useOthers = true } = options;
  const { description } = device;
  const seed = options.seed ?? defaultSeed;
  const search = options.search ?? 'auto';
  const logFolder = options.logFolder ?? defaultLogFolder;
  const program = programOf(workload);
  requireFits(workload, program, description);
  onEvent({ kind: 'device', device: description });

  let peaks: Peaks | null = null;
  const space = sketchSpace(fittingSketches(workload, program, description), description);
  const sketches = space.sketches.map((sketch) => ({
    name: sketch.name,
    decisions: sketch.decisions.length,
    size: sketch.decisions.reduce((size, decision) => size * decision.options.length, 1),
  }));
  onEvent({ kind: 'space', sketches });

  const { model, name: modelName, note } = createModel(options.model ?? 'xgboost', description.type, seed);
  if (note !== null) onEvent({ kind: 'note', message: note });
  let mayTimeOut = false;
  const shipped = useOthers ? shippedLogsOf(workload, options.shippedLogs) : [];
  const known = useKnown ? await loadKnown(logFolder, workload, description, shipped) : nothingKnown();
  const effort = createTrialEffort(space, known.builds);
  for (const fault of known.faults) onEvent({ kind: 'note', message: fault });
  if (known.passedOver.length > 0) onEvent({ kind: 'passed-over', records: known.passedOver });
  const observations = knownObservations(space, known.records, (record) => known.table.against(record) === null);
  if (known.records.length > 0) {
    const bestNs = known.best === null ? null : timeOf(known.best.record);
    onEvent({
      kind: 'known',
      records: known.records.length,
      candidates: observations.length,
      bestNs,
      naiveNs: known.naive === null ? null : timeOf(known.naive),
    });
  }

  const trials = options.trials ?? defaultTrials;
  const reuse = useOthers ? chooseReuse(workload, description, known.elsewhere, known.records, trials) : noReuse;
  if (reuse.schedules.length > 0 || reuse.unfit > 0) {
    const { schedules, unfit, devices } = reuse;
    onEvent({ kind: 'reuse', schedules: schedules.length, unfit, devices });
  }

  const timeLimitMs = options.timeLimit === undefined ? null : options.timeLimit * 1000;
  const patience = options.patience ?? null;
  const launch = {
    ...(options.command === undefined ? {} : { command: [...options.command] }),
    ...{ trials, timeLimitMs, patience, search, sketches },
  };
  const log = createLogWriter({ folder: logFolder, operator: workload.operator, device: description.name });
  let starting: Promise<Runner> | undefined;
  try {
    // A user's reference may take long, so it is not begun for a run that was aborted.
    if (options.signal?.aborted && !isBuiltIn(workload.operator))
      throw new UserError('interrupted', exitCode.interrupted);
    const verification = verificationData(workload, program, seed);
    starting = createRunner(device, known.quietNs);
    // It fails where it is awaited; until then learning takes the time in which the device's process starts.
    starting.catch(() => {});
    const learning = await prepareLearning({
      ...{ workload, space, search, trials, observations },
      searching: { seed, model, logSeconds: effort.logSeconds, isCautious: () => mayTimeOut },
      logFolder: useKnown && useOthers ? logFolder : null,
      shippedLogs: useKnown && useOthers ? options.shippedLogs : null,
      learnFrom: options.learnFrom ?? [],
      nearSchedules: options.nearSchedules,
      models: await Promise.all((options.models ?? []).map(readLearnedModel)),
    });
    const { strategy } = learning;
    for (const fault of learning.faults) onEvent({ kind: 'note', message: fault });
    tellSources(learning, onEvent);
    const runner = await starting;
    const timeoutMs = runTimeoutMsOf(options, description);
    const shorter = Math.min(1, timeoutMs / defaultBudget(description.type).runTimeoutMs);
    const isHeavy = flopsOf(program) > heavyFlops[description.type] * shorter;
    if ((trials > fewestWithPeaks || isHeavy) && peaksHoldFor(workload, space.sketches))
      peaks = await peaksOf(runner, description);
    const naiveTooLong =
      isHeavy && peaks !== null && known.naive === null
        ? warnOfTime(expectTimes(program, peaks), timeoutMs, onEvent)
        : false;
    mayTimeOut = naiveTooLong || (isHeavy && peaks === null);
    await runner.prepare(verification.data);
    const outcome = await runTrials({
      workload,
      device: description,
      space,
      strategy,
      effort,
      runner,
      verification,
      log,
      known,
      reuse,
      learning,
      peaks,
      trials,
      patience,
      launch,
      naiveTooLong,
      timeLimitMs,
      seed,
      modelName,
      signal: options.signal,
      onEvent,
    });
    const { measured, ...found } = outcome;
    const { best, naiveNs } = found;
    return {
      workload,
      device: description,
      ...found,
      peaks,
      speedup: best === null || naiveNs === null ? null : naiveNs / best.timeNs,
      ...(best === null ? noRates : ratesOf(program, best.timeNs)),
      search: strategy.name,
      model: modelName,
      seed,
      logPath: measured > 0 ? log.path : null,
      logFolder,
    };
  } finally {
    await starting?.then(
      (runner) => runner.close(),
      () => {},
    );
    log.close();
  }
}

function tellSources({ sources, neighbours, spentMs }: Learning, onEvent: NonNullable<TuneOptions['onEvent']>): void {
  if (sources.length === 0 && neighbours.length === 0) return;
  onEvent({
    kind: 'sources',
    sources: sources.flatMap(({ name, records }) => (records === 0 ? [] : [{ name, records }])),
    neighbours: neighbours.map(neighbourName),
    spentMs,
  });
}

function runTimeoutMsOf({ trialTimeout }: TuneOptions, { type }: DeviceDescription): number {
  return trialTimeout === undefined ? defaultBudget(type).runTimeoutMs : Math.ceil(trialTimeout * 1000);
}

/** Reports how long a run of the kernel will take where the naive schedule will not end within the limit; true in that case. */
function warnOfTime(
  { leastNs, naiveNs }: TimeExpectation,
  timeoutMs: number,
  onEvent: NonNullable<TuneOptions['onEvent']>,
): boolean {
  const seconds = (ns: number): string => `${(ns / 1e9).toPrecision(2)} s`;
  const limit = `the limit of ${timeoutMs / 1000} s (--trial-timeout)`;
  if (naiveNs <= timeoutMs * 1e6) return false;
  onEvent({
    kind: 'note',
    message:
      leastNs > timeoutMs * 1e6
        ? `by the device's peak no kernel takes less than ${seconds(leastNs)}, which is over ${limit}: raise it or choose a smaller shape`
        : `by the device's peak the naive schedule is estimated at ${seconds(naiveNs)} a run, and no kernel takes less than ${seconds(leastNs)}; the former is over ${limit} and is not run, so the speed-up over it stays unknown`,
  });
  return true;
}
