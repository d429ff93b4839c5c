import { hasColdCaches } from '../device/caches.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import { defaultMargin, ratioApart, type TimeRatio, type Verdict, verdictOf } from '../measure/sampling/ratio.ts';
import type { TimedBeside } from '../measure/sampling/under-quiet.ts';
import type { Workload } from '../operators/workload.ts';
import { deviceKey, differingFacts } from '../records/device-key.ts';
import type { TuningRecord } from '../records/record.ts';
import { createRandom } from '../support/random.ts';

/** One kernel of a side, as its record tells of it. */
export interface RecordedKernel {
  readonly workload: Workload;
  readonly workloadKey: string;
  readonly device: DeviceDescription;
  readonly deviceKey: string;
  readonly timed: TimedBeside;
  readonly timeNs: number;
  /** Where its record stands, for people. */
  readonly where: string;
  readonly schedule: string;
}

/** How the kernel of one side compares with that of the other. */
export interface KernelComparison {
  readonly workload: Workload;
  /** Where `after` was measured. */
  readonly device: DeviceDescription;
  /** In which facts the device of `before` differs from it. */
  readonly differs: readonly string[];
  readonly before: ComparedTime;
  readonly after: ComparedTime;
  /** Time of `after` over that of `before`, with its interval; null where the samples are too few for one. */
  readonly ratio: TimeRatio | null;
  readonly verdict: Verdict;
  /** How the times were taken: from two recordings, in turn on one device, or not at all where both are the same kernel. */
  readonly how: 'apart' | 'in-turn' | 'same-kernel';
}

export interface ComparedTime {
  readonly timeNs: number | null;
  readonly samples: number;
  readonly where: string;
}

/** A kernel that only one side has. */
export interface Unpaired {
  readonly side: 'before' | 'after';
  readonly workload: Workload;
  readonly device: DeviceDescription | null;
}

/** What `compareRecorded` takes besides. */
interface RecordedOptions extends ComparisonOptions {
  /** See recordingsApart; null where the logs do not tell. */
  readonly apart?: number | null;
}

export interface ComparisonOptions {
  /** Differences smaller than this share count as none. */
  readonly margin?: number;
  /** Start of the resampling. */
  readonly seed?: number;
}

/** What a comparison by samples takes of a record. */
export function recordedKernel(
  record: TuningRecord & { readonly medianNs: number },
  keys: Pick<RecordedKernel, 'workloadKey' | 'schedule' | 'where'>,
): RecordedKernel {
  const { workload, device, samplesNs, relative, references, medianNs } = record;
  const timed = { samplesNs, relative, references };
  return { workload, device, deviceKey: deviceKey(device), timed, timeNs: relative?.timeNs ?? medianNs, ...keys };
}

/**
 * Compares kernels of two sides by the samples of their records: of each workload those of one device, and where a side has it on one device only
 * that is set up otherwise (a newer driver), those of its name and profile. Also returns what has no partner.
 */
export function compareRecorded(
  before: readonly RecordedKernel[],
  after: readonly RecordedKernel[],
  { margin = defaultMargin, seed = 1, apart = null }: RecordedOptions = {},
): { readonly comparisons: readonly KernelComparison[]; readonly unpaired: readonly Unpaired[] } {
  const left = new Set(before);
  const right = new Set(after);
  const pairs: (readonly [RecordedKernel, RecordedKernel])[] = [];
  for (const keyOf of [sameDevice, sameName])
    for (const one of before) {
      if (!left.has(one)) continue;
      const other = [...right].find((candidate) => keyOf(candidate) === keyOf(one));
      if (other === undefined) continue;
      left.delete(one);
      right.delete(other);
      pairs.push([one, other]);
    }
  const random = createRandom(seed);
  return {
    comparisons: pairs.map(([one, other], at) => {
      const ratio = ratioApart(one.timed, other.timed, random.fork(String(at)), {
        sameMachine: one.deviceKey === other.deviceKey,
        ...(apart === null ? {} : { apart }),
      });
      return {
        workload: other.workload,
        device: other.device,
        differs: differingFacts(other.device, one.device),
        ...{ before: timeIn(one), after: timeIn(other), ratio },
        verdict: ratio === null ? 'AMBIGUOUS' : verdictOf(ratio, margin),
        how: 'apart',
      };
    }),
    unpaired: [
      ...[...left].map(({ workload, device }) => ({ side: 'before' as const, workload, device })),
      ...[...right].map(({ workload, device }) => ({ side: 'after' as const, workload, device })),
    ],
  };
}

function timeIn({ timeNs, timed, where }: RecordedKernel): ComparedTime {
  return { timeNs, samples: timed.samplesNs.length, where };
}

function sameDevice({ workloadKey, schedule, deviceKey: device }: RecordedKernel): string {
  return `${workloadKey} ${schedule} ${device}`;
}

function sameName({ workloadKey, schedule, device }: RecordedKernel): string {
  return JSON.stringify([workloadKey, schedule, device.name, device.profile, hasColdCaches(device)]);
}
