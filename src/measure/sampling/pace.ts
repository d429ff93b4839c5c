import { type ReferenceTimes, referenceNames } from '../../records/reference-names.ts';
import { median, quantile } from './statistics.ts';

/** How fast the machine is, by the references' times against those when nothing disturbs it. */
interface Pace {
  /** The time of each reference on the quiet machine; null before the first reading. */
  quietNs(): ReferenceTimes | null;
  /** Whether most readings are as fast as the fastest: then these are of a quiet machine. Disturbed ones scatter. */
  isSettled(): boolean;
  /** Takes a reading in and says how many times slower than when it is quiet the machine was: the geometric mean over the references. */
  see(times: ReferenceTimes): number;
}

/** After this many further readings, all are searched for a faster quiet time. */
const refineEvery = 32;
/** Readings of which this share must be near the fastest for a machine to be quiet, and how many there must be. */
const settled = 0.7;
const fewestSettled = 48;
/** Readings that are kept: minutes of a run. */
const mostReadings = 2048;
/** A quiet time found later replaces the earlier one when it is below this share of it: smaller differences are noise. */
const faster = 0.97;

/** `known`: the quiet times that earlier runs on this device found; null where this is the first. */
export function createPace(known: ReferenceTimes | null): Pace {
  const readings: ReferenceTimes[] = [];
  let quiet = known;
  const refine = (): void => {
    const found = quietOf(readings);
    if (found === null) return;
    quiet = quiet === null ? found : lesser(quiet, found);
  };
  return {
    quietNs: () => quiet,
    isSettled: () => {
      const found = quietOf(readings);
      if (found === null || readings.length < fewestSettled) return false;
      return readings.filter((times) => slowdownOf(times, found) <= near).length >= settled * readings.length;
    },
    see: (times) => {
      readings.push(times);
      if (readings.length > mostReadings) readings.splice(0, mostReadings / 2);
      if (quiet === null || readings.length % refineEvery === 0) refine();
      return quiet === null ? 1 : slowdownOf(times, quiet);
    },
  };
}

/** The mean of two readings. */
export function meanTimes(a: ReferenceTimes, b: ReferenceTimes): ReferenceTimes {
  return { arithmetic: (a.arithmetic + b.arithmetic) / 2, memory: (a.memory + b.memory) / 2 };
}

/** Geometric mean of the references' times over their times on the quiet machine. */
export function slowdownOf(times: ReferenceTimes, quiet: ReferenceTimes): number {
  let product = 1;
  for (const name of referenceNames) product *= times[name] / quiet[name];
  return product ** (1 / referenceNames.length);
}

/** The time of each reference in the fastest mode of these readings. */
export function quietOf(readings: readonly ReferenceTimes[]): ReferenceTimes | null {
  const [arithmetic, memory] = referenceNames.map((name) => fastestMode(readings.map((times) => times[name])));
  return arithmetic == null || memory == null ? null : { arithmetic, memory };
}

/** The fastest mode of a machine that has several speeds: the median of the times near the fastest twentieth. */
const fastest = 0.05;
const near = 1.12;

function fastestMode(times: readonly number[]): number | null {
  const edge = quantile(times, fastest);
  return edge === null ? null : median(times.filter((time) => time <= near * edge));
}

/** What is known of the quiet machine by two findings: of each reference the lesser, unless that is the noise of either. */
export function lesser(before: ReferenceTimes, found: ReferenceTimes): ReferenceTimes {
  const pick = (name: keyof ReferenceTimes): number =>
    found[name] < faster * before[name] ? found[name] : before[name];
  return { arithmetic: pick('arithmetic'), memory: pick('memory') };
}
