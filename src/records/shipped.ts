import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, gunzipSync } from 'node:zlib';
import type { DeviceDescription } from '../ir/limits.ts';
import { type Workload, workloadKey } from '../operators/workload.ts';
import { packedLogEnding } from './log-files.ts';
import { recordSchema } from './record.ts';
import { parsedAs } from './skim.ts';

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

/** What a shipped log holds, by its first line. */
interface ShippedHead {
  readonly path: string;
  readonly workload: Workload;
  readonly device: DeviceDescription;
}

/**
 * What the shipped logs of an operator hold: reading all of each would keep a run waiting, and those of other operators are not opened. A file that
 * does not begin with a record is left out; none where `folder` is null.
 */
export function shippedHeads(operator: string, folder: string | null = shippedLogFolder): readonly ShippedHead[] {
  if (folder === null) return [];
  // Most are of one device, whose description is most of what there is to parse.
  const devices = new Map<string, DeviceDescription | null>();
  return listShippedLogs(folder)
    .filter((log) => log.operator === operator)
    .flatMap(({ path }) => {
      const text = beginningOf(path);
      const workload = parsedAs(fieldIn(text, 'workload', 'device'), recordSchema.shape.workload);
      const deviceText = fieldIn(text, 'device', 'origin');
      const device = devices.get(deviceText) ?? parsedAs(deviceText, recordSchema.shape.device);
      devices.set(deviceText, device);
      return workload === null || device === null ? [] : [{ path, workload, device }];
    });
}

/** The text of a field of the first line, by the field that comes after it. */
function fieldIn(text: string, name: string, next: string): string {
  const from = text.indexOf(`,"${name}":`);
  const to = text.indexOf(`,"${next}":`, from);
  return from < 0 || to < 0 ? '' : text.slice(from + name.length + 4, to);
}

/** Packed bytes that hold what stands before the schedule of the first record. */
const headBytes = 2048;

/** The beginning of a packed file; empty where there is none. */
function beginningOf(path: string): string {
  try {
    const file = openSync(path, 'r');
    try {
      const packed = Buffer.alloc(headBytes);
      const read = readSync(file, packed, 0, headBytes, 0);
      // The rest of the file is missing, which is no mistake here.
      const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1 << 22 };
      return gunzipSync(packed.subarray(0, read), options).toString();
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
