import type { TuningRecord } from '../records/record.ts';
import type { DisturbanceSummary } from './events.ts';

/** Counts what a machine that is not quiet cost a run. */
interface Disturbance {
  see(record: TuningRecord): void;
  /** Null where no references ran beside the candidates. */
  summary(): DisturbanceSummary | null;
}

export function createDisturbance(): Disturbance {
  let [waitedMs, timed, scaled] = [0, 0, 0];
  return {
    see: ({ relative, phasesMs }) => {
      waitedMs += phasesMs.wait ?? 0;
      if (relative === null) return;
      timed++;
      if (relative.calm === 0) scaled++;
    },
    summary: () => (timed === 0 ? null : { waitedMs, timed, scaled }),
  };
}
