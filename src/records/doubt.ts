import type { DeviceDescription } from '../ir/limits.ts';
import { rooflineNs, type Throughput } from '../ir/roofline.ts';
import { checkedProgram } from '../operators/checked-program.ts';
import { flopsOf, outputBytes } from '../operators/flops.ts';
import { type Workload, workloadKey } from '../operators/workload.ts';
import { isRefusal } from '../support/refusal.ts';
import type { TuningRecord } from './record.ts';
import { referenceNames } from './reference-names.ts';
import type { RelativeTime } from './relative-time.ts';

/** The fields by which a time is doubted. */
export interface DoubtableRecord extends Pick<TuningRecord, 'medianNs' | 'relative' | 'workload' | 'device' | 'peaks'> {
  /** Absent where only a part of the record was read. */
  readonly samplesNs?: readonly number[];
  readonly references?: TuningRecord['references'];
  /** Where it is at hand already. */
  readonly workloadKey?: string;
}

/**
 * Peaks that no device of a type reaches, for records of runs that measured none: far above the largest processors and graphics cards of 2026,
 * so that only times that were never measured are doubted.
 */
const mostOfAll: Readonly<Record<DeviceDescription['type'], Throughput>> = {
  cpu: { flopsPerNs: 100_000, bytesPerNs: 20_000 },
  gpu: { flopsPerNs: 5_000_000, bytesPerNs: 200_000 },
};

/** No dispatch begins and ends in less than this on any device, nanoseconds: starting one takes about a microsecond. */
const shortestDispatchNs = 100;

/** Why a record's time cannot be that of its kernel, in words; null where nothing speaks against it. */
type Doubt = (record: DoubtableRecord) => string | null;

/** Holds times against two rooflines: that of the peaks which the record's own run measured, and that which no device of its type reaches. */
export function createDoubt(): Doubt {
  const works = new Map<string, { readonly flops: number; readonly bytes: number }>();
  const workOf = (workload: Workload, key: string): { readonly flops: number; readonly bytes: number } => {
    const held = works.get(key);
    if (held !== undefined) return held;
    const program = checkedProgram(workload);
    // Of an unknown operator it is known only that it is dispatched. Inputs do not count, as they need not be read whole: a stride skips some.
    const work = isRefusal(program) ? { flops: 0, bytes: 0 } : { flops: flopsOf(program), bytes: outputBytes(program) };
    if (works.size >= mostHeld) works.clear();
    works.set(key, work);
    return work;
  };
  return (record) => {
    const { medianNs, relative, workload, workloadKey: key = workloadKey(workload), device, peaks, samplesNs } = record;
    if (medianNs === null) return null;
    const contradiction = relative === null ? null : contradictionOf(relative, record);
    if (contradiction !== null) return contradiction;
    const timeNs = Math.min(medianNs, relative?.timeNs ?? medianNs);
    if (samplesNs?.every((ns) => medianNs < ns) || samplesNs?.every((ns) => medianNs > ns))
      return `its median of ${medianNs} ns is not among its samples`;
    if (timeNs < shortestDispatchNs) return `no device runs a kernel in less than ${shortestDispatchNs} ns`;
    const { flops, bytes } = workOf(workload, key);
    const least = rooflineNs(flops, bytes, mostOfAll[device.type]);
    if (timeNs < least)
      return `no ${device.type === 'cpu' ? 'processor' : 'GPU'} does this work in less than ${rounded(least)} ns`;
    // Peaks are those of single precision on ordinary lanes, as in the pruning that uses them.
    if (peaks === null || workload.dtype !== 'f32' || usesMatrices(device)) return null;
    const here = rooflineNs(flops, bytes, peaks);
    return timeNs < here
      ? `at the peaks that its run measured of the device this work takes at least ${rounded(here)} ns`
      : null;
  };
}

/** A time made by scaling disturbed samples is believed where the disturbance made the kernel take at most this many times as long. */
const mostScaled = 100;

/** How a time on the quiet machine contradicts the samples and the references beside them; null where it does not. */
function contradictionOf(
  { timeNs, calm, quietNs }: RelativeTime,
  { samplesNs, references }: Pick<DoubtableRecord, 'samplesNs' | 'references'>,
): string | null {
  if (samplesNs === undefined || references === undefined) return null;
  const least = Math.min(...samplesNs) / (calm > 0 ? 1 : mostScaled);
  if (timeNs < least || timeNs > Math.max(...samplesNs))
    return `its time of ${timeNs} ns on the quiet machine is not what its samples can say`;
  const longer = referenceNames.find((name) => references?.[name].every((ns) => quietNs[name] > 2 * ns));
  return longer === undefined ? null : `its ${longer} reference was always faster than it calls quiet`;
}

/** In a hostile log no two workloads are alike. */
const mostHeld = 4096;

function usesMatrices({ limits }: DeviceDescription): boolean {
  return limits.subgroupMatrix !== undefined;
}

function rounded(ns: number): string {
  return ns >= 100 ? ns.toFixed(0) : ns.toPrecision(2);
}
