import { hasColdCaches } from '../device/caches.ts';
import { type Artifact, artifactKey } from '../ir/artifact.ts';
import { type DeviceDescription, defaultLimits } from '../ir/limits.ts';
import { requirementsOf } from '../ir/requirements.ts';
import { describeWorkload, type Workload } from '../operators/workload.ts';
import type { BestTable } from '../records/best.ts';
import { timeOf } from '../records/relative-time.ts';
import { shippedLogsOf } from '../records/shipped.ts';
import type { Trace } from '../schedule/trace.ts';
import { exitCode, UserError } from '../support/errors.ts';
import { isRefusal } from '../support/refusal.ts';
import { bestTableOf } from './best-kernel.ts';
import { buildArtifact, naiveOf } from './build.ts';
import { chooseBest } from './choose-best.ts';

/** A device on which a variant was the fastest: what a page can see of its own device, and the record that says so. */
export interface TunedOn {
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly timeNs: number;
  readonly packNs: number | null;
  readonly record: string;
  /** Whether the record is of the logs that ship with wgtune. */
  readonly shipped: boolean;
}

/** One kernel of an exported module. */
export interface ModuleVariant {
  readonly name: string;
  readonly artifact: Artifact;
  readonly trace: Trace;
  readonly tunedOn: readonly TunedOn[];
  /** Runs on every WebGPU device that has the workload's dtype. */
  readonly isFallback: boolean;
}

export interface ModuleVariants {
  readonly variants: readonly ModuleVariant[];
  /** What is wrong with lines of the logs, in sentences. */
  readonly broken: readonly string[];
}

interface Chosen {
  readonly artifact: Artifact;
  readonly trace: Trace;
  readonly device: DeviceDescription;
  readonly tunedOn: TunedOn;
}

/**
 * The kernels that a module for several devices holds: for each vendor and architecture in the logs the best record's, and where that needs more
 * than every device has, the best that does not. One that every device can run is always among them, the naive schedule where no record
 * is of such a kernel. `paths`: logs, and folders of logs. Devices of which these have no record have theirs of the shipped logs: the
 * folder `shippedLogs`, that of wgtune when absent, none when null. Throws UserError where no record counts (exit code 4), or nothing can be portable.
 */
export async function moduleVariants(
  workload: Workload,
  paths: readonly string[],
  shippedLogs?: string | null,
): Promise<ModuleVariants> {
  const own = await bestTableOf(paths, workload);
  const elsewhere = await bestTableOf(shippedLogsOf(workload, shippedLogs), workload);
  const kernels = bestOfEach(own, workload, false);
  const known = new Set(kernels.map(({ device }) => pageKey(device)));
  const shipped = bestOfEach(elsewhere, workload, true).filter(({ device }) => !known.has(pageKey(device)));
  const chosen = [...kernels, ...shipped];
  if (chosen.length === 0)
    throw new UserError(
      `no record of ${describeWorkload(workload)} in ${paths.join(', ')} makes a kernel; tune it first`,
      exitCode.noRecord,
    );
  return {
    variants: merged(chosen, fallbackOf(workload, kernels, shipped), workload),
    broken: [...own.broken, ...elsewhere.broken],
  };
}

/** Of every kind of device the best kernel, and the best portable one where that is not. */
function bestOfEach(
  { table, devices }: Pick<Awaited<ReturnType<typeof bestTableOf>>, 'table' | 'devices'>,
  workload: Workload,
  shipped: boolean,
): readonly Chosen[] {
  const chosen: Chosen[] = [];
  for (const group of alikeToPages(devices))
    for (const device of group) {
      const best = bestOn(table, workload, device, device, shipped);
      if (best === null) continue;
      chosen.push(best);
      if (!isPortable(best.artifact, workload)) {
        const plain = bestOn(table, workload, device, portable(workload, device), shipped);
        if (plain !== null) chosen.push(plain);
      }
      break;
    }
  return chosen;
}

/** As much as a page sees of a device. */
function pageKey({ vendor, architecture }: DeviceDescription): string {
  return JSON.stringify([vendor, architecture]);
}

