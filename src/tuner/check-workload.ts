import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unmetNeed } from '../../bundle/core.mjs';
import type { Device } from '../device/devices.ts';
import { type Artifact, wgslOf } from '../ir/artifact.ts';
import { requirementsOf, targetOf } from '../ir/requirements.ts';
import { createDawnRunner } from '../measure/dawn-runner.ts';
import { type Workload, workloadKey } from '../operators/workload.ts';
import type { BestOf, BestTable } from '../records/best.ts';
import { deviceKey } from '../records/device-key.ts';
import { type Outcome, ranRight } from '../records/outcome.ts';
import { timeOf } from '../records/relative-time.ts';
import type { Trace } from '../schedule/trace.ts';
import { hashText } from '../support/hash.ts';
import { explainRefusal, isRefusal } from '../support/refusal.ts';
import { bestTableOf } from './best-kernel.ts';
import { kernelOf, programOf, scheduleProgram } from './build.ts';
import { moduleNameIn } from './bundle-folder.ts';
import { moduleFiles } from './export-module.ts';
import { moduleVariants } from './module-variants.ts';
import { type Bundle, isBundle, readBundle } from './read-bundle.ts';
import { verificationData } from './workload-data.ts';

/** The best record of a workload on one device, built again. */
interface RebuiltRecord {
  readonly device: string;
  readonly record: string;
  readonly timeNs: number;
  /** Whether its schedule makes the text that was measured; null where it makes no kernel any more. */
  readonly sameText: boolean | null;
}

/** Whether a project's committed kernel of a workload is sound. */
export interface WorkloadCheck {
  readonly workload: Workload;
  readonly records: readonly RebuiltRecord[];
  /** How the kernel ended that was run on the device at hand; null where none could. */
  readonly ran: { readonly what: 'bundle' | 'record'; readonly outcome: Outcome; readonly error: string } | null;
  /** Whether the bundle holds the best kernel of its device, or the module the best of each; null where the project exports none. */
  readonly exported: 'current' | 'stale' | 'missing' | null;
  /** What is wrong, each in one sentence with what to do. */
  readonly problems: readonly string[];
  /** What a person should know but nothing is wrong with. */
  readonly notes: readonly string[];
}

interface CheckOptions {
  readonly workload: Workload;
  readonly logFolder: string;
  /** Folder of the bundle that the app uses; null where there is none. */
  readonly exportFolder: string | null;
  /** Commands that mend what is missing. */
  readonly commands: { readonly tune: string; readonly export: string };
  /** On which the kernel is built, run and verified. */
  readonly device: Device;
}

interface Rebuilt extends RebuiltRecord {
  readonly trace: Trace;
  readonly deviceKey: string;
  readonly artifact: Artifact | null;
  readonly why: string;
}

/**
 * Checks what a project has committed for a workload: that the best record of every device is still legal and makes a kernel, that the bundle holds the best
 * kernel of the device it was tuned on, and that on the device at hand the bundle's kernel (or else the best that fits) gives the right answers.
 */
export async function checkWorkload(options: CheckOptions): Promise<WorkloadCheck> {
  const { workload, logFolder, exportFolder, commands, device } = options;
  const { table, broken } = await bestTableOf([logFolder], workload);
  const rebuilt = rebuiltBests(table, workload, device);
  const problems = broken.map((sentence) => `the logs are broken: ${sentence}`);
  const notes: string[] = [];
  if (rebuilt.length === 0) problems.push(`${logFolder} holds no record of it; ${commands.tune}`);
  for (const { device: name, record, artifact, why, sameText } of rebuilt) {
    if (artifact === null)
      problems.push(`record ${record} of ${name} makes no kernel any more: ${why}; ${commands.tune}`);
    else if (sameText === false)
      notes.push(
        `record ${record} of ${name} makes another text than when it was measured, by another version of wgtune`,
      );
  }
  const module = exportFolder === null ? null : moduleNameIn(exportFolder);
  const hasBundle = exportFolder !== null && module === null && existsSync(exportFolder) && isBundle(exportFolder);
  const bundle = hasBundle ? readBundle(exportFolder) : null;
  const exported =
    exportFolder === null
      ? null
      : module === null
        ? exportState(bundle, workload, rebuilt, exportFolder, problems, commands)
        : await moduleState(module, options, rebuilt, exportFolder, problems);
  const ran = await runHere(options, bundle, rebuilt, problems, notes);
  const records = rebuilt.map(({ device: name, record, timeNs, sameText }) => ({
    device: name,
    record,
    timeNs,
    sameText,
  }));
  return { workload, records, ran, exported, problems, notes };
}

