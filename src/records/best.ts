import type { DeviceDescription } from '../ir/limits.ts';
import { type Workload, workloadKey } from '../operators/workload.ts';
import { architectureKey, deviceKey, type Kinship } from './device-key.ts';
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
   * The nearest device's best: of this device if there is one, else of its architecture, else of any other, preferring there
   * devices of the same type and backend. Among equally near devices the fastest. Null when nothing was ever verified.
   */
  lookup(workload: Workload, device: DeviceDescription): BestOf | null;
  /** The best of every device for a workload, nearest to `device` first and fastest first among equals. */
  everyDevice(workload: Workload, device: DeviceDescription): readonly BestOf[];
}

interface Entry {
  readonly record: BestOf['record'];
  readonly deviceKey: string;
}

export function createBestTable(): BestTable {
  const table = new Map<string, Map<string, Entry>>();
  // Logs repeat the same few workloads and devices: hashing each once is what makes a big log quick to fold.
  const keyOfWorkload = memoize(workloadKey);
  const keyOfDevice = memoize(deviceKey);

  const everyDevice = (workload: Workload, device: DeviceDescription): readonly BestOf[] => {
    const entries = [...(table.get(workloadKey(workload))?.values() ?? [])];
    const own = deviceKey(device);
    const family = architectureKey(device);
    const distance = (entry: Entry): number => {
      const other = entry.record.device;
      if (entry.deviceKey === own) return 0;
      if (architectureKey(other) === family) return 1;
      return 2 + (other.type === device.type ? 0 : 2) + (other.backend === device.backend ? 0 : 1);
    };
    const whose = (steps: number): Kinship =>
      steps === 0 ? 'same-device' : steps === 1 ? 'same-architecture' : 'other-device';
    return entries
      .map((entry) => ({ record: entry.record, steps: distance(entry) }))
      .sort((a, b) => a.steps - b.steps || (beats(a.record, b.record) ? -1 : 1))
      .map(({ record, steps }) => ({ record, whose: whose(steps) }));
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
      devices.set(device, { record, deviceKey: device });
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
