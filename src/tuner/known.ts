import type { DeviceDescription } from '../ir/limits.ts';
import { quietOf } from '../measure/sampling/pace.ts';
import { median } from '../measure/sampling/statistics.ts';
import { type Workload, workloadKey } from '../operators/workload.ts';
import { type BestOf, type BestTable, createBestTable, type Ranked } from '../records/best.ts';
import { deviceKey, distanceBetween } from '../records/device-key.ts';
import { pickNaive } from '../records/faster.ts';
import { createFaultGroups, type LogFault } from '../records/log-fault.ts';
import { isVerified, type TuningRecord, type VerifiedRecord } from '../records/record.ts';
import type { ReferenceTimes } from '../records/reference-names.ts';
import { timeOf } from '../records/relative-time.ts';
import { scheduleKey } from '../records/schedule-key.ts';
import { type Skim, skimLogs, wholeRecord } from '../records/skim.ts';
import { type Against, readStanding } from '../records/standing.ts';
import { createTopTable } from '../records/top-table.ts';
import type { SketchSpace } from '../search/space/sketch-space.ts';
import { type Candidate, candidateKey, type Observation } from '../search/strategy.ts';
import { recordedValues } from '../space/recorded.ts';
import { chooseBest, type PassedOver } from './choose-best.ts';

/** What the logs hold for one workload. */
export interface Known {
  /** Records of this workload on this very device. */
  readonly records: readonly TuningRecord[];
  /** The same records to be ranked; it knows which of them later measurements refute. */
  readonly table: BestTable;
  /** The best record of this device that counts and makes a kernel, and the fastest of the naive schedule on it. */
  readonly best: BestOf | null;
  readonly naive: TuningRecord | null;
  /** Times of the references on this device when it is quiet, by all runs on it, whatever they tuned; null where no run had any. */
  readonly quietNs: ReferenceTimes | null;
  /** Records of this device that are doubted, or far ahead of all others. They are measured again before the search begins. */
  readonly suspects: readonly Suspect[];
  /** Faster records of this device that were passed over, and why. */
  readonly passedOver: readonly PassedOver[];
  /**
   * The fastest records of the same workload on every other device, and of the logs that ship with wgtune, where also a device like this one is another
   * machine: nearest device first, and within one the fastest first.
   */
  readonly elsewhere: readonly TuningRecord[];
  /** The latest records of searches on this device, of any workload, oldest first: from them is learned what building takes. */
  readonly builds: readonly TuningRecord[];
  /** Broken lines, each one sentence with file and line. */
  readonly faults: readonly string[];
}

/** A record whose schedule is to be measured again at once. */
interface Suspect {
  readonly record: BestOf['record'];
  readonly why: string;
}

export function nothingKnown(): Known {
  const table = createBestTable();
  return {
    ...{ records: [], table, best: null, naive: null, quietNs: null },
    ...{ suspects: [], passedOver: [], elsewhere: [], builds: [], faults: [] },
  };
}

const mostFaultsTold = 20;

/** A record further ahead of the next best schedule is suspicious: a search seldom gains so much at one stroke, a mistake often does. */
const suspiciousLead = 8;
const mostSuspects = 3;

/** As many builds tell what building takes on a device; each record is built anew up to its kernel, which takes some ten milliseconds. */
const mostBuilds = 32;

/** Beyond the fastest few, the records of another device say nothing about this one. */
const mostFromOneDevice = 8;

/**
 * Reads a folder's logs for a workload on a device. A missing folder counts as an empty one. `shipped`: paths of logs from elsewhere; their records are
 * never taken for measurements of this machine.
 */
export async function loadKnown(
  folder: string,
  workload: Workload,
  device: DeviceDescription,
  shipped: readonly string[] = [],
): Promise<Known> {
  const wanted = workloadKey(workload);
  const own = deviceKey(device);
  const records: TuningRecord[] = [];
  const faults = createFaultGroups();
  const quiet = new Map<string, ReferenceTimes>();
  const latest: Skim[] = [];
  const options = { missingIsEmpty: true };
  const standing = await readStanding([folder, ...shipped], options);
  const table = createBestTable(standing);
  const others = createTopTable(mostFromOneDevice, (record) => record, standing);
  const tell = (fault: LogFault): void => {
    if (fault.severity !== 'note') faults.add(fault);
  };
  await skimLogs(
    [folder],
    {
      onSkim: (skim, file, line) => {
        if (skim.deviceKey === own && skim.relative !== null) quiet.set(runOf(skim.id), skim.relative.quietNs);
        if (skim.deviceKey === own && skim.origin === 'search') {
          latest.push(skim);
          if (latest.length > mostBuilds) latest.shift();
        }
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
        table.add(record, { file, line });
      },
      onFault: tell,
    },
    options,
  );
  const fromElsewhere = (skim: Skim, file: string, line: number): void => {
    const fault = skim.workloadKey === wanted ? others.add(skim, file, line) : null;
    if (fault !== null) tell(fault);
  };
  await skimLogs(shipped, { onSkim: fromElsewhere, onFault: tell }, options);
  const elsewhere = others
    .entries()
    .map((entries) => ({
      entries,
      distance: distanceBetween(device, (entries[0] as { device: DeviceDescription }).device),
    }))
    .sort((a, b) => a.distance - b.distance)
    .flatMap(({ entries }) => entries.map(({ held }) => held));
  const { chosen, passedOver } = chooseBest(table, workload, device);
  const naive = table
    .ranked(workload, device)
    .flatMap(({ record, against }) => (record.origin === 'baseline' && against === null ? [record] : []))
    .reduce<VerifiedRecord | null>(pickNaive, null);
  return {
    records,
    table,
    best: chosen === null ? null : { record: chosen.record, whose: chosen.whose },
    naive,
    quietNs: quietOf([...quiet.values()]),
    suspects: suspectsOf(table.ranked(workload, device), chosen),
    passedOver,
    elsewhere,
    builds: latest.flatMap((skim) => {
      const record = wholeRecord(skim);
      return 'severity' in record ? [] : [record];
    }),
    faults: faults.sentences(mostFaultsTold),
  };
}

