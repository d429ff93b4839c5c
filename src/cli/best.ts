import type { Command } from 'commander';
import type { Workload } from '../operators/workload.ts';
import type { BestKernel } from '../tuner/events.ts';
import {
  addLookupOptions,
  addNearestOption,
  followUp,
  type LookupFlags,
  lookupWish,
  workloadOf,
} from './kernel-options.ts';
import { findBestKernel, sayWhatWasPassedOver, withTuneCommand } from './known-kernel.ts';
import { print, printJson } from './output.ts';

interface BestFlags extends LookupFlags {
  readonly nearest?: boolean;
  readonly json?: boolean;
}

export function addBestCommand(program: Command): void {
  const command = program
    .command('best')
    .summary('tell the best known kernel of a workload')
    .description(
      'Tells the fastest kernel the tuning logs hold for a workload: its time, the decisions of its schedule, when it was measured and on whose device. A record of this device comes first, then one of the same architecture; one of another kind of device only with --allow-other. Of a shape that was never tuned it offers the schedule of the nearest one that was (--nearest). Measures nothing.',
    );
  addNearestOption(addLookupOptions(command))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  wgtune best matmul -s m=128,n=128,k=128
  wgtune best matmul -s m=128,n=128,k=128 --device lavapipe
  wgtune best softmax --allow-other --json
  wgtune best matmul -s m=100,n=128,k=128 --nearest`,
    )
    .action(async (operator: string, flags: BestFlags) => {
      const workload = await workloadOf(operator, flags);
      const kernel = flags.nearest
        ? await bestOrTellNearest(operator, workload, flags)
        : await findBestKernel(operator, workload, flags);
      if (kernel === null) return;
      const { flopsOf, minimumBytes } = await import('../operators/flops.ts');
      const { programOf } = await import('../tuner/build.ts');
      const plain = programOf(workload);
      const flopsPerSecond = (flopsOf(plain) / kernel.timeNs) * 1e9;
      const bytesPerSecond = (minimumBytes(plain) / kernel.timeNs) * 1e9;
      if (flags.json) {
        const { artifact: _, ...known } = kernel;
        printJson({ ...known, flopsPerSecond, bytesPerSecond, log: kernel.place?.file ?? null });
        return;
      }
      const { formatBest } = await import('../report/kernel-report.ts');
      const { coloursFor } = await import('../report/terminal.ts');
      const rest = flags.allowOther ? ['--allow-other'] : [];
      const commands = [
        followUp('run', operator, flags, ...rest),
        followUp('show', operator, flags, '--as', 'wgsl', ...rest),
        followUp('export', operator, flags, '-o', `${workload.operator}-kernel`, ...rest),
      ];
      print(formatBest(kernel, { flopsPerSecond, bytesPerSecond }, commands, coloursFor(process.stdout)));
    });
}

/** The best known kernel; where there is none, tells the nearest workload's schedule and returns null. */
async function bestOrTellNearest(operator: string, workload: Workload, flags: BestFlags): Promise<BestKernel | null> {
  const { bestOrNearest } = await import('../tuner/best-or-nearest.ts');
  const { known, nearest } = await withTuneCommand(operator, flags, () =>
    bestOrNearest({ workload, ...lookupWish(flags) }),
  );
  if (known !== null) {
    await sayWhatWasPassedOver(known);
    return known;
  }
  if (flags.json) {
    const { artifact: _, ...rest } = nearest;
    printJson({ nearest: rest });
    return null;
  }
  const { formatNearest } = await import('../report/kernel-report.ts');
  const { coloursFor } = await import('../report/terminal.ts');
  const commands = [followUp('run', operator, flags, '--nearest'), followUp('tune', operator, flags)];
  print(formatNearest(nearest, commands, coloursFor(process.stdout)));
  return null;
}
