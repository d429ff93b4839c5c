import type { Command } from 'commander';
import type { BrowserCheck } from '../measure/page/check-protocol.ts';
import type { Workload } from '../operators/workload.ts';
import { exitCode, UserError } from '../support/errors.ts';
import { addLookupOptions, type LookupFlags, workloadOf } from './kernel-options.ts';
import { findBestKernel, withTuneCommand } from './known-kernel.ts';
import { oneOf } from './option-values.ts';
import { print, printJson, say } from './output.ts';

interface ExportFlags extends LookupFlags {
  readonly out: string;
  readonly as: 'bundle' | 'module';
  readonly name?: string;
  readonly from?: readonly string[];
  readonly check?: 'browser';
  readonly force?: boolean;
  readonly json?: boolean;
}

export function addExportCommand(program: Command): void {
  const command = program
    .command('export')
    .summary('write the best known kernel as a bundle or a module anyone can run')
    .description(
      'Writes the best known kernel of a workload into a folder, as something that needs nothing of wgtune. A bundle is for one device: one WGSL file per kernel; manifest.json with the buffers, bindings and dispatch sizes in the order to run them, and with everything they need of a device, as requestDevice takes it; kernel.mjs, a module without dependencies that runs them, or says in one sentence why they would fail or be wrong on a device. A module is for an app: one file that takes its device, buffers and compute pass, and holds the best kernel of every device in the logs, and one for all others.',
    );
  addLookupOptions(command)
    .requiredOption('-o, --out <folder>', 'the folder to write; made if it is not there')
    .option('--as <form>', 'bundle, for one device; module, for several', oneOf('--as', ['bundle', 'module']), 'bundle')
    .option('--from <logs...>', 'of a module: logs and folders whose best records it holds, instead of --log')
    .option('--name <name>', 'of a module: the name of its files (default: the operator)')
    .option(
      '--check <where>',
      'browser: load what was written in a browser (the packaged Chromium, or --browser), compare its results and time it',
      oneOf('--check', ['browser']),
    )
    .option('--force', 'write even into a folder that holds something else')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  wgtune export matmul -s m=128,n=128,k=128 -o matmul-kernel
  wgtune export softmax -o softmax-kernel --force
  wgtune export softmax --as module -o src/kernels/softmax --check browser
  wgtune export softmax --as module --from tuning-logs colleague.jsonl -o src/kernels/softmax`,
    )
    .action(runExport);
}

interface Written {
  readonly files: readonly string[];
  /** The file that an app imports. */
  readonly entry: string;
  readonly workload: Workload;
  /** For --json. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** On stderr. */
  readonly lines: readonly string[];
}

async function runExport(operator: string, flags: ExportFlags): Promise<void> {
  // The browser may be that of the check alone.
  const { browser, ...rest } = flags;
  const lookup: ExportFlags = flags.check === undefined || flags.device === 'browser' ? flags : rest;
  const write = flags.as === 'module' ? writeModule : writeBundle;
  const { files, entry, workload, facts, lines } = await write(operator, lookup);
  if (!flags.json) for (const line of lines) say(line);
  const check = flags.check === undefined ? null : await checked(flags.out, entry, workload, browser);
  if (flags.json) printJson({ folder: flags.out, files, ...facts, ...(check === null ? {} : { check }) });
  else for (const file of files) print(file);
  if (check === null) return;
  const { faultsOf } = await import('../tuner/check-in-browser.ts');
  const faults = faultsOf(check);
  if (faults.length > 0) throw new UserError(faults.join('; '), exitCode.failed);
}

async function checked(
  folder: string,
  entry: string,
  workload: Workload,
  browser: string | undefined,
): Promise<BrowserCheck> {
  const { checkInBrowser } = await import('../tuner/check-in-browser.ts');
  const { formatTime } = await import('../report/quantities.ts');
  const check = await checkInBrowser({ folder, entry, workload, ...(browser === undefined ? {} : { browser }) });
  for (const { name, checked: compared, wrong, reason, timeNs } of check.kernels) {
    const mark = check.kernels.length > 1 && name === check.chosen ? ' (chosen)' : '';
    const how =
      reason ?? `${wrong === 0 ? `right in ${compared} compared elements` : 'wrong'}, ${formatTime(timeNs ?? 0)}`;
    say(`in the browser on ${check.vendor} ${check.architecture}: ${name}${mark}: ${how}`);
  }
  return check;
}

async function writeBundle(operator: string, flags: ExportFlags): Promise<Written> {
  for (const name of ['from', 'name'] as const)
    if (flags[name] !== undefined) throw new UserError(`--${name} is for modules; add --as module`);
  const workload = await workloadOf(operator, flags, flags.check !== undefined);
  const kernel = await findBestKernel(operator, workload, flags);
  const { exportBundle } = await import('../tuner/export.ts');
  const { requirementsOf } = await import('../ir/requirements.ts');
  const { whoseText } = await import('../report/kernel-report.ts');
  const { formatTime } = await import('../report/quantities.ts');
  const { requirementsText } = await import('../report/requirements-text.ts');
  const requirements = requirementsOf(kernel.artifact);
  const files = await exportBundle({ kernel, folder: flags.out, force: flags.force === true });
  return {
    files,
    entry: 'kernel.mjs',
    workload,
    facts: { timeNs: kernel.timeNs, requirements },
    lines: [
      `wrote the best known kernel: ${formatTime(kernel.timeNs)} on ${whoseText(kernel)}`,
      requirementsText(requirements),
    ],
  };
}

async function writeModule(operator: string, flags: ExportFlags): Promise<Written> {
  const workload = await workloadOf(operator, flags, true);
  const { defaultLogFolder } = await import('../records/log-writer.ts');
  const { moduleVariants } = await import('../tuner/module-variants.ts');
  const { exportModule } = await import('../tuner/export-module.ts');
  const { requirementsOf } = await import('../ir/requirements.ts');
  const { formatTime } = await import('../report/quantities.ts');
  const { requirementsText } = await import('../report/requirements-text.ts');
  const paths = flags.from ?? [flags.log ?? defaultLogFolder];
  const { variants, broken } = await withTuneCommand(operator, flags, () => moduleVariants(workload, paths));
  const { out: folder, name = workload.operator, force = false } = flags;
  const files = await exportModule({ workload, variants, folder, force, name });
  return {
    files,
    entry: `${name}.js`,
    workload,
    facts: {
      variants: variants.map(({ artifact, trace: _, ...variant }) => ({
        ...variant,
        requirements: requirementsOf(artifact),
      })),
    },
    lines: [
      ...broken.map((sentence) => `note: ${sentence}`),
      ...variants.map(({ name: variant, artifact, isFallback, tunedOn }) => {
        const times = tunedOn.map(({ name: device, timeNs }) => `${formatTime(timeNs)} on ${device}`).join(', ');
        const fallback = isFallback ? '; taken where no other suits' : '';
        return `${variant}: ${times === '' ? 'not timed' : times}${fallback}; ${requirementsText(requirementsOf(artifact))}`;
      }),
    ],
  };
}
