import { type ReferenceTimes, referenceNames } from '../../records/reference-names.ts';
import type { RelativeTime } from '../../records/relative-time.ts';
import { type Estimate, estimateTime } from './estimate.ts';
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
  const { arithmetic, memory } = references;
  return estimateTime(
    samplesNs.map((ns, at) => ({
      ns,
      slowdown: slowdownOf({ arithmetic: arithmetic[at] as number, memory: memory[at] as number }, quietNs),
    })),
  );
}
