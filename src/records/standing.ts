import { createDoubt, type DoubtableRecord } from './doubt.ts';
import { foldLines, type ReadOptions, recordOfLine } from './log-reader.ts';
import type { TuningRecord } from './record.ts';

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
}

export function createStanding(): Standing {
  const refuted = new Map<string, string>();
  const doubt = createDoubt();
  return {
    against: (record) => {
      const why = refuted.get(record.id);
      if (why !== undefined) return { kind: 'refuted', why };
      const doubted = doubt(record);
      return doubted === null ? null : { kind: 'doubted', why: doubted };
    },
    note: ({ id, refutes }, where) => {
      if (refutes === null || refutes.record === id) return;
      const by = where === undefined ? id : `${where.file}:${where.line}`;
      refuted.set(refutes.record, `${refutes.reason} (${by})`);
    },
  };
}

/** How a record that refutes another one is told apart without parsing its line. */
const refutationMark = /"refutes"\s*:\s*\{/;

/**
 * Reads in advance what records of some logs say of others, because a refutation comes after the record that it refutes: whoever reads the logs
 * then knows of each record whether it counts. Lines that refute nothing are not parsed; faults of lines are left to the reading proper.
 */
export async function readStanding(paths: readonly string[], options?: ReadOptions): Promise<Standing> {
  const standing = createStanding();
  await foldLines(
    paths,
    {
      parse: (line, file) => {
        if (line.kind !== 'line' || !refutationMark.test(line.text)) return null;
        const record = recordOfLine(line, file);
        return record === null || 'severity' in record ? null : record;
      },
      onItem: (record, file, line) => standing.note(record, { file, line }),
    },
    options,
  );
  return standing;
}
