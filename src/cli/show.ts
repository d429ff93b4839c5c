import type { Command } from 'commander';
import type { NamedFeatures } from '../features/named.ts';
import type { DeviceLimits } from '../ir/limits.ts';
import { UserError } from '../support/errors.ts';
import { addLookupOptions, type LookupFlags } from './kernel-options.ts';
import { oneOf } from './option-values.ts';
import { print, printJson, say } from './output.ts';
import { addSourceOptions, type SourceFlags } from './schedule-source.ts';
import { findShown, type Shown } from './shown.ts';

const forms = ['loops', 'trace', 'wgsl', 'features', 'limits'] as const;

interface ShowFlags extends LookupFlags, SourceFlags {
  readonly as: (typeof forms)[number];
  readonly json?: boolean;
}

export function addShowCommand(program: Command): void {
  const command = program
    .command('show')
    .summary('show a schedule as loops, trace, WGSL, features or limits')
    .description(
      'Shows the best known kernel of a workload: the loop nest its schedule makes, the trace of primitives that makes it, the WGSL text, the features a cost model sees of it (schedules of a search only), or what it takes of the limits of a device. With --schedule or --naive it shows that schedule instead and needs no device.',
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
  wgtune show matmul -s m=128,n=128,k=128 --as features
  wgtune show matmul --naive --as limits --device swiftshader
  wgtune show matmul -s m=128,n=128,k=128 --as trace --json > matmul.json
  wgtune show matmul --schedule matmul.json --as loops`,
    )
    .action(runShow);
}

async function runShow(operator: string, flags: ShowFlags): Promise<void> {
  const shown = await findShown(operator, flags);
  const { workload, trace } = shown;
  const { scheduleProgram } = await import('../tuner/build.ts');
  const { fittingArtifact } = await import('../tuner/fits.ts');
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
      const artifact = shown.artifact ?? fittingArtifact(workload, program, { limits: await limitsOf(shown, flags) });
      const { formatWgsl } = await import('../report/wgsl-listing.ts');
      return output(flags, shown, formatWgsl(artifact), { ...document, ...artifact });
    }
    case 'features': {
      const features = await featuresOf(shown);
      const { formatFeatures } = await import('../report/feature-table.ts');
      const { coloursFor } = await import('../report/terminal.ts');
      return output(flags, shown, formatFeatures(features, coloursFor(process.stdout)), { ...document, ...features });
    }
    case 'limits': {
      const limits = await limitsOf(shown, flags);
      const { formatLimits, limitUses } = await import('../report/limit-table.ts');
      const { coloursFor } = await import('../report/terminal.ts');
      const uses = limitUses(fittingArtifact(workload, program, { limits }), limits);
      return output(flags, shown, formatLimits(uses, coloursFor(process.stdout)), { ...document, uses });
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

/** What a cost model sees of the schedule on the device it was measured on. */
async function featuresOf({ workload, made, device }: Shown): Promise<NamedFeatures> {
  if (made === null || made.sketch === null || device === null)
    throw new UserError(
      'features are computed from a sketch and its decisions, which the naive schedule and a trace alone do not have; name a tuned kernel, or with --schedule one line of a tuning log',
    );
  const { programOf } = await import('../tuner/build.ts');
  const { recordedValues } = await import('../space/recorded.ts');
  const { sketchesFor } = await import('../tuner/fits.ts');
  const sketch = sketchesFor(programOf(workload), device).find(({ name }) => name === made.sketch);
  const values = sketch === undefined ? null : recordedValues(sketch, made.decisions);
  if (sketch === undefined || values === null)
    throw new UserError('the record has decisions of another version of wgtune; tune again to see features');
  const { namedFeatures } = await import('../features/named.ts');
  return namedFeatures(sketch, values, device);
}

/** Limits to lower for: those of the named device, else of the one the schedule comes from, else those that every device grants. */
async function limitsOf({ device: measuredOn }: Shown, { device, profile }: ShowFlags): Promise<DeviceLimits> {
  if (device !== undefined) {
    const { chooseDevice } = await import('../device/devices.ts');
    return (await chooseDevice(device, profile)).description.limits;
  }
  const { defaultLimits } = await import('../ir/limits.ts');
  return measuredOn?.limits ?? defaultLimits;
}
