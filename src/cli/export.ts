import type { Command } from 'commander';
import type { BrowserCheck } from '../measure/page/check-protocol.ts';
import type { Workload } from '../operators/workload.ts';
import { exitCode, UserError } from '../support/errors.ts';
import { configuredWorkloads, refuseOfOne, withEach } from './config.ts';
import { addLookupOptions, type LookupFlags, workloadOf } from './kernel-options.ts';
import { findBestKernel, withTuneCommand } from './known-kernel.ts';
import { oneOf } from './option-values.ts';
import { print, printJson, say } from './output.ts';

interface ExportFlags extends LookupFlags {
  readonly out?: string;
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
      'Writes the best known kernel of a workload into a folder, as something that needs nothing of wgtune. A bundle is for one device: one WGSL file per kernel; manifest.json with the buffers, bindings and dispatch sizes in the order to run them, and with everything they need of a device, as requestDevice takes it; kernel.mjs, a module without dependencies that runs them, or says in one sentence why they would fail or be wrong on a device. A module is for an app: one file that takes its device, buffers and compute pass, and holds the best kernel of every device in the logs, and one for all others. Without an operator it exports the workloads of the project, each into the folder that its file names.',
    );
  addLookupOptions(command, '[operator]')
    .option(
      '-o, --out <folder>',
      "the folder to write; made if it is not there (default: where the project's file has a workload exported)",
    )
    .option('--as <form>', 'bundle, for one device; module, for several', oneOf('--as', ['bundle', 'module']), 'bundle')
    .option(
      '--from <logs...>',
      'of a module: logs and folders whose best records it holds, instead of --log and of the logs that ship with wgtune',
    )
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
  wgtune export softmax --as module --from tuning-logs colleague.jsonl -o src/kernels/softmax
  wgtune export`,
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

async function runExport(operator: string | undefined, flags: ExportFlags): Promise<void> {
  if (operator === undefined) return exportProject(flags);
  const { out } = flags;
  if (out === undefined)
    throw new UserError(
      `name the folder to write: wgtune export ${operator} -o ${operator.replace(/\W+/g, '-')}-kernel`,
    );
  const { document, faults } = await exportOne(operator, { ...flags, out });
  if (flags.json) printJson(document);
  if (faults !== null) throw faults;
}

/** Exports the project's workloads that name a folder. */
async function exportProject(flags: ExportFlags): Promise<void> {
  refuseOfOne(flags);
  for (const name of ['out', 'name'] as const)
    if (flags[name] !== undefined) throw new UserError(`--${name} is about one workload; name its operator`);
  const workloads = configuredWorkloads().filter((one) => one.export !== undefined);
  if (workloads.length === 0)
    throw new UserError(
      'no workload of the project names the folder of its bundle; add "export" to one, or name an operator',
    );
  const documents: unknown[] = [];
  try {
    const failed = await withEach(
      workloads,
      async ({ operator, export: out, trials: _, timeLimit: __, patience: ___, ...own }) => {
        const { document, faults } = await exportOne(operator, { ...flags, ...own, out: out as string });
        documents.push(document);
        if (faults !== null) throw faults;
      },
    );
    if (failed.length > 0)
      throw new UserError(
        `${failed.length} of ${workloads.length} workloads are not exported: ${failed.join(', ')}`,
        exitCode.failed,
      );
  } finally {
    if (flags.json) printJson(documents);
  }
}

type PlacedFlags = ExportFlags & { readonly out: string };

interface Exported {
  /** For --json. */
  readonly document: unknown;
  /** What the browser found wrong; null where nothing was, or nobody asked. */
  readonly faults: UserError | null;
}

async function exportOne(operator: string, flags: PlacedFlags): Promise<Exported> {
  // The browser may be that of the check alone.
  const { browser, ...rest } = flags;
  const lookup: PlacedFlags = flags.check === undefined || flags.device === 'browser' ? flags : rest;
  const write = flags.as === 'module' ? writeModule : writeBundle;
  const { files, entry, workload, facts, lines } = await write(operator, lookup);
  if (!flags.json) for (const line of lines) say(line);
  const check = flags.check === undefined ? null : await checked(flags.out, entry, workload, browser);
  if (!flags.json) for (const file of files) print(file);
  const document = { folder: flags.out, files, ...facts, ...(check === null ? {} : { check }) };
  if (check === null) return { document, faults: null };
  const { faultsOf } = await import('../tuner/check-in-browser.ts');
  const faults = faultsOf(check);
  return { document, faults: faults.length === 0 ? null : new UserError(faults.join('; '), exitCode.failed) };
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

async function writeBundle(operator: string, flags: PlacedFlags): Promise<Written> {
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

async function writeModule(operator: string, flags: PlacedFlags): Promise<Written> {
  const workload = await workloadOf(operator, flags, true);
  const { defaultLogFolder } = await import('../records/log-writer.ts');
  const { moduleVariants } = await import('../tuner/module-variants.ts');
  const { exportModule } = await import('../tuner/export-module.ts');
  const { requirementsOf } = await import('../ir/requirements.ts');
  const { formatTime } = await import('../report/quantities.ts');
  const { requirementsText } = await import('../report/requirements-text.ts');
  const paths = flags.from ?? [flags.log ?? defaultLogFolder];
  const shippedLogs = flags.from !== undefined || flags.shippedLogs === false ? null : undefined;
  const { variants, broken } = await withTuneCommand(operator, flags, () =>
    moduleVariants(workload, paths, shippedLogs),
  );
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
        const times = tunedOn
          .map(
            ({ name: device, timeNs, shipped }) =>
              `${formatTime(timeNs)} on ${device}${shipped ? ' (ships with wgtune)' : ''}`,
          )
          .join(', ');
        const fallback = isFallback ? '; taken where no other suits' : '';
        return `${variant}: ${times === '' ? 'not timed' : times}${fallback}; ${requirementsText(requirementsOf(artifact))}`;
      }),
    ],
  };
}