/** Devices that a page cannot tell apart, those first whose times say most about a page: with its bounds checks, and with warm caches. */
function alikeToPages(devices: readonly DeviceDescription[]): readonly (readonly DeviceDescription[])[] {
  const groups = new Map<string, DeviceDescription[]>();
  for (const device of devices) {
    const key = pageKey(device);
    groups.set(key, [...(groups.get(key) ?? []), device]);
  }
  const rank = (device: DeviceDescription): number =>
    (device.profile === 'browser' ? 0 : 1) + (hasColdCaches(device) ? 2 : 0);
  return [...groups.values()].map((group) => group.sort((a, b) => rank(a) - rank(b)));
}

/** A device as poor as WebGPU allows, but for the dtype. */
function portable({ dtype }: Workload, device: DeviceDescription): DeviceDescription {
  return { ...device, features: dtype === 'f16' ? ['shader-f16'] : [], limits: defaultLimits };
}

function isPortable(artifact: Artifact, { dtype }: Workload): boolean {
  const { requiredFeatures, requiredLimits, subgroups } = requirementsOf(artifact);
  const beyond = requiredFeatures.filter((name) => !(dtype === 'f16' && name === 'shader-f16'));
  return beyond.length === 0 && Object.keys(requiredLimits).length === 0 && subgroups === null;
}

/** The best record of a device that makes a kernel within the limits of `target`. */
function bestOn(
  table: BestTable,
  workload: Workload,
  device: DeviceDescription,
  target: DeviceDescription,
  shipped: boolean,
): Chosen | null {
  const { chosen } = chooseBest(table, workload, target, ({ whose }) => whose === 'same-device');
  if (chosen === null) return null;
  const { record, artifact } = chosen;
  const { name, vendor, architecture } = device;
  const { pack } = record.phasesMs;
  const packNs = pack === undefined ? null : pack * 1e6;
  const tunedOn = { name, vendor, architecture, timeNs: timeOf(record), packNs, record: record.id, shipped };
  return { artifact, trace: record.trace, device, tunedOn };
}

/** The portable kernel that most likely suits an unknown device: one of the user's own logs before a shipped one, a GPU's before a processor's, and of those the fastest. */
function fallbackOf(
  workload: Workload,
  own: readonly Chosen[],
  shipped: readonly Chosen[],
): Pick<ModuleVariant, 'artifact' | 'trace'> {
  const rank = ({ device }: Chosen): number => (device.type === 'gpu' ? 0 : 1);
  const [best] = [own, shipped].flatMap((kernels) =>
    kernels
      .filter(({ artifact }) => isPortable(artifact, workload))
      .sort((a, b) => rank(a) - rank(b) || a.tunedOn.timeNs - b.tunedOn.timeNs),
  );
  if (best !== undefined) return best;
  const { program, trace } = naiveOf(workload);
  const [{ device }] = [...own, ...shipped] as unknown as readonly [Chosen];
  const artifact = buildArtifact(program, portable(workload, device));
  if (!isRefusal(artifact)) return { artifact, trace };
  throw new UserError(
    `no kernel of ${describeWorkload(workload)} can run on every WebGPU device: ${artifact.message()}; choose a smaller shape, or export a bundle for one device (--as bundle)`,
  );
}

/** Kernels that are the same stand once, under the name of the device that they are the best of. */
function merged(
  chosen: readonly Chosen[],
  fallback: Pick<ModuleVariant, 'artifact' | 'trace'>,
  workload: Workload,
): readonly ModuleVariant[] {
  const byKernel = new Map<string, Pick<ModuleVariant, 'artifact' | 'trace'> & { readonly tunedOn: TunedOn[] }>();
  for (const { artifact, trace, tunedOn } of chosen) {
    const key = artifactKey(artifact);
    const held = byKernel.get(key) ?? { artifact, trace, tunedOn: [] };
    byKernel.set(key, held);
    held.tunedOn.push(tunedOn);
  }
  const fallbackKey = artifactKey(fallback.artifact);
  if (!byKernel.has(fallbackKey)) byKernel.set(fallbackKey, { ...fallback, tunedOn: [] });
  const names = new Set<string>();
  return [...byKernel].map(([key, { artifact, trace, tunedOn }]) => {
    const base = tunedOn[0] === undefined ? 'naive' : tunedOn[0].name;
    const plain = names.has(base) && isPortable(artifact, workload) ? `${base}-portable` : base;
    let name = plain;
    for (let count = 2; names.has(name); count++) name = `${plain}-${count}`;
    names.add(name);
    return { name, artifact, trace, tunedOn, isFallback: key === fallbackKey };
  });
}
