import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Workload, workloadKey } from '../operators/workload.ts';
import { packedLogEnding } from './log-files.ts';

/**
 * The folder of the logs that ship with wgtune. They are only read: what is measured goes into the user's own folder, and a record of the user's
 * own stands before one that ships.
 */
export const shippedLogFolder: string = fileURLToPath(new URL('../../tuning-logs/shipped', import.meta.url));

/** What a shipped file holds, by its name: all records of one workload on one device. */
interface ShippedLog {
  readonly path: string;
  /** Name of the device. */
  readonly device: string;
  readonly operator: string;
  readonly workloadKey: string;
}

/** `lavapipe-256-conv2d-0123456789abcdef.jsonl.gz`: a workload's records are found without reading all files. */
export function shippedLogName(device: string, workload: Workload): string {
  return `${device}-${workload.operator}-${workloadKey(workload)}${packedLogEnding}`;
}

const namePattern = /^(?<device>[a-z0-9-]+)-(?<operator>[a-z0-9_]+)-(?<workloadKey>[0-9a-f]{16})\.jsonl\.gz$/;

/** The logs of a folder that are named as shipped ones are, by name; none where there is no such folder. What a file holds is believed only when it was read. */
export function listShippedLogs(folder: string = shippedLogFolder): readonly ShippedLog[] {
  return namesIn(folder).flatMap((name) => {
    const { device, operator, workloadKey: key } = namePattern.exec(name)?.groups ?? {};
    if (device === undefined || operator === undefined || key === undefined) return [];
    return [{ path: join(folder, name), device, operator, workloadKey: key }];
  });
}

/** Paths of the shipped logs of a workload, those of every device; none where `folder` is null. */
export function shippedLogsOf(workload: Workload, folder: string | null = shippedLogFolder): readonly string[] {
  if (folder === null) return [];
  const wanted = workloadKey(workload);
  return listShippedLogs(folder).flatMap(({ path, workloadKey: key }) => (key === wanted ? [path] : []));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
