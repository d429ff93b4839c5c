import type { Command } from 'commander';
import { addLookupOptions, type LookupFlags, workloadOf } from './kernel-options.ts';
import { findBestKernel } from './known-kernel.ts';
import { print, printJson, say } from './output.ts';

interface ExportFlags extends LookupFlags {
  readonly out: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function addExportCommand(program: Command): void {
  const command = program
    .command('export')
    .summary('write the best known kernel as a bundle anyone can run')
    .description(
      'Writes the best known kernel of a workload into a folder: one WGSL file per kernel; manifest.json with the buffers, bindings and dispatch sizes in the order to run them, and with everything they need of a device, as requestDevice takes it; kernel.mjs, a module without dependencies that runs them, or says in one sentence why they would fail or be wrong on a device. The bundle needs nothing of wgtune.',
    );
  addLookupOptions(command)
    .requiredOption('-o, --out <folder>', 'the folder to write; made if it is not there')
    .option('--force', 'write even into a folder that holds something else')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  wgtune export matmul -s m=128,n=128,k=128 -o matmul-kernel
  wgtune export softmax -o softmax-kernel --force`,
    )
    .action(async (operator: string, flags: ExportFlags) => {
      const workload = await workloadOf(operator, flags);
      const kernel = await findBestKernel(operator, workload, flags);
      const { exportBundle } = await import('../tuner/export.ts');
      const { requirementsOf } = await import('../ir/requirements.ts');
      const requirements = requirementsOf(kernel.artifact);
      const files = await exportBundle({ kernel, folder: flags.out, force: flags.force === true });
      if (flags.json) {
        printJson({ folder: flags.out, files, timeNs: kernel.timeNs, requirements });
        return;
      }
      const { whoseText } = await import('../report/kernel-report.ts');
      const { formatTime } = await import('../report/quantities.ts');
      const { requirementsText } = await import('../report/requirements-text.ts');
      say(`wrote the best known kernel: ${formatTime(kernel.timeNs)} on ${whoseText(kernel)}`);
      say(requirementsText(requirements));
      for (const file of files) print(file);
    });
}
