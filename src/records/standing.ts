import { workloadKey } from '../operators/workload.ts';
import { deviceKey } from './device-key.ts';
import { createDoubt, type DoubtableRecord } from './doubt.ts';
import { clearlyBeats, isLater, type Timed } from './faster.ts';
import { foldLines, type ReadOptions, recordOfLine } from './log-reader.ts';
import { isVerified, type TuningRecord } from './record.ts';
import { cellOf } from './skim.ts';

/** Where a record was read. */
export interface RecordPlace {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** What speaks against a record that was verified. A refuted one never counts, a doubted one only where there is no other. */
export interface Against {
  readonly kind: 'refuted' | 'doubted';
  readonly why: string;
}

/** Decides which records count: every search for a best time asks this one place. */
export interface Standing {
  against(record: DoubtableRecord & Pick<TuningRecord, 'id'>): Against | null;
  /** Takes in what a record says of another one. `where`: its file and line, named in the reason. */
  note(record: Pick<TuningRecord, 'id' | 'refutes'>, where?: RecordPlace): void;
  /**
   * Whether a record of a workload on a device (see cellOf) can be the best by anything but being the fastest, see createBestKeeper: it won a race, or is later than
   * the latest winner and faster beyond doubt. True of every record where logs were not read in advance.
   */
  mayLead(record: Timed, cell: string): boolean;
}

/** `winners`: by workload and device, the undoubted records of logs that were read in advance which won a race; null where none were. */
export function createStanding(winners: ReadonlyMap<string, readonly Timed[]> | null = null): Standing {
  const refuted = new Map<string, string>();
  const doubt = createDoubt();
  const against: Standing['against'] = (record) => {
    const why = refuted.get(record.id);
    if (why !== undefined) return { kind: 'refuted', why };
    const doubted = doubt(record);
    return doubted === null ? null : { kind: 'doubted', why: doubted };
  };
  const latest = new Map<string, Timed | null>();
  const latestWinner = (cell: string): Timed | null => {
    const held = latest.get(cell);
    if (held !== undefined) return held;
    const found = (winners?.get(cell) ?? [])
      .filter(({ id }) => !refuted.has(id))
      .reduce<Timed | null>((a, b) => (a === null || isLater(b, a) ? b : a), null);
    latest.set(cell, found);
    return found;
  };
  return {
    against,
    mayLead: (record, cell) => {
      if (winners === null || record.race?.place === 1) return true;
      const winner = latestWinner(cell);
      return winner !== null && isLater(record, winner) && clearlyBeats(record, winner);
    },
    note: ({ id, refutes }, where) => {
      if (refutes === null || refutes.record === id) return;
      const by = where === undefined ? id : `${where.file}:${where.line}`;
      refuted.set(refutes.record, `${refutes.reason} (${by})`);
    },
  };
}

/** How a record that refutes another one, or won a race, is told apart without parsing its line. */
const mark = /"(?:refutes"\s*:\s*\{|race"\s*:\s*\{\s*"place"\s*:\s*1\b)/;

/**
 * Reads in advance what records of some logs say of others, because a refutation comes after the record that it refutes, and the race after the trials
 * that it decides on: whoever reads the logs then knows of each record whether it counts. Lines that do neither are not parsed; faults of lines
 * are left to the reading proper.
 */
export async function readStanding(paths: readonly string[], options?: ReadOptions): Promise<Standing> {
  const winners = new Map<string, Timed[]>();
  const standing = createStanding(winners);
  await foldLines(
    paths,
    {
      parse: (line, file) => {
        if (line.kind !== 'line' || !mark.test(line.text)) return null;
        const record = recordOfLine(line, file);
        return record === null || 'severity' in record ? null : record;
      },
      onItem: (record, file, line) => {
        standing.note(record, { file, line });
        if (record.race?.place !== 1 || !isVerified(record) || standing.against(record)?.kind === 'doubted') return;
        const cell = cellOf({ workloadKey: workloadKey(record.workload), deviceKey: deviceKey(record.device) });
        const { medianNs, relative, race, startedAt, id } = record;
        winners.set(cell, [...(winners.get(cell) ?? []), { medianNs, relative, race, startedAt, id }]);
      },
    },
    options,
  );
  return standing;
}
