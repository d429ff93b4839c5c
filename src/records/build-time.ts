import type { TuningRecord } from './record.ts';

/** Outcomes of trials whose build ended, or was given up after a time that is a lower bound. */
const built: ReadonlySet<TuningRecord['outcome']> = new Set([
  'ok',
  'unstable',
  'wrong-answer',
  'run-timeout',
  'build-timeout',
]);

/**
 * Milliseconds that a candidate took to build, in the process that built it first; at least so many for a `build-timeout`. Null where it was not
 * built, or died while it was.
 */
export function buildMsOf({ outcome, phasesMs }: Pick<TuningRecord, 'outcome' | 'phasesMs'>): number | null {
  const ms = phasesMs.ahead ?? phasesMs.build;
  return built.has(outcome) && ms > 0 ? ms : null;
}
