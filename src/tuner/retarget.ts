import type { DeviceDescription } from '../ir/limits.ts';
import type { Workload } from '../operators/workload.ts';
import { deviceKey } from '../records/device-key.ts';
import type { TuningRecord } from '../records/record.ts';
import { scheduleKey } from '../records/schedule-key.ts';
import { isFault, replay } from '../schedule/replay.ts';
import type { Scheduled } from '../space/sketch.ts';
import { isRefusal } from '../support/refusal.ts';
import { buildArtifact, programOf } from './build.ts';

/** A schedule that was fast on another device and makes a kernel within this one's limits. */
interface Reusable {
  readonly record: TuningRecord;
  readonly scheduled: Scheduled;
}

export interface Reuse {
  /** In the order in which they are to be measured here. */
  readonly schedules: readonly Reusable[];
  /** How many more schedules there were that are not legal here, or make no kernel within this device's limits. */
  readonly unfit: number;
  /** Names of the devices they come from, nearest first. */
  readonly devices: readonly string[];
}

export const noReuse: Reuse = { schedules: [], unfit: 0, devices: [] };

/** Enough for the best of a few devices; with more, a search would spend its trials on what suits other devices. */
const mostReused = 8;

/**
 * Chooses the schedules of other devices to be measured here first: the best of every device, nearest device first, then every device's second
 * best, and so on; at most eight and half of the trials. None is taken that was measured here before. Every trace may be a stranger's, so it is
 * replayed through the legality checks and built for this device's limits. (AutoTVM and Ansor start from the best of one's own logs too.)
 */
export function chooseReuse(
  workload: Workload,
  device: DeviceDescription,
  elsewhere: readonly TuningRecord[],
  measuredHere: readonly TuningRecord[],
  trials: number,
): Reuse {
  const most = Math.min(mostReused, Math.floor(trials / 2));
  // Chosen before schedules known here are left out, so that a continued run does not go on to the next best of other devices.
  const seen = new Set<string>();
  const chosen: Reusable[] = [];
  let unfit = 0;
  for (const record of inTurns(elsewhere)) {
    if (chosen.length >= most) break;
    const key = scheduleKey(record.trace);
    // The naive schedule is measured anyway.
    if (seen.has(key) || record.origin === 'baseline') continue;
    seen.add(key);
    const program = replay(programOf(workload), record.trace);
    if (isFault(program) || isRefusal(buildArtifact(program, device))) unfit += 1;
    else chosen.push({ record, scheduled: { trace: record.trace, program } });
  }
  const known = new Set(measuredHere.map((record) => scheduleKey(record.trace)));
  const schedules = chosen.filter(({ record }) => !known.has(scheduleKey(record.trace)));
  return { schedules, unfit, devices: [...new Set(schedules.map(({ record }) => record.device.name))] };
}

/** The first of every device, then the second of every device, and so on; devices in the order of their first records. */
function inTurns(records: readonly TuningRecord[]): readonly TuningRecord[] {
  const byDevice = new Map<string, TuningRecord[]>();
  for (const record of records) {
    const key = deviceKey(record.device);
    const held = byDevice.get(key);
    if (held === undefined) byDevice.set(key, [record]);
    else held.push(record);
  }
  const queues = [...byDevice.values()];
  const longest = Math.max(0, ...queues.map((queue) => queue.length));
  return Array.from({ length: longest }, (_, turn) => queues.flatMap((queue) => queue.slice(turn, turn + 1))).flat();
}
