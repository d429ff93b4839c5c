import { isVerified, type TuningRecord } from './record.ts';
import { timeOf } from './relative-time.ts';

/**
 * How many times as long a kernel must take for its earlier time to be called wrong. A shared machine runs at half its speed for seconds, and
 * now and then at a quarter; a mistaken refutation loses little, because the new time of the same schedule counts.
 */
const disproof = 8;

/** Whether a kernel that took `timeNs` now can have taken `recordedNs` before; `machine`: how many times as long everything takes now. */
export function isDisproved(recordedNs: number, timeNs: number, machine = 1): boolean {
  return timeNs > disproof * Math.max(1, machine) * recordedNs;
}

/** Outcomes that disprove a verified record of the same schedule on the same device: not those that a machine in trouble causes. */
const contradictions: ReadonlySet<TuningRecord['outcome']> = new Set(['wrong-answer', 'build-error', 'run-timeout']);

/**
 * The refutation of a record by a later measurement of its schedule on its device; null where that bears the record out, or tells nothing.
 * `machine` as for isDisproved.
 */
export function refutationOf(
  earlier: Pick<TuningRecord, 'id' | 'medianNs' | 'relative' | 'startedAt'>,
  later: Pick<TuningRecord, 'outcome' | 'verification' | 'medianNs' | 'relative' | 'error'>,
  machine = 1,
): TuningRecord['refutes'] {
  const { id } = earlier;
  const recordedNs = timeOf(earlier);
  if (recordedNs === null) return null;
  if (contradictions.has(later.outcome)) return { record: id, reason: `measured again it ended in ${later.outcome}` };
  const timeNs = isVerified(later) ? timeOf(later) : null;
  if (timeNs === null || !isDisproved(recordedNs, timeNs, machine)) return null;
  const times = timeNs / recordedNs;
  return {
    record: id,
    reason: `measured again it takes ${Math.round(timeNs)} ns, ${times.toPrecision(3)} times as long`,
  };
}
