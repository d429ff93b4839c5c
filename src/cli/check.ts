import type { Command } from 'commander';
import { exitCode, UserError } from '../support/errors.ts';
import type { WorkloadCheck } from '../tuner/check-workload.ts';
import { type ConfiguredWorkload, configuredWorkloads } from './config.ts';
import {
  addDeviceOptions,
  addLogOption,
  addModuleOption,
  type DeviceFlags,
  followUp,
  type LogFlags,
  workloadOf,
} from './kernel-options.ts';
import { print, printJson, say } from './output.ts';

interface CheckFlags extends DeviceFlags, LogFlags {
  readonly moduleTimeout?: number;
  readonly json?: boolean;
}

export function addCheckCommand(program: Command): void {
  const command = program
    .command('check')
    .summary("verify a project's committed kernels, for CI")
    .description(
      "Checks the workloads of the project's file: that the best record of each on every device is still legal and makes a kernel, that what is exported is the best of its device, and that its kernel gives the right answers on the device at hand, which may be another one than it was tuned on. Exit code 1 when something is wrong, with the command that mends it. Tunes nothing and writes no record.",
    );
  addLogOption(addDeviceOptions(addModuleOption(command)))
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  wgtune check\n  wgtune check --device swiftshader --json')
    .action(runCheck);
}

async function runCheck(flags: CheckFlags): Promise<void> {
  const workloads = configuredWorkloads();
  const { chooseDevice } = await import('../device/devices.ts');
  const { checkWorkload } = await import('../tuner/check-workload.ts');
  const { defaultLogFolder } = await import('../records/log-writer.ts');
  const { formatCheck } = await import('../report/project-check.ts');
  const { coloursFor } = await import('../report/terminal.ts');
  const device = await chooseDevice(flags.device, flags.profile, flags.cold);
  if (!flags.json) say(`device ${device.description.name}: ${device.description.driver}`);
  const checks: WorkloadCheck[] = [];
  for (const configured of workloads) {
    const { operator, export: folder, trials: _, timeLimit: __, patience: ___, ...own } = configured;
    const workload = await workloadOf(operator, { ...own, ...moduleTime(flags) }, true);
    const check = await checkWorkload({
      workload,
      device,
      logFolder: flags.log ?? defaultLogFolder,
      exportFolder: folder ?? null,
      commands: commandsFor(configured, flags),
    });
    checks.push(check);
    if (!flags.json) print(formatCheck(check, coloursFor(process.stdout)));
  }
  if (flags.json) printJson(checks);
  const wrong = checks.filter(({ problems }) => problems.length > 0).length;
  if (wrong > 0)
    throw new UserError(
      `${wrong} of ${checks.length} workloads ${wrong === 1 ? 'is' : 'are'} not as committed`,
      exitCode.failed,
    );
}

function moduleTime({ moduleTimeout }: CheckFlags): Pick<CheckFlags, 'moduleTimeout'> {
  return moduleTimeout === undefined ? {} : { moduleTimeout };
}

function commandsFor(
  { operator, export: folder, ...own }: ConfiguredWorkload,
  flags: CheckFlags,
): { tune: string; export: string } {
  const { log, profile } = flags;
  const named = { ...own, profile, ...(log === undefined ? {} : { log }) };
  return {
    tune: `run ${followUp('tune', operator, named)}`,
    export: `run ${followUp('export', operator, named, '-o', folder ?? `${operator}-kernel`)}`,
  };
}
