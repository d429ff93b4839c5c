import { chooseDevice } from '../device/devices.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import { defaultLogFolder } from '../records/log-writer.ts';
import { exitCode, UserError } from '../support/errors.ts';
import { type BestKernelOptions, bestKernelFor } from './best-kernel.ts';
import type { BestKernel } from './events.ts';
import { type NearestKernel, nearestKernel } from './learning/nearest-kernel.ts';

/** The best known kernel of a workload, or where there is none the nearest known workload's schedule, refitted. */
export type BestOrNearest =
  | { readonly known: BestKernel; readonly nearest: null }
  | { readonly known: null; readonly nearest: NearestKernel };

/** As `bestKernel`, and where that finds no record the nearest workload's. Throws UserError (exit code 4) where there is neither. */
export async function bestOrNearest(options: BestKernelOptions): Promise<BestOrNearest> {
  const { description } = await chooseDevice(options.device, options.profile ?? 'browser', options.cold);
  return bestOrNearestFor(description, options);
}

/** The same for a device already described. */
export async function bestOrNearestFor(device: DeviceDescription, options: BestKernelOptions): Promise<BestOrNearest> {
  try {
    return { known: await bestKernelFor(device, options), nearest: null };
  } catch (error) {
    if (!(error instanceof UserError) || error.exitCode !== exitCode.noRecord) throw error;
    const { logFolder = defaultLogFolder, workload, shippedLogs } = options;
    const nearest = await nearestKernel(logFolder, workload, device, shippedLogs);
    if (nearest === null) throw error;
    return { known: null, nearest };
  }
}
