import type { DeviceDescription } from '../ir/limits.ts';
import type { Workload } from '../operators/workload.ts';
import { isVerified, type TuningRecord, type VerifiedRecord } from '../records/record.ts';
import { timeOf } from '../records/relative-time.ts';
import { chooseBest } from './choose-best.ts';
import type { TuneEvent } from './events.ts';
import type { Known } from './known.ts';
import type { RunTimes } from './run-times.ts';

/** The best record of a run so far, and all records of the run that may become it. */
interface Incumbent {
  record(): VerifiedRecord | null;
  /** Its time in the run's unit. */
  timeNs(): number | null;
  isFromLog(): boolean;
  /** Records that the run timed and that nothing speaks against, in order. */
  timed(): readonly VerifiedRecord[];
  /** The record's time in the run's unit; null where the record does not count. */
  countedNs(record: TuningRecord): number | null;
  /** Takes in a record; true when it is the best now. `fromLog`: it measures again what was the best in the log. */
  keep(record: TuningRecord, fromLog?: boolean): boolean;
  /** Makes a record the best whatever the times say, as the winner of a race is. */
  crown(record: VerifiedRecord | null, fromLog: boolean): void;
  /** Chooses anew from everything known: when the best is refuted, or only doubted times are left. */
  chooseAgain(): void;
}

interface IncumbentOptions {
  readonly workload: Workload;
  readonly device: DeviceDescription;
  readonly known: Known;
  readonly times: RunTimes;
  /** Name of the run: records that bear another come from the log. */
  readonly run: string;
  readonly onEvent: (event: TuneEvent) => void;
}

/** Begins with the best that the log knows. */
export function createIncumbent({ workload, device, known, times, run, onEvent }: IncumbentOptions): Incumbent {
  const { table } = known;
  const timed: VerifiedRecord[] = [];
  let best: VerifiedRecord | null = known.best?.record ?? null;
  let bestFromLog = best !== null;
  const chooseAgain = (): void => {
    best = chooseBest(table, workload, device).chosen?.record ?? null;
    bestFromLog = best !== null && best.run !== run;
  };
  return {
    record: () => best,
    timeNs: () => (best === null ? null : times.of(best)),
    isFromLog: () => bestFromLog,
    timed: () => timed,
    countedNs: (record) => (isVerified(record) && table.against(record) === null ? times.of(record) : null),
    chooseAgain,
    crown: (record, fromLog) => {
      best = record;
      bestFromLog = record !== null && fromLog;
    },
    keep: (record, fromLog = false) => {
      table.add(record);
      if (record.refutes !== null && record.refutes.record === best?.id) chooseAgain();
      const timeNs = times.of(record);
      if (!isVerified(record) || timeNs === null) return false;
      const against = table.against(record);
      if (against !== null) {
        onEvent({ kind: 'disbelieved', record: record.id, timeNs: timeOf(record), why: against.why });
        return false;
      }
      timed.push(record);
      if (best !== null && timeNs >= (times.of(best) ?? 0)) return false;
      best = record;
      bestFromLog = fromLog;
      return true;
    },
  };
}
