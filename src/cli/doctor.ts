import type { Command } from 'commander';
import { exitCode, UserError } from '../support/errors.ts';
import { addLogOption, type LogFlags } from './kernel-options.ts';
import { print, printJson, say } from './output.ts';

interface DoctorFlags extends LogFlags {
  readonly json?: boolean;
}

export function addDoctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .summary('look at what tuning needs of this machine')
    .description(
      'Looks at drivers, devices, their limits and clocks (each device builds, runs and verifies a small kernel), at the booster, a browser, disks and the load of this machine, and says what to do about what is missing. Exit code 3 where no device runs kernels; what wgtune can do without is no failure.',
    );
  addLogOption(command)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  wgtune doctor\n  wgtune doctor --log kernels/logs --json')
    .action(runDoctor);
}

async function runDoctor({ log, json }: DoctorFlags): Promise<void> {
  const { examine } = await import('../tuner/doctor.ts');
  const { defaultLogFolder } = await import('../records/log-writer.ts');
  if (!json) say('each device runs a small kernel, which takes some seconds');
  const findings = await examine(log ?? defaultLogFolder);
  if (json) printJson(findings);
  else {
    const { formatFindings } = await import('../report/findings.ts');
    const { coloursFor } = await import('../report/terminal.ts');
    print(formatFindings(findings, coloursFor(process.stdout)));
  }
  const bad = findings.find(({ state }) => state === 'bad');
  if (bad !== undefined) throw new UserError(`${bad.said}; ${bad.remedy}`, exitCode.noDevice);
}
