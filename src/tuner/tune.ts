import { chooseDevice, type Device } from '../device/devices.ts';
import { createDawnRunner } from '../measure/dawn-runner.ts';
import type { Runner } from '../measure/runner.ts';
import { flopsOf, minimumBytes } from '../operators/flops.ts';
import { createLogWriter, defaultLogFolder } from '../records/log-writer.ts';
import { sketchSpace } from '../search/space/sketch-space.ts';
import type { Peaks } from '../space/roofline.ts';
import { sketchesOf } from '../space/rules.ts';
import { programOf } from './build.ts';
import type { TuneOptions, TuneResult } from './events.ts';
import { requireFits } from './fits.ts';
import { knownObservations, loadKnown, nothingKnown } from './known.ts';
import { measurePeaks, peaksHoldFor } from './peaks.ts';
import { chooseReuse, noReuse } from './retarget.ts';
import { createModel, createStrategy } from './strategies.ts';
import { runTrials } from './trial-loop.ts';
import { verificationData } from './workload-data.ts';

const defaultTrials = 64;
const defaultSeed = 1;
/** Runs of fewer trials are over before it is worth measuring the device's peaks. */
const fewestWithPeaks = 32;

/**
 * Finds a fast kernel for a workload on a device: proposes candidates, builds, verifies and times them, learns, and records every trial.
 * Starts from what the log folder knows of the same workload on the same device and never measures a known candidate again; measures
 * first what was fastest on other devices and fits this one.
 * Throws UserError for what the user or the machine must mend (no such device, a log that cannot be written); nothing a candidate does
 * throws. An aborted signal ends the run after the trial at hand.
 */
export async function tune(options: TuneOptions): Promise<TuneResult> {
  const device = await chooseDevice(options.device, options.profile ?? 'browser', options.cold);
  return tuneOn(device, (chosen) => createDawnRunner({ device: chosen as Device }), options, measurePeaks);
}

/** The same on a device already chosen, with a runner of the caller's making: recorded measurements in tests and benches, which know no peaks. */
export async function tuneOn(
  device: Pick<Device, 'description'>,
  createRunner: (device: Pick<Device, 'description'>) => Promise<Runner>,
  options: TuneOptions,
  peaksOf: typeof measurePeaks = async () => null,
): Promise<TuneResult> {
  const { workload, onEvent = () => {}, useKnown = true, useOthers = true } = options;
  const { description } = device;
  const seed = options.seed ?? defaultSeed;
  const search = options.search ?? 'auto';
  const logFolder = options.logFolder ?? defaultLogFolder;
  const program = programOf(workload);
  requireFits(program, description);
  onEvent({ kind: 'device', device: description });

  let peaks: Peaks | null = null;
  const space = sketchSpace(sketchesOf(program, description.limits), description);
  onEvent({
    kind: 'space',
    sketches: space.sketches.map((sketch) => ({
      name: sketch.name,
      decisions: sketch.decisions.length,
      size: sketch.decisions.reduce((size, decision) => size * decision.options.length, 1),
    })),
  });

  const { model, name: modelName, note } = createModel(options.model ?? 'xgboost', description.type, seed);
  if (note !== null) onEvent({ kind: 'note', message: note });
  const strategy = createStrategy(search, space, model, seed);

  const known = useKnown ? await loadKnown(logFolder, workload, description) : nothingKnown();
  for (const fault of known.faults) onEvent({ kind: 'note', message: fault });
  if (known.passedOver.length > 0) onEvent({ kind: 'passed-over', records: known.passedOver });
  const observations = knownObservations(space, known.records, (record) => known.table.against(record) === null);
  if (known.records.length > 0) {
    const bestNs = known.best?.record.medianNs ?? null;
    onEvent({
      kind: 'known',
      records: known.records.length,
      candidates: observations.length,
      bestNs,
      naiveNs: known.naive?.medianNs ?? null,
    });
  }
  if (observations.length > 0) await strategy.observe(observations);

  const trials = options.trials ?? defaultTrials;
  const reuse = useOthers ? chooseReuse(workload, description, known.elsewhere, known.records, trials) : noReuse;
  if (reuse.schedules.length > 0 || reuse.unfit > 0) {
    const { schedules, unfit, devices } = reuse;
    onEvent({ kind: 'reuse', schedules: schedules.length, unfit, devices });
  }

  const log = createLogWriter({ folder: logFolder, operator: workload.operator, device: description.name });
  let runner: Runner | undefined;
  try {
    const verification = verificationData(workload, program, seed);
    runner = await createRunner(device);
    if (trials > fewestWithPeaks && peaksHoldFor(workload, space.sketches)) peaks = await peaksOf(runner, description);
    await runner.prepare(verification.data);
    const outcome = await runTrials({
      workload,
      device: description,
      space,
      strategy,
      runner,
      verification,
      log,
      known,
      reuse,
      peaks,
      trials,
      patience: options.patience ?? null,
      timeLimitMs: options.timeLimit === undefined ? null : options.timeLimit * 1000,
      seed,
      modelName,
      signal: options.signal,
      onEvent,
    });
    const { best, naiveNs } = outcome;
    return {
      workload,
      device: description,
      ...outcome,
      peaks,
      speedup: best === null || naiveNs === null ? null : naiveNs / best.timeNs,
      flopsPerSecond: best === null ? null : (flopsOf(program) / best.timeNs) * 1e9,
      bytesPerSecond: best === null ? null : (minimumBytes(program) / best.timeNs) * 1e9,
      search: strategy.name,
      model: modelName,
      seed,
      logPath: outcome.measured > 0 ? log.path : null,
      logFolder,
    };
  } finally {
    await runner?.close();
    log.close();
  }
}
