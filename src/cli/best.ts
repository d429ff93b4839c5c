import type { Command } from 'commander';
import { addLookupOptions, followUp, type LookupFlags, workloadOf } from './kernel-options.ts';
import { findBestKernel } from './known-kernel.ts';
import { print, printJson } from './output.ts';

interface BestFlags extends LookupFlags {
  readonly json?: boolean;
}

export function addBestCommand(program: Command): void {
  const command = program
    .command('best')
    .summary('tell the best known kernel of a workload')
    .description(
      'Tells the fastest kernel the tuning logs hold for a workload: its time, the decisions of its schedule, when it was measured and on whose device. A record of this device comes first, then one of the same architecture; one of another kind of device only with --allow-other. Measures nothing.',
    );
  addLookupOptions(command)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  wgtune best matmul -s m=128,n=128,k=128
  wgtune best matmul -s m=128,n=128,k=128 --device lavapipe
  wgtune best softmax --allow-other --json`,
    )
    .action(async (operator: string, flags: BestFlags) => {
      const workload = await workloadOf(operator, flags);
      const kernel = await findBestKernel(operator, workload, flags);
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
