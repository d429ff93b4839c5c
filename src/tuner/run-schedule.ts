import { chooseDevice } from '../device/devices.ts';
import { createDawnRunner } from '../measure/dawn-runner.ts';
import { timeOf } from '../records/relative-time.ts';
import type { Trace } from '../schedule/trace.ts';
import { type BestKernelOptions, bestKernelFor } from './best-kernel.ts';
import { naiveOf, programOf, scheduleProgram } from './build.ts';
import type { RunResult } from './events.ts';
import { fittingArtifact, requireFits } from './fits.ts';
import { noRates, ratesOf } from './rates.ts';
import { verificationData } from './workload-data.ts';

export interface RunOptions extends BestKernelOptions {
  /** A given schedule, `naive`, or null for the best known. */
  readonly trace: Trace | 'naive' | null;
  readonly seed?: number;
}

/** Verifies and times one schedule on a device. What the kernel does wrong is in the result; throws UserError for what the user must mend. */
export async function runSchedule(options: RunOptions): Promise<RunResult> {
  const { workload } = options;
  const device = await chooseDevice(options.device, options.profile ?? 'browser', options.cold);
  const { description } = device;
  const program = programOf(workload);
  requireFits(workload, program, description);
  const known = options.trace === null ? await bestKernelFor(description, options) : null;
  const trace =
    known?.trace ?? (options.trace === 'naive' || options.trace === null ? naiveOf(workload).trace : options.trace);
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
    return { workload, device: description, result, trace, artifact, ...rates, known };
  } finally {
    await runner.close();
  }
}
