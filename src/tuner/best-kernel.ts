import { chooseDevice } from '../device/devices.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import { describeWorkload, type Workload, workloadKey } from '../operators/workload.ts';
import { type BestOf, type BestTable, createBestTable } from '../records/best.ts';
import { deviceKey, differingFacts, distanceBetween } from '../records/device-key.ts';
import { createFaultGroups, type LogFault } from '../records/log-fault.ts';
import { defaultLogFolder } from '../records/log-writer.ts';
import { shippedLogsOf } from '../records/shipped.ts';
import { skimLogs, wholeRecord } from '../records/skim.ts';
import { readStanding } from '../records/standing.ts';
import { exitCode, UserError } from '../support/errors.ts';
import { programOf } from './build.ts';
import { type BestChoice, chooseBest, type PassedOver } from './choose-best.ts';
import type { BestKernel } from './events.ts';
import { fittingSketches, requireFits } from './fits.ts';
import { nearestWorkload } from './learning/near-groups.ts';
import { tunedKernel } from './run-summary.ts';

export interface BestKernelOptions {
  readonly workload: Workload;
  readonly device?: string;
  readonly profile?: 'browser' | 'native';
  /** True: the best for cold caches, by records timed that way. */
  readonly cold?: boolean;
  readonly logFolder?: string;
  /** Folder of the logs that are only read; that of the logs that ship with wgtune when absent, none when null. */
  readonly shippedLogs?: string | null;
  /** Also take a kernel that was tuned on a device of another architecture. */
  readonly allowOther?: boolean;
}

const mostBrokenTold = 3;

/**
 * The best known kernel of a workload for a device, and whose record it is. Throws UserError (exit code 4) when there is none that counts
 * and fits the device, or only one of another architecture and `allowOther` is not set. Records that ranked before it and were passed over are named.
 */
export async function bestKernel(options: BestKernelOptions): Promise<BestKernel> {
  const { description } = await chooseDevice(options.device, options.profile ?? 'browser', options.cold);
  return bestKernelFor(description, options);
}

/**
 * The same for a device already described. A record of the logs that ship with wgtune is taken only where the user's own have none of a device as near.
 */
export async function bestKernelFor(device: DeviceDescription, options: BestKernelOptions): Promise<BestKernel> {
  const { workload } = options;
  const folder = options.logFolder ?? defaultLogFolder;
  const own = await bestTableOf([folder], workload);
  const elsewhere = await bestTableOf(shippedLogsOf(workload, options.shippedLogs), workload);
  const choose = (table: BestTable): BestChoice =>
    chooseBest(table, workload, device, ({ whose }) => whose !== 'other-device' || options.allowOther === true);
  const [ownChoice, shippedChoice] = [choose(own.table), choose(elsewhere.table)];
  const shipped = isNearer(device, shippedChoice, ownChoice);
  const { chosen } = shipped ? shippedChoice : ownChoice;
  const passedOver = [...ownChoice.passedOver, ...(shipped ? shippedChoice.passedOver : [])];
  const broken = [...own.broken, ...elsewhere.broken];
  if (chosen === null) {
    // Checked now, so that a user who is told to tune first does not learn only then that nothing can be tuned.
    const program = programOf(workload);
    requireFits(workload, program, device);
    fittingSketches(workload, program, device);
    const other = own.table.lookup(workload, device) ?? elsewhere.table.lookup(workload, device);
    throw new UserError(
      noneSentence({
        workload,
        device,
        folder,
        broken,
        passedOver,
        other: other?.whose === 'other-device' ? other : null,
        near: await nearestWorkload(folder, workload, device, options.shippedLogs),
      }),
      exitCode.noRecord,
    );
  }
  const { record, whose, place, against, artifact } = chosen;
  return {
    ...tunedKernel(record),
    workload,
    device: record.device,
    whose,
    differs: differingFacts(device, record.device),
    startedAt: record.startedAt,
    artifact,
    place,
    shipped,
    doubt: against?.why ?? null,
    passedOver,
    broken,
  };
}

/** Whether the first choice is of a nearer device than the second; true where there is no second, false where there is no first. */
function isNearer(device: DeviceDescription, { chosen: one }: BestChoice, { chosen: other }: BestChoice): boolean {
  if (one === null || other === null) return one !== null;
  return distanceBetween(device, one.record.device) < distanceBetween(device, other.record.device);
}

/** The records of one workload, the devices they are of, and what is wrong with lines of the logs. `paths`: logs, and folders of logs. */
export async function bestTableOf(
  paths: readonly string[],
  workload: Workload,
): Promise<{
  readonly table: BestTable;
  readonly devices: readonly DeviceDescription[];
  readonly broken: readonly string[];
}> {
  const wanted = workloadKey(workload);
  const options = { missingIsEmpty: true };
  const table = createBestTable(await readStanding(paths, options));
  const devices = new Map<string, DeviceDescription>();
  const faults = createFaultGroups();
  const tell = (fault: LogFault): void => {
    if (fault.severity !== 'note') faults.add(fault);
  };
  await skimLogs(
    paths,
    {
      onSkim: (skim, file, line) => {
        if (skim.workloadKey !== wanted || !skim.verified) return;
        const record = wholeRecord(skim);
        if ('severity' in record) return tell(record);
        table.add(record, { file, line });
        devices.set(deviceKey(record.device), record.device);
      },
      onFault: tell,
    },
    options,
  );
  return { table, devices: [...devices.values()], broken: faults.sentences(mostBrokenTold) };
}

interface Nothing {
  readonly workload: Workload;
  readonly device: DeviceDescription;
  readonly folder: string;
  readonly broken: readonly string[];
  readonly passedOver: readonly PassedOver[];
  /** The best of another architecture, which may not be taken unasked. */
  readonly other: BestOf | null;
  /** The nearest workload of the operator that the logs know. */
  readonly near: Workload | null;
}

/** Why there is no kernel, and what to do. */
function noneSentence({ workload, device, folder, broken, passedOver, other, near }: Nothing): string {
  const name = describeWorkload(workload);
  const [first] = passedOver;
  if (first !== undefined) {
    const more = passedOver.length === 1 ? '' : `, and ${passedOver.length - 1} more`;
    return `no record of ${name} in ${folder} makes a kernel on ${device.name}: ${first.file}:${first.line} is ${first.why}${more}; tune it here`;
  }
  if (other !== null)
    return `the only record of ${name} in ${folder} is of another device (${other.record.device.name}); tune it on ${device.name}, or add --allow-other to use that one`;
  const unread = broken.length === 0 ? '' : ` that can be read (${broken.join('; ')})`;
  const nearest =
    near === null
      ? ''
      : `; the nearest known is ${describeWorkload(near)}, whose schedule \`best --nearest\` and \`run --nearest\` refit`;
  return `there is no record of ${name} in ${folder}${unread}${nearest}; tune it first`;
}
