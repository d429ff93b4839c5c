import type { DeviceDescription } from '../ir/limits.ts';
import { type Workload, workloadKey } from '../operators/workload.ts';
import { type BestOf, createBestTable } from '../records/best.ts';
import { deviceKey, distanceBetween } from '../records/device-key.ts';
import { describeFault, type LogFault } from '../records/log-fault.ts';
import { isVerified, type TuningRecord } from '../records/record.ts';
import { skimLogs, wholeRecord } from '../records/skim.ts';
import { createTopTable } from '../records/top-table.ts';
import type { SketchSpace } from '../search/space/sketch-space.ts';
import { type Candidate, candidateKey, type Observation } from '../search/strategy.ts';
import { recordedValues } from '../space/recorded.ts';

/** What the logs hold for one workload. */
export interface Known {
  /** Records of this workload on this very device. */
  readonly records: readonly TuningRecord[];
  /** The fastest verified record of this device, and the fastest of the naive schedule on it. */
  readonly best: BestOf | null;
  readonly naive: TuningRecord | null;
  /** The fastest of the same workload on every other device, nearest device first, fastest first within. */
  readonly elsewhere: readonly TuningRecord[];
  /** Broken lines, each one sentence with file and line. */
  readonly faults: readonly string[];
}

/** Of another device's records more than the fastest few say nothing of this one. */
const mostFromOneDevice = 8;

/** Reads a folder's logs for a workload on a device. A folder that is not there is an empty one. */
export async function loadKnown(folder: string, workload: Workload, device: DeviceDescription): Promise<Known> {
  const wanted = workloadKey(workload);
  const own = deviceKey(device);
  const records: TuningRecord[] = [];
  const faults: string[] = [];
  const table = createBestTable();
  const others = createTopTable(mostFromOneDevice, (record) => record);
  const tell = (fault: LogFault): void => {
    if (fault.severity !== 'note') faults.push(describeFault(fault));
  };
  await skimLogs(
    [folder],
    {
      onSkim: (skim, file, line) => {
        if (skim.workloadKey !== wanted) return;
        if (skim.deviceKey !== own) {
          const fault = others.add(skim, file, line);
          if (fault !== null) tell(fault);
          return;
        }
        const record = wholeRecord(skim);
        if ('severity' in record) {
          tell(record);
          return;
        }
        records.push(record);
        table.add(record);
      },
      onFault: tell,
    },
    { missingIsEmpty: true },
  );
  const elsewhere = others
    .entries()
    .map((entries) => ({
      entries,
      distance: distanceBetween(device, (entries[0] as { device: DeviceDescription }).device),
    }))
    .sort((a, b) => a.distance - b.distance)
    .flatMap(({ entries }) => entries.map(({ held }) => held));
  const naive = records
    .filter((record) => record.origin === 'baseline' && isVerified(record))
    .reduce<TuningRecord | null>(
      (fastest, record) => (fastest === null || (record.medianNs ?? 0) < (fastest.medianNs ?? 0) ? record : fastest),
      null,
    );
  return { records, best: table.lookup(workload, device), naive, elsewhere, faults };
}

/**
 * The candidates of this space that were measured, as observations: what a search need not measure again. Of several records of one
 * candidate the fastest counts.
 */
export function knownObservations(space: SketchSpace, records: readonly TuningRecord[]): Observation[] {
  const byName = new Map(space.sketches.map((sketch, index) => [sketch.name, index]));
  const observations = new Map<string, Observation>();
  for (const record of records) {
    const index = record.sketch === null ? undefined : byName.get(record.sketch);
    if (index === undefined) continue;
    const values = recordedValues(space.sketches[index] as SketchSpace['sketches'][number], record.decisions);
    // A record of other decisions than today's teaches nothing about this space.
    if (values === null) continue;
    const candidate: Candidate = { sketch: index, values, score: null };
    const timeNs = isVerified(record) ? record.medianNs : null;
    const key = candidateKey(candidate);
    const held = observations.get(key)?.timeNs ?? Number.POSITIVE_INFINITY;
    if (!observations.has(key) || (timeNs ?? Number.POSITIVE_INFINITY) < held)
      observations.set(key, { candidate, timeNs });
  }
  return [...observations.values()];
}
