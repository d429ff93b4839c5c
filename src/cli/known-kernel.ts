import type { Workload } from '../operators/workload.ts';
import { exitCode, UserError } from '../support/errors.ts';
import type { BestKernel } from '../tuner/events.ts';
import { followUp, type LookupFlags, lookupWish } from './kernel-options.ts';
import { say } from './output.ts';

/** The best known kernel; where there is none, the error names the command that makes one, with the operator as the user named it. */
export async function findBestKernel(operator: string, workload: Workload, flags: LookupFlags): Promise<BestKernel> {
  const { bestKernel } = await import('../tuner/best-kernel.ts');
  const kernel = await withTuneCommand(operator, flags, () => bestKernel({ workload, ...lookupWish(flags) }));
  await sayWhatWasPassedOver(kernel);
  return kernel;
}

/** Says on stderr what speaks against faster records, and against the best itself. */
export async function sayWhatWasPassedOver({
  passedOver,
  doubt,
  broken,
}: Pick<BestKernel, 'passedOver' | 'doubt' | 'broken'>): Promise<void> {
  const { passedOverSentences } = await import('../report/passed-over.ts');
  for (const sentence of [...broken, ...passedOverSentences(passedOver)]) say(`note: ${sentence}`);
  if (doubt !== null) say(`note: the best there is is doubted: ${doubt}; \`wgtune tune\` measures it again`);
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
