import { type ReferenceTimes, referenceNames } from '../../records/reference-names.ts';
import type { RelativeTime } from '../../records/relative-time.ts';
import { type Estimate, estimateTime, type PacedSample } from './estimate.ts';
import { slowdownOf } from './pace.ts';

/** What a record keeps of how its kernel was timed. */
export interface TimedBeside {
  readonly samplesNs: readonly number[];
  readonly relative: RelativeTime | null;
  readonly references: Readonly<Record<keyof ReferenceTimes, readonly number[]>> | null;
}

/**
 * The time of a record by what is known of the quiet machine now, which may be more than when it was measured: samples that seemed quiet then may turn out
 * to be of a machine that was slow throughout. Null where no references ran beside it.
 */
export function timeUnder({ samplesNs, relative, references }: TimedBeside, quietNs: ReferenceTimes): Estimate | null {
  if (relative === null || references === null) return null;
  if (referenceNames.every((name) => relative.quietNs[name] === quietNs[name])) return relative;
  return estimateTime(samplesUnder({ samplesNs, references }, quietNs));
}

/** The samples of a record, each with how much slower than the quiet machine the references were beside it; 1 where none ran. */
export function samplesUnder(
  { samplesNs, references }: Pick<TimedBeside, 'samplesNs' | 'references'>,
  quietNs: ReferenceTimes | null,
): readonly PacedSample[] {
  if (references === null || quietNs === null) return samplesNs.map((ns) => ({ ns, slowdown: 1 }));
  const { arithmetic, memory } = references;
  return samplesNs.map((ns, at) => ({
    ns,
    slowdown: slowdownOf({ arithmetic: arithmetic[at] as number, memory: memory[at] as number }, quietNs),
  }));
}
