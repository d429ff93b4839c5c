import type { Command } from 'commander';
import type { Artifact } from '../ir/artifact.ts';
import type { DeviceLimits } from '../ir/limits.ts';
import type { Workload } from '../operators/workload.ts';
import type { Trace } from '../schedule/trace.ts';
import { addLookupOptions, type LookupFlags, workloadOf } from './kernel-options.ts';
import { findBestKernel } from './known-kernel.ts';
import { oneOf } from './option-values.ts';
import { print, printJson, say } from './output.ts';
import { checkOneSource, type SourceFlags } from './schedule-source.ts';

const forms = ['loops', 'trace', 'wgsl'] as const;

interface ShowFlags extends LookupFlags, SourceFlags {
  readonly as: (typeof forms)[number];
  readonly json?: boolean;
}

/** What is to be shown; the artifact only where it is at hand already. */
interface Shown {
  readonly workload: Workload;
  readonly trace: Trace;
  readonly limits: DeviceLimits | null;
  readonly artifact: Artifact | null;
  /** One line for people. */
  readonly what: string;
}

export function addShowCommand(program: Command): void {
  const command = program
    .command('show')
    .summary('show a schedule as loops, as its trace or as WGSL')
    .description(
      'Shows the best known kernel of a workload: the loop nest its schedule makes, the trace of primitives that makes it, or the WGSL text. With --schedule or --naive it shows that schedule instead and needs no device.',
    );
  addLookupOptions(command)
    .option('--as <form>', `one of ${forms.join(', ')}`, oneOf('--as', forms), 'loops')
    .option('--schedule <file>', 'a schedule file: a trace, with or without its workload, or one line of a log')
    .option('--naive', 'the naive schedule: one invocation an output, nothing tiled')
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

async function findShown(operator: string, flags: ShowFlags): Promise<Shown> {
  checkOneSource(flags);
  if (flags.schedule !== undefined) {
    const { readScheduleFile, workloadFor } = await import('./schedule-file.ts');
    const file = await readScheduleFile(flags.schedule);
    const workload = await workloadFor(operator, flags, file);
    return {
      workload,
      trace: file.trace,
      limits: file.limits,
      artifact: null,
      what: `the schedule of ${flags.schedule}`,
    };
  }
  const workload = await workloadOf(operator, flags);
  if (flags.naive) {
    const { naiveOf } = await import('../tuner/build.ts');
    return { workload, trace: naiveOf(workload).trace, limits: null, artifact: null, what: 'the naive schedule' };
  }
  const kernel = await findBestKernel(workload, flags);
  const { whoseText } = await import('../report/kernel-report.ts');
  const { formatTime } = await import('../report/quantities.ts');
  const what = `the best known kernel: ${formatTime(kernel.timeNs)} on ${whoseText(kernel)}`;
  return { workload, trace: kernel.trace, limits: kernel.device.limits, artifact: kernel.artifact, what };
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