function rebuiltBests(table: BestTable, workload: Workload, device: Device): readonly Rebuilt[] {
  return table.everyDevice(workload, device.description).map(({ record }: BestOf) => {
    const built = kernelOf(workload, record.trace, record.device);
    const artifact = isRefusal(built) ? null : built.artifact;
    return {
      ...{ device: record.device.name, deviceKey: deviceKey(record.device), record: record.id, trace: record.trace },
      ...{ timeNs: timeOf(record), artifact, why: isRefusal(built) ? explainRefusal(built) : '' },
      sameText: artifact === null ? null : record.kernelHash === hashText(wgslOf(artifact)),
    };
  });
}

function exportState(
  bundle: Bundle | null,
  workload: Workload,
  rebuilt: readonly Rebuilt[],
  folder: string,
  problems: string[],
  commands: CheckOptions['commands'],
): WorkloadCheck['exported'] {
  if (bundle === null) {
    problems.push(`${folder} holds no bundle; ${commands.export}`);
    return 'missing';
  }
  const stale = (why: string): 'stale' => {
    problems.push(`the bundle in ${folder} ${why}; ${commands.export}`);
    return 'stale';
  };
  if (workloadKey(bundle.workload) !== workloadKey(workload)) return stale('is of another workload');
  const best = rebuilt.find((one) => one.deviceKey === deviceKey(bundle.device));
  if (best === undefined) return stale(`was tuned on ${bundle.device.name}, of which the logs hold no record`);
  if (best.artifact !== null && wgslOf(best.artifact) === wgslOf(bundle.artifact)) return 'current';
  return stale(
    best.record === bundle.record
      ? 'is not what its record makes now'
      : `holds the kernel of record ${bundle.record}, but the best on ${best.device} is that of ${best.record}`,
  );
}

/** Whether a module holds what the logs make now, texts and choice of variants alike. */
async function moduleState(
  name: string,
  { workload, logFolder, commands }: CheckOptions,
  rebuilt: readonly Rebuilt[],
  folder: string,
  problems: string[],
): Promise<WorkloadCheck['exported']> {
  const path = join(folder, `${name}.js`);
  if (rebuilt.some(({ artifact }) => artifact !== null) && existsSync(path)) {
    const { variants } = await moduleVariants(workload, [logFolder]);
    if (moduleFiles({ workload, variants, name }).files[`${name}.js`] === readFileSync(path, 'utf8')) return 'current';
  }
  problems.push(`the module in ${folder} is not what the logs make now; ${commands.export} --as module`);
  return 'stale';
}

async function runHere(
  { workload, device, commands }: CheckOptions,
  bundle: Bundle | null,
  rebuilt: readonly Rebuilt[],
  problems: string[],
  notes: string[],
): Promise<WorkloadCheck['ran']> {
  const { description } = device;
  const unmetOf = (artifact: Artifact): string | null => unmetNeed(requirementsOf(artifact), targetOf(description));
  const unmet = bundle === null ? null : unmetOf(bundle.artifact);
  if (unmet !== null) notes.push(`the bundle does not run on ${description.name} (${unmet}), so that it was not run`);
  const own = rebuilt.flatMap(({ trace }) => {
    const built = kernelOf(workload, trace, description);
    return isRefusal(built) ? [] : [{ artifact: built.artifact, trace, what: 'record' as const }];
  })[0];
  const trace = rebuilt.find(({ record }) => record === bundle?.record)?.trace ?? null;
  const chosen =
    bundle === null || unmet !== null ? own : { artifact: bundle.artifact, trace, what: 'bundle' as const };
  if (chosen === undefined) {
    if (rebuilt.some(({ artifact }) => artifact !== null)) notes.push(`no recorded kernel runs on ${description.name}`);
    return null;
  }
  const verification = verificationData(workload, programOf(workload), 1);
  const runner = await createDawnRunner({ device });
  try {
    await runner.prepare(verification.data);
    const checks =
      chosen.trace === null
        ? {}
        : { checks: verification.checksFor({ program: scheduleProgram(workload, chosen.trace), trace: chosen.trace }) };
    const { outcome, error } = await runner.measure({ artifact: chosen.artifact, ...checks, bestNs: null });
    // Only answers are judged: the same kernel is as sound on a busy machine.
    if (ranRight({ outcome })) return { what: chosen.what, outcome: 'ok', error: '' };
    problems.push(`the ${chosen.what}'s kernel ended in ${outcome} on ${description.name}: ${error}; ${commands.tune}`);
    return { what: chosen.what, outcome, error };
  } finally {
    await runner.close();
  }
}
