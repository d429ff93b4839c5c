import { chooseDevice } from '../device/devices.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import { createDawnRunner } from '../measure/dawn-runner.ts';
import { timeOf } from '../records/relative-time.ts';
import type { Trace } from '../schedule/trace.ts';
import { type BestKernelOptions, bestKernelFor } from './best-kernel.ts';
import { type BestOrNearest, bestOrNearestFor } from './best-or-nearest.ts';
import { naiveOf, programOf, scheduleProgram } from './build.ts';
import type { RunResult } from './events.ts';
import { fittingArtifact, requireFits } from './fits.ts';
import { noRates, ratesOf } from './rates.ts';
import { verificationData } from './workload-data.ts';

export interface RunOptions extends BestKernelOptions {
  /** A given schedule, `naive`, or null for the best known. */
  readonly trace: Trace | 'naive' | null;
  /** True: where no schedule is known, that of the nearest workload, refitted. */
  readonly nearest?: boolean;
  readonly seed?: number;
}

/** Verifies and times one schedule on a device. What the kernel does wrong is in the result; throws UserError for what the user must mend. */
export async function runSchedule(options: RunOptions): Promise<RunResult> {
  const { workload } = options;
  const device = await chooseDevice(options.device, options.profile ?? 'browser', options.cold);
  const { description } = device;
  const program = programOf(workload);
  requireFits(workload, program, description);
  const { trace, known, nearest } = await chosenTrace(description, options);
  const scheduled = scheduleProgram(workload, trace);
  const artifact = fittingArtifact(workload, scheduled, description);
  const verification = verificationData(workload, program, options.seed ?? 1);
  const runner = await createDawnRunner({ device });
  try {
    await runner.prepare(verification.data);
    const result = await runner.measure({
      artifact,
      checks: verification.checksFor({ program: scheduled, trace }),
      bestNs: null,
    });
    const timeNs = timeOf(result);
    const rates = timeNs === null ? noRates : ratesOf(program, timeNs);
    return { workload, device: description, result, trace, artifact, ...rates, known, nearest };
  } finally {
    await runner.close();
  }
}

type Chosen = { readonly trace: Trace } & (BestOrNearest | { readonly known: null; readonly nearest: null });

async function chosenTrace(device: DeviceDescription, options: RunOptions): Promise<Chosen> {
  const { trace, workload } = options;
  if (trace !== null) return { trace: trace === 'naive' ? naiveOf(workload).trace : trace, known: null, nearest: null };
  if (options.nearest !== true) {
    const known = await bestKernelFor(device, options);
    return { trace: known.trace, known, nearest: null };
  }
  const found = await bestOrNearestFor(device, options);
  return { trace: found.known === null ? found.nearest.trace : found.known.trace, ...found };
}
