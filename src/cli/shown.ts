import type { Artifact } from '../ir/artifact.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import type { Workload } from '../operators/workload.ts';
import type { Trace } from '../schedule/trace.ts';
import { type LookupFlags, workloadOf } from './kernel-options.ts';
import { findBestKernel } from './known-kernel.ts';
import type { Made } from './schedule-file.ts';
import { checkOneSource, type SourceFlags } from './schedule-source.ts';

/** The schedule to be shown; with its artifact only where that is at hand already. */
export interface Shown {
  readonly workload: Workload;
  readonly trace: Trace;
  /** The sketch and decisions that a search made it of, and the device it was measured on, where these are known. */
  readonly made: Made | null;
  readonly device: DeviceDescription | null;
  readonly artifact: Artifact | null;
  /** One line for people. */
  readonly what: string;
}

/** The schedule that the flags name: a file's, the naive one, or that of the best known kernel. */
export async function findShown(operator: string, flags: LookupFlags & SourceFlags): Promise<Shown> {
  checkOneSource(flags);
  if (flags.schedule !== undefined) {
    const { readScheduleFile, traceFor, workloadFor } = await import('./schedule-file.ts');
    const file = await readScheduleFile(flags.schedule);
    const workload = await workloadFor(operator, flags, file);
    return {
      workload,
      trace: await traceFor(file, workload, flags),
      made: file.made,
      device: file.device,
      artifact: null,
      what: `the schedule of ${flags.schedule}`,
    };
  }
  const workload = await workloadOf(operator, flags);
  if (flags.naive) {
    const { naiveOf } = await import('../tuner/build.ts');
    return {
      workload,
      trace: naiveOf(workload).trace,
      made: null,
      device: null,
      artifact: null,
      what: 'the naive schedule',
    };
  }
  const kernel = await findBestKernel(operator, workload, flags);
  const { whoseText } = await import('../report/kernel-report.ts');
  const { formatTime } = await import('../report/quantities.ts');
  const what = `the best known kernel: ${formatTime(kernel.timeNs)} on ${whoseText(kernel)}`;
  return { workload, trace: kernel.trace, made: kernel, device: kernel.device, artifact: kernel.artifact, what };
}