/** Doubted records, and the best where it is far ahead of all other schedules. */
function suspectsOf(ranked: readonly Ranked[], chosen: Ranked | null): readonly Suspect[] {
  const doubted = ranked
    .filter(({ against }) => against?.kind === 'doubted')
    .map(({ record, against }) => ({ record, why: (against as Against).why }));
  const next = ranked.find(
    ({ record, against }) =>
      against === null && chosen !== null && scheduleKey(record.trace) !== scheduleKey(chosen.record.trace),
  );
  const isFarAhead =
    chosen !== null &&
    chosen.against === null &&
    next !== undefined &&
    timeOf(next.record) > suspiciousLead * timeOf(chosen.record);
  const far = isFarAhead ? [{ record: chosen.record, why: `no other schedule comes near` }] : [];
  return [...doubted, ...far].slice(0, mostSuspects);
}

/** The name of the run that a record's id begins with. */
function runOf(id: string): string {
  return id.slice(0, Math.max(0, id.lastIndexOf('#')));
}

/**
 * Records without a time on the quiet machine compare only within their run. Such a run is scaled by what it has in common with this one: its
 * naive schedule or its best, which this one timed again. `again`: old records and their times now. A run with nothing in common is scaled by the
 * median of the others' factors.
 */
export function joinOldRuns(
  records: readonly TuningRecord[],
  again: readonly { readonly old: TuningRecord; readonly timeNs: number }[],
  timeOfNew: (record: TuningRecord) => number | null,
): (record: TuningRecord) => number | null {
  const factors = new Map<string, number>();
  for (const { old, timeNs } of again)
    for (const record of records) {
      const isSame = scheduleKey(record.trace) === scheduleKey(old.trace);
      if (isSame && record.relative === null && isVerified(record) && !factors.has(record.run))
        factors.set(record.run, timeNs / record.medianNs);
    }
  const usual = median([...factors.values()]) ?? 1;
  return (record) => {
    if (!isVerified(record)) return null;
    if (record.relative !== null) return timeOfNew(record);
    return record.medianNs * (factors.get(record.run) ?? usual);
  };
}

/**
 * The candidates of this space that were measured, as observations: a search need not measure them again. Of several records of one
 * candidate, the fastest that counts is taken, by `timeOfRecord`, which gives null for a record that is not verified.
 */
export function knownObservations(
  space: Pick<SketchSpace, 'sketches'>,
  records: readonly TuningRecord[],
  counts: (record: TuningRecord) => boolean = () => true,
  timeOfRecord: (record: TuningRecord) => number | null = (record) => (isVerified(record) ? timeOf(record) : null),
): Observation[] {
  const counted = records.filter((record) => !isVerified(record) || counts(record));
  return observationsOf(
    space,
    counted.map((record) => ({ sketch: record.sketch, decisions: record.decisions, timeNs: timeOfRecord(record) })),
  );
}

/** The same of decisions and times, which may come from elsewhere. */
export function observationsOf(
  space: Pick<SketchSpace, 'sketches'>,
  measured: readonly (Pick<TuningRecord, 'sketch' | 'decisions'> & { readonly timeNs: number | null })[],
): Observation[] {
  const byName = new Map(space.sketches.map((sketch, index) => [sketch.name, index]));
  const observations = new Map<string, Observation>();
  for (const { sketch, decisions, timeNs } of measured) {
    const index = sketch === null ? undefined : byName.get(sketch);
    if (index === undefined) continue;
    const values = recordedValues(space.sketches[index] as SketchSpace['sketches'][number], decisions);
    // A record of other decisions than today's teaches nothing about this space.
    if (values === null) continue;
    const candidate: Candidate = { sketch: index, values, score: null };
    const key = candidateKey(candidate);
    const held = observations.get(key)?.timeNs ?? Number.POSITIVE_INFINITY;
    if (!observations.has(key) || (timeNs ?? Number.POSITIVE_INFINITY) < held)
      observations.set(key, { candidate, timeNs });
  }
  return [...observations.values()];
}
