import { Command } from 'commander';
import { toolVersion } from '../tuner/tool.ts';
import { addBestCommand } from './best.ts';
import { addCheckCommand } from './check.ts';
import { addCompareCommand } from './compare.ts';
import { addCompletionCommand } from './completion.ts';
import { addConfigOptions } from './config.ts';
import { addDevicesCommand } from './devices.ts';
import { addDistillCommand } from './distill.ts';
import { addDoctorCommand } from './doctor.ts';
import { addExplainCommand } from './explain.ts';
import { addExportCommand } from './export.ts';
import { addInitCommand } from './init.ts';
import { addLearnCommand } from './learn.ts';
import { addLogsCommand } from './logs.ts';
import { addOpsCommand } from './ops.ts';
import { addReportCommand } from './report.ts';
import { addRunCommand } from './run.ts';
import { addShowCommand } from './show.ts';
import { addTransferCommand } from './transfer.ts';
import { addTuneCommand } from './tune.ts';
import { addWatchCommand } from './watch.ts';

/**
 * The whole command line. Commands load what they need when they run: help must not wait for native libraries.
 * Parsing throws instead of ending the process.
 */
export function createProgram(): Command {
  const program = new Command('wgtune')
    .description(
      'Finds fast WebGPU compute kernels. Name an operator and its shape: wgtune makes schedules for it, emits WGSL, checks and times each on the device, and learns from it what to try next. Every trial is kept in a log, so a later run goes on where this one stops.',
    )
    .version(toolVersion, '-V, --version', 'print the version')
    .option('--verbose', 'show where an error comes from')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help of a command')
    // Set before the commands are added, because they inherit it.
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {} })
    .exitOverride();
  addConfigOptions(program);
  addDevicesCommand(program);
  addOpsCommand(program);
  addTuneCommand(program);
  addWatchCommand(program);
  addBestCommand(program);
  addShowCommand(program);
  addExplainCommand(program);
  addRunCommand(program);
  addCompareCommand(program);
  addExportCommand(program);
  addLogsCommand(program);
  addLearnCommand(program);
  addDistillCommand(program);
  addReportCommand(program);
  addTransferCommand(program);
  addInitCommand(program);
  addCheckCommand(program);
  addDoctorCommand(program);
  addCompletionCommand(program);
  return program.addHelpText(
    'after',
    `
Examples:
  wgtune tune matmul -s m=128,n=128,k=128       find a fast kernel
  wgtune show matmul -s m=128,n=128,k=128 --as wgsl
  wgtune export matmul -s m=128,n=128,k=128 -o kernel

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no such device, 4 nothing known yet, 130 interrupted.`,
  );
}
