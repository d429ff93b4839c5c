import type { DeviceDescription } from '../ir/limits.ts';
import { type Workload, workloadKey } from '../operators/workload.ts';
import { deviceKey, distanceBetween, type Kinship, kinshipOf } from './device-key.ts';
import { isVerified, type TuningRecord } from './record.ts';
import { beats } from './top-table.ts';

/** The best record there is for a workload, and whose it is: never another machine's time in disguise. */
export interface BestOf {
  readonly record: TuningRecord & { readonly medianNs: number };
  readonly whose: Kinship;
}

/** The best verified record of every workload on every device seen; holds one record for each, however many were added. */
export interface BestTable {
  /** Takes a record in; true when it became the best of its workload and device. Records that are not verified do not count. */
  add(record: TuningRecord): boolean;
  /**
   * The nearest device's best: of this device if there is one, else of this hardware with another driver, else of its architecture, else of
   * any other, preferring there devices of the same type and backend. Among equally near devices the fastest. Null when nothing was ever
   * verified.
   */
  lookup(workload: Workload, device: DeviceDescription): BestOf | null;
  /** The best of every device for a workload, nearest to `device` first and fastest first among equals. */
  everyDevice(workload: Workload, device: DeviceDescription): readonly BestOf[];
}

interface Entry {
  readonly record: BestOf['record'];
}

export function createBestTable(): BestTable {
  const table = new Map<string, Map<string, Entry>>();
  // Logs repeat the same few workloads and devices: hashing each once is what makes a big log quick to fold.
  const keyOfWorkload = memoize(workloadKey);
  const keyOfDevice = memoize(deviceKey);

  const everyDevice = (workload: Workload, device: DeviceDescription): readonly BestOf[] => {
    const entries = [...(table.get(workloadKey(workload))?.values() ?? [])];
    return entries
      .map(({ record }) => ({ record, distance: distanceBetween(device, record.device) }))
      .sort((a, b) => a.distance - b.distance || (beats(a.record, b.record) ? -1 : 1))
      .map(({ record }) => ({ record, whose: kinshipOf(device, record.device) }));
  };

  return {
    add: (record) => {
      if (!isVerified(record)) return false;
      const workload = keyOfWorkload(record.workload);
      const device = keyOfDevice(record.device);
      const devices = table.get(workload) ?? new Map<string, Entry>();
      table.set(workload, devices);
      const held = devices.get(device);
      if (held !== undefined && !beats(record, held.record)) return false;
      devices.set(device, { record });
      return true;
    },
    lookup: (workload, device) => everyDevice(workload, device)[0] ?? null,
    everyDevice,
  };
}

/** The best record among some; see BestTable.lookup. */
export function bestOf(records: Iterable<TuningRecord>, workload: Workload, device: DeviceDescription): BestOf | null {
  const table = createBestTable();
  for (const record of records) table.add(record);
  return table.lookup(workload, device);
}

function memoize<T extends object>(key: (value: T) => string): (value: T) => string {
  const known = new Map<string, string>();
  return (value) => {
    const text = JSON.stringify(value);
    const held = known.get(text);
    if (held !== undefined) return held;
    const made = key(value);
    known.set(text, made);
    return made;
  };
}
