import { z } from 'zod';
import type { ReferenceTimes } from './reference-names.ts';

const nanoseconds = z.number().positive();

/**
 * A time that means the same in every run on a device: what a kernel takes when nothing disturbs the machine, judged by the references that ran
 * beside it. `quietNs` is what the references take on the quiet machine, as far as the run knew then: where it had seen no quiet moment yet, the time
 * is too long, never too short.
 */
export const relativeTimeSchema = z.strictObject({
  timeNs: nanoseconds,
  /** Interval of the time, from the spread of its samples and from how well the references tell the slowdown. */
  lowNs: nanoseconds,
  highNs: nanoseconds,
  /** Samples of quiet moments that made the time; 0 where there were too few and the time is scaled from disturbed ones. */
  calm: z.int().nonnegative(),
  quietNs: z.strictObject({ arithmetic: nanoseconds, memory: nanoseconds }),
});

export interface RelativeTime extends Readonly<Omit<z.infer<typeof relativeTimeSchema>, 'quietNs'>> {
  readonly quietNs: ReferenceTimes;
}

/** The references' times beside each sample, one list per reference. */
export const referencesSchema = z.strictObject({ arithmetic: z.array(nanoseconds), memory: z.array(nanoseconds) });

interface Timed {
  readonly medianNs: number | null;
  readonly relative: RelativeTime | null;
}

/** What the kernel takes, ns, on the quiet machine as its run knew it; the median of its samples where nothing ran beside them. */
export function timeOf(record: Timed & { readonly medianNs: number }): number;
export function timeOf(record: Timed): number | null;
export function timeOf({ relative, medianNs }: Timed): number | null {
  return relative?.timeNs ?? medianNs;
}
