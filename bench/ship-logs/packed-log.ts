import { gzipSync } from 'node:zlib';
import type { VerifiedRecord } from '../../src/records/record.ts';

/** Samples that stay of each record. */
const samplesKept = 5;

/** The text of a log with these records, packed; see `slender`. */
export function packedLog(records: readonly VerifiedRecord[]): Buffer {
  return gzipSync(records.map((record) => `${JSON.stringify(slender(record))}\n`).join(''), { level: 9 });
}

/**
 * The record without what only serves to judge its own run: five samples stand for all, the references' times and what was pruned are left out, and
 * numbers are rounded to what means something.
 */
export function slender(record: VerifiedRecord): VerifiedRecord {
  const { relative, search, phasesMs } = record;
  return {
    ...record,
    durationMs: Math.round(record.durationMs),
    phasesMs: Object.fromEntries(
      Object.entries(phasesMs).map(([phase, ms]) => [phase, rounded(ms)]),
    ) as VerifiedRecord['phasesMs'],
    search: search === null ? null : { name: search.name, model: search.model, round: search.round, score: null },
    samplesNs: quantiles(record.samplesNs).map(Math.round),
    medianNs: Math.round(record.medianNs),
    relative:
      relative === null
        ? null
        : {
            ...relative,
            timeNs: Math.round(relative.timeNs),
            lowNs: Math.round(relative.lowNs),
            highNs: Math.round(relative.highNs),
          },
    references: null,
  };
}

/** The least, the greatest and others between them in even steps. */
function quantiles(samples: readonly number[]): readonly number[] {
  if (samples.length <= samplesKept) return samples;
  const sorted = [...samples].sort((a, b) => a - b);
  return Array.from(
    { length: samplesKept },
    (_, at) => sorted[Math.round((at * (sorted.length - 1)) / (samplesKept - 1))] as number,
  );
}

function rounded(ms: number): number {
  return Number(ms.toPrecision(3));
}
