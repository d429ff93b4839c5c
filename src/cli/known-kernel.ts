import type { Workload } from '../operators/workload.ts';
import { exitCode, UserError } from '../support/errors.ts';
import type { BestKernel } from '../tuner/events.ts';
import { followUp, type LookupFlags, lookupWish } from './kernel-options.ts';

/** The best known kernel; where there is none the error has the very command that makes one, with the operator as it was named. */
export async function findBestKernel(operator: string, workload: Workload, flags: LookupFlags): Promise<BestKernel> {
  const { bestKernel } = await import('../tuner/best-kernel.ts');
  return withTuneCommand(operator, flags, () => bestKernel({ workload, ...lookupWish(flags) }));
}

/** Adds the command to tune to the error of an action that found no record. */
export async function withTuneCommand<T>(operator: string, flags: LookupFlags, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof UserError) || error.exitCode !== exitCode.noRecord) throw error;
    throw new UserError(`${error.message} (${followUp('tune', operator, flags)})`, error.exitCode);
  }
}
