import type { Command } from 'commander';
import type { DeviceLimits } from '../ir/limits.ts';
import { addLookupOptions, type LookupFlags } from './kernel-options.ts';
import { oneOf } from './option-values.ts';
import { print, printJson, say } from './output.ts';
import { addSourceOptions, type SourceFlags } from './schedule-source.ts';
import { findShown, type Shown } from './shown.ts';

const forms = ['loops', 'trace', 'wgsl'] as const;

interface ShowFlags extends LookupFlags, SourceFlags {
  readonly as: (typeof forms)[number];
  readonly json?: boolean;
}

export function addShowCommand(program: Command): void {
  const command = program
    .command('show')
    .summary('show a schedule as loops, as its trace or as WGSL')
    .description(
      'Shows the best known kernel of a workload: the loop nest its schedule makes, the trace of primitives that makes it, or the WGSL text. With --schedule or --naive it shows that schedule instead and needs no device.',
    );
  addSourceOptions(addLookupOptions(command))
    .option('--as <form>', `one of ${forms.join(', ')}`, oneOf('--as', forms), 'loops')
    .option('--json', 'print JSON; with --as trace it is a schedule file')
    .addHelpText(
      'after',
      `
Examples:
  wgtune show matmul -s m=128,n=128,k=128 --as wgsl
  wgtune show matmul --naive
  wgtune show matmul -s m=128,n=128,k=128 --as trace --json > matmul.json
  wgtune show matmul --schedule matmul.json --as loops`,
    )
    .action(runShow);
}

async function runShow(operator: string, flags: ShowFlags): Promise<void> {
  const shown = await findShown(operator, flags);
  const { workload, trace } = shown;
  const { artifactOf, scheduleProgram } = await import('../tuner/build.ts');
  const program = scheduleProgram(workload, trace);
  const document = { workload, as: flags.as };
  switch (flags.as) {
    case 'loops': {
      const { printProgram } = await import('../ir/printer.ts');
      const text = printProgram(program);
      return output(flags, shown, text, { ...document, loops: text });
    }
    case 'trace': {
      const { printTrace } = await import('../schedule/replay.ts');
      return output(flags, shown, printTrace(trace), { workload, trace });
    }
    case 'wgsl': {
      const artifact = shown.artifact ?? artifactOf(program, await limitsOf(shown, flags));
      const { formatWgsl } = await import('../report/wgsl-listing.ts');
      return output(flags, shown, formatWgsl(artifact), { ...document, ...artifact });
    }
  }
}

function output({ json }: ShowFlags, { what }: Shown, text: string, document: Record<string, unknown>): void {
  if (json) printJson(document);
  else {
    say(what);
    print(text);
  }
}

/** Limits to lower for: of the device that was named, else of the one the schedule comes from, else those every device grants. */
async function limitsOf({ limits }: Shown, { device, profile }: ShowFlags): Promise<DeviceLimits> {
  if (device !== undefined) {
    const { chooseDevice } = await import('../device/devices.ts');
    return (await chooseDevice(device, profile)).description.limits;
  }
  const { defaultLimits } = await import('../ir/limits.ts');
  return limits ?? defaultLimits;
}
