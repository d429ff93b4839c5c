import type { DeviceDescription } from '../../ir/limits.ts';
import { type Workload, workloadKey } from '../../operators/workload.ts';
import { deviceKey, distanceBetween } from '../../records/device-key.ts';
import type { LogFault } from '../../records/log-fault.ts';
import type { ReadOptions } from '../../records/log-reader.ts';
import { shippedHeads } from '../../records/shipped.ts';
import { type LessonGroup, type LoggedGroup, listGroups, readLessons } from './lessons.ts';
import { workloadDistance } from './likeness.ts';

/** A group with how far it is from a workload on a device. */
export interface NearGroup extends LessonGroup {
  /** Of the workloads; 0 for the same. */
  readonly apart: number;
  /** Of the devices; 0 for the same. */
  readonly away: number;
  /** Whether it is of the logs that ship with wgtune: then a device like this one is another machine. */
  readonly shipped?: true;
}

interface NearOptions extends ReadOptions {
  /** True: records of this workload on this device too. */
  readonly own?: boolean;
  readonly onFault?: (fault: LogFault) => void;
}

interface Limits {
  /** Workloads of each device, and other devices; the nearest of each. */
  readonly workloads: number;
  readonly devices: number;
  /** Records of a group: the first of its search, which are spread, and those that beat all before. */
  readonly records: number;
}

/** Beyond these a run would spend longer on learning than its first trials take. */
const usualLimits: Limits = { workloads: 12, devices: 4, records: 48 };

/**
 * What logs hold that is near a workload on a device: other workloads on this device, the same one and others on other devices. Own records, of the same
 * workload on the same device, are not among them unless asked for. Nearest workloads first, and among equally near ones the nearest device.
 */
export async function readNearGroups(
  paths: readonly string[],
  workload: Workload,
  device: DeviceDescription,
  { own = false, onFault, ...options }: NearOptions = {},
  limits: Limits = usualLimits,
): Promise<readonly NearGroup[]> {
  const [ofWorkload, onDevice] = [workloadKey(workload), deviceKey(device)];
  const listed = (await listGroups(paths, options)).filter(
    (group) => own || group.workloadKey !== ofWorkload || group.deviceKey !== onDevice,
  );
  return readNearest(paths, nearestOf(listed, workload, device, limits), { onFault, ...options }, limits);
}

const mostShipped = 8;
/** Devices of another architecture than these are another kind: their schedules may be measured, and their times say little. */
const farthestShipped = 2;
/** Another driver or vector width counts as much as a shape so many powers of two away. */
const awayInShapes = 3;

/**
 * The same of the logs that ship with wgtune: other workloads of the operator on devices like this one, and this one too. Only files of the nearest are read.
 */
export async function readNearShipped(
  folder: string | null | undefined,
  workload: Workload,
  device: DeviceDescription,
): Promise<readonly NearGroup[]> {
  const nearest = shippedHeads(workload.operator, folder)
    .map((head) => ({
      ...{
        path: head.path,
        apart: workloadDistance(workload, head.workload),
        away: distanceBetween(device, head.device),
      },
      key: groupKey({ workloadKey: workloadKey(head.workload), deviceKey: deviceKey(head.device) }),
    }))
    .filter(({ away }) => away <= farthestShipped)
    .sort((a, b) => a.apart + awayInShapes * a.away - (b.apart + awayInShapes * b.away) || (a.key < b.key ? -1 : 1))
    .slice(0, mostShipped);
  const paths = nearest.map(({ path }) => path);
  const groups = await readNearest(paths, new Map(nearest.map((one) => [one.key, one])), {}, usualLimits);
  return groups.map((group) => ({ ...group, shipped: true }));
}

type Distances = Pick<NearGroup, 'apart' | 'away'>;

function groupKey({ workloadKey: of, deviceKey: on }: Pick<LoggedGroup, 'workloadKey' | 'deviceKey'>): string {
  return `${of} ${on}`;
}

/** How far the nearest groups are, by groupKey. */
function nearestOf(
  groups: readonly LoggedGroup[],
  workload: Workload,
  device: DeviceDescription,
  limits: Limits,
): ReadonlyMap<string, Distances> {
  const listed = groups
    .map((group) => ({
      group,
      apart: workloadDistance(workload, group.workload),
      away: distanceBetween(device, group.device),
    }))
    .sort((a, b) => a.apart - b.apart || a.away - b.away || nameOrder(a.group, b.group));
  const near = new Map<string, Distances>();
  const onDevice = deviceKey(device);
  const taken = new Map<string, number>();
  for (const { group, apart, away } of listed) {
    const held = taken.get(group.deviceKey);
    if (held === undefined && taken.size > limits.devices && group.deviceKey !== onDevice) continue;
    if ((held ?? 0) >= limits.workloads) continue;
    taken.set(group.deviceKey, (held ?? 0) + 1);
    near.set(groupKey(group), { apart, away });
  }
  return near;
}

async function readNearest(
  paths: readonly string[],
  near: ReadonlyMap<string, Distances>,
  {
    onFault,
    ...options
  }: Omit<NearOptions, 'own' | 'onFault'> & { readonly onFault?: NearOptions['onFault'] | undefined },
  { records }: Limits,
): Promise<readonly NearGroup[]> {
  if (near.size === 0) return [];
  const { groups } = await readLessons(paths, {
    ...options,
    ...(onFault === undefined ? {} : { onFault }),
    mostOfGroup: records,
    wants: (ofOther, onOther) => near.has(groupKey({ workloadKey: ofOther, deviceKey: onOther })),
  });
  return groups
    .map((group) => {
      const { apart, away } = near.get(groupKey(group)) as Distances;
      return { ...group, apart, away };
    })
    .sort(nearestFirst);
}

/** The order of near groups: the workload counts before the device. */
export function nearestFirst(a: NearGroup, b: NearGroup): number {
  return a.apart - b.apart || a.away - b.away || nameOrder(a, b);
}

/** The nearest other workload of the same operator that logs know, on whatever device, and those that ship on one like this; null where there is none. */
export async function nearestWorkload(
  folder: string,
  workload: Workload,
  device: DeviceDescription,
  shippedLogs?: string | null,
): Promise<Workload | null> {
  const own = workloadKey(workload);
  const shipped = shippedHeads(workload.operator, shippedLogs).filter(
    (head) => distanceBetween(device, head.device) <= farthestShipped,
  );
  const groups = [...(await listGroups([folder], { missingIsEmpty: true })), ...shipped]
    .filter((group) => group.workload.operator === workload.operator && workloadKey(group.workload) !== own)
    .map(({ workload: other, device: there }) => ({
      other,
      apart: workloadDistance(workload, other),
      away: distanceBetween(device, there),
    }))
    .sort((a, b) => a.apart - b.apart || a.away - b.away);
  return groups[0]?.other ?? null;
}

/** Any order will do that does not depend on that of the files. */
function nameOrder(a: Pick<LoggedGroup, 'workloadKey' | 'deviceKey'>, b: typeof a): number {
  const [one, other] = [`${a.workloadKey} ${a.deviceKey}`, `${b.workloadKey} ${b.deviceKey}`];
  return one < other ? -1 : one > other ? 1 : 0;
}
