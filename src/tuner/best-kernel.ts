import { chooseDevice } from '../device/devices.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import { describeWorkload, type Workload, workloadKey } from '../operators/workload.ts';
import { type BestOf, createBestTable } from '../records/best.ts';
import { differingFacts } from '../records/device-key.ts';
import { defaultLogFolder } from '../records/log-writer.ts';
import { skimLogs, wholeRecord } from '../records/skim.ts';
import { exitCode, UserError } from '../support/errors.ts';
import { artifactOf, scheduleProgram } from './build.ts';
import type { BestKernel } from './events.ts';
import { tunedKernel } from './trial-loop.ts';

export interface BestKernelOptions {
  readonly workload: Workload;
  readonly device?: string;
  readonly profile?: 'browser' | 'native';
  /** True: of a device whose kernels are timed with cold caches. */
  readonly cold?: boolean;
  readonly logFolder?: string;
  /** Also take a kernel that was tuned on a device of another architecture. */
  readonly allowOther?: boolean;
}

/**
 * The best known kernel of a workload for a device, and whose record it is. Throws UserError (exit code 4) when there is none, or only
 * one of another architecture and `allowOther` is not set.
 */
export async function bestKernel(options: BestKernelOptions): Promise<BestKernel> {
  const { description } = await chooseDevice(options.device, options.profile ?? 'browser', options.cold);
  return bestKernelFor(description, options);
}

/** The same for a device already described. */
export async function bestKernelFor(device: DeviceDescription, options: BestKernelOptions): Promise<BestKernel> {
  const { workload } = options;
  const folder = options.logFolder ?? defaultLogFolder;
  const best = await lookup(folder, workload, device);
  if (best === null) {
    throw new UserError(
      `there is no record of ${describeWorkload(workload)} in ${folder}; tune it first`,
      exitCode.noRecord,
    );
  }
  if (best.whose === 'other-device' && options.allowOther !== true) {
    throw new UserError(
      `the only record of ${describeWorkload(workload)} in ${folder} is of another device (${best.record.device.name}); tune it on ${device.name}, or add --allow-other to use that one`,
      exitCode.noRecord,
    );
  }
  const artifact = artifactOf(scheduleProgram(workload, best.record.trace), device);
  return {
    ...tunedKernel(best.record),
    workload,
    device: best.record.device,
    whose: best.whose,
    differs: differingFacts(device, best.record.device),
    startedAt: best.record.startedAt,
    artifact,
  };
}

async function lookup(folder: string, workload: Workload, device: DeviceDescription): Promise<BestOf | null> {
  const wanted = workloadKey(workload);
  const table = createBestTable();
  await skimLogs(
    [folder],
    {
      onSkim: (skim) => {
        if (skim.workloadKey !== wanted || !skim.verified) return;
        const record = wholeRecord(skim);
        if (!('severity' in record)) table.add(record);
      },
    },
    { missingIsEmpty: true },
  );
  return table.lookup(workload, device);
}
