import type { DeviceDescription } from '../../ir/limits.ts';
import type { Workload } from '../../operators/workload.ts';
import type { LogFault } from '../../records/log-fault.ts';
import type { ReadOptions, ReadSummary } from '../../records/log-reader.ts';
import type { TuningRecord } from '../../records/record.ts';
import { timeOf } from '../../records/relative-time.ts';
import { createPartReader, type Skim, skimLogs } from '../../records/skim.ts';
import { readStanding } from '../../records/standing.ts';

/** What a record teaches: the decisions of its schedule, and the time that came of them, ns; null for a failure. */
interface Lesson extends Pick<TuningRecord, 'sketch' | 'decisions'> {
  readonly timeNs: number | null;
}

/** Records of one workload on one device whose times compare with each other. */
export interface LessonGroup {
  readonly workload: Workload;
  readonly workloadKey: string;
  readonly device: DeviceDescription;
  readonly deviceKey: string;
  readonly lessons: readonly Lesson[];
}

interface Lessons {
  readonly groups: readonly LessonGroup[];
  readonly read: ReadSummary;
  /** Records that were left out because there were too many. */
  readonly left: number;
}

interface LessonOptions extends ReadOptions {
  readonly onFault?: (fault: LogFault) => void;
  /** Whether a group is of interest, asked for every record. */
  readonly wants?: (workloadKey: string, deviceKey: string) => boolean;
  /** Records of a group beyond these are taken only where they beat all before. */
  readonly mostOfGroup?: number;
}

/** Records beyond these are left out, and said to be: a log may be a stranger's, and must not fill the memory. */
const mostLessons = 100_000;
const mostGroups = 2000;

const decidedOf = createPartReader(['sketch', 'decisions', 'samplesNs', 'references']);

/**
 * Reads what logs teach: searched schedules that were measured, and those that failed on the device. Refuted and doubted times are left out, as are
 * schedules that come from no sketch. Times of runs without references compare within their run only, so that each is a group of its own.
 * Rejects with UserError where a path cannot be read.
 */
export async function readLessons(paths: readonly string[], options: LessonOptions = {}): Promise<Lessons> {
  const { wants = () => true, mostOfGroup = mostLessons, onFault, ...reading } = options;
  const standing = await readStanding(paths, reading);
  const groups = new Map<string, LessonGroup & { readonly lessons: Lesson[] }>();
  const bests = new Map<string, number>();
  let count = 0;
  let left = 0;
  const onSkim = (skim: Skim): void => {
    const { workload, workloadKey, device, deviceKey, verified, relative, origin, outcome } = skim;
    if (origin === 'baseline' || outcome === 'refused' || !wants(workloadKey, deviceKey)) return;
    const key = `${workloadKey} ${deviceKey} ${relative === null ? runOf(skim.id) : ''}`;
    const group = groups.get(key) ?? { workload, workloadKey, device, deviceKey, lessons: [] };
    const timeNs = verified ? timeOf(skim) : null;
    const best = bests.get(key) ?? Number.POSITIVE_INFINITY;
    const isFull = group.lessons.length >= mostOfGroup && (timeNs === null || timeNs >= best);
    if (isFull || count >= mostLessons || (!groups.has(key) && groups.size >= mostGroups)) {
      left++;
      return;
    }
    const decided = decidedOf(skim);
    if ('severity' in decided) {
      onFault?.(decided);
      return;
    }
    const { sketch, decisions } = decided;
    if (sketch === null || (verified && standing.against({ ...skim, ...decided }) !== null)) return;
    if (timeNs !== null) bests.set(key, Math.min(best, timeNs));
    groups.set(key, group);
    group.lessons.push({ sketch, decisions, timeNs });
    count++;
  };
  const read = await skimLogs(paths, { onSkim, ...(onFault === undefined ? {} : { onFault }) }, reading);
  return { groups: [...groups.values()], read, left };
}

/** The name of the run that a record's id begins with. */
function runOf(id: string): string {
  return id.slice(0, Math.max(0, id.lastIndexOf('#')));
}

/** A workload on a device of which logs hold records, and how many were verified. */
export interface LoggedGroup extends Pick<LessonGroup, 'workload' | 'workloadKey' | 'device' | 'deviceKey'> {
  readonly records: number;
}

/** What logs hold records of; the first so many, as a stranger's log may name any number. */
export async function listGroups(paths: readonly string[], options?: ReadOptions): Promise<readonly LoggedGroup[]> {
  const groups = new Map<string, LoggedGroup>();
  const onSkim = ({ workload, workloadKey, device, deviceKey, verified, origin }: Skim): void => {
    if (!verified || origin === 'baseline') return;
    const key = `${workloadKey} ${deviceKey}`;
    const held = groups.get(key);
    if (held === undefined && groups.size >= mostGroups) return;
    groups.set(key, { workload, workloadKey, device, deviceKey, records: (held?.records ?? 0) + 1 });
  };
  await skimLogs(paths, { onSkim }, options);
  return [...groups.values()];
}
