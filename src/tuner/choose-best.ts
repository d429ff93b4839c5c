import type { Artifact } from '../ir/artifact.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import type { Program } from '../ir/nodes.ts';
import type { Workload } from '../operators/workload.ts';
import type { BestTable, Ranked } from '../records/best.ts';
import { scheduleKey } from '../records/schedule-key.ts';
import type { RecordPlace } from '../records/standing.ts';
import { explainRefusal, isRefusal, type Refusal } from '../support/refusal.ts';
import { kernelOf } from './build.ts';

/** A record that ranked before the chosen one, and why it was not taken. */
export interface PassedOver extends RecordPlace {
  readonly record: string;
  readonly medianNs: number;
  readonly why: string;
}

/** What was found of a workload in a table of records. */
export interface BestChoice {
  /** The best record that counts and makes a kernel on the device; null where none does. */
  readonly chosen: (Ranked & { readonly program: Program; readonly artifact: Artifact }) | null;
  /** Nearest device first, fastest first. */
  readonly passedOver: readonly PassedOver[];
}

/**
 * Chooses the best record of a workload for a device: the first in the order of the table that nothing refutes or casts doubt on, whose
 * schedule is legal and makes a kernel within the device's limits. Where there is none, the first doubted one that fits. Every trace may be
 * a stranger's, so it is replayed through the legality checks. `eligible`: which records may be taken at all.
 */
export function chooseBest(
  table: BestTable,
  workload: Workload,
  device: DeviceDescription,
  eligible: (ranked: Ranked) => boolean = () => true,
): BestChoice {
  const made = new Map<string, ReturnType<typeof kernelOf>>();
  const kernel = (ranked: Ranked): ReturnType<typeof kernelOf> => {
    const { trace } = ranked.record;
    const key = scheduleKey(trace);
    const held = made.get(key) ?? kernelOf(workload, trace, device);
    made.set(key, held);
    return held;
  };
  const passedOver: PassedOver[] = [];
  const passOver = ({ record, place }: Ranked, why: string): void => {
    // A record of this run has no place in the logs yet and was reported when it was measured.
    if (place !== null) passedOver.push({ ...place, record: record.id, medianNs: record.medianNs, why });
  };
  const doubted: Ranked[] = [];
  for (const ranked of table.ranked(workload, device).filter(eligible)) {
    const { against } = ranked;
    if (against !== null) {
      passOver(ranked, `${against.kind}: ${against.why}`);
      if (against.kind === 'doubted') doubted.push(ranked);
      continue;
    }
    const built = kernel(ranked);
    if (!isRefusal(built)) return { chosen: { ...ranked, ...built }, passedOver };
    passOver(ranked, reasonOf(built, device));
  }
  for (const ranked of doubted) {
    const built = kernel(ranked);
    if (!isRefusal(built))
      return {
        chosen: { ...ranked, ...built },
        passedOver: passedOver.filter(({ record }) => record !== ranked.record.id),
      };
  }
  return { chosen: null, passedOver };
}

function reasonOf(refusal: Refusal, { name }: DeviceDescription): string {
  const said = explainRefusal(refusal);
  return refusal.reason === 'illegal-step' ? `illegal: ${said}` : `no kernel on ${name}: ${said}`;
}
