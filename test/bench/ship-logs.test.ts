import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { modelLayers, workloadOf } from '../../bench/models/workloads.ts';
import { chosenRecords } from '../../bench/ship-logs/chosen-records.ts';
import { packedLog } from '../../bench/ship-logs/packed-log.ts';
import { smallWorkloadOf } from '../../bench/ship-logs/small-layer.ts';
import { workloadKey } from '../../src/operators/workload.ts';
import { parseRecord } from '../../src/records/migrate.ts';
import type { TuningRecord, VerifiedRecord } from '../../src/records/record.ts';
import { failedRecord, makeRecord } from '../records/fixtures.ts';

/** A record of a schedule of its own. */
function timed(trial: number, medianNs: number, changes: Partial<TuningRecord> = {}): TuningRecord {
  const steps = [{ primitive: 'split', args: { loop: 'i', factors: [trial + 1, 1] } }];
  return makeRecord({
    ...{ trial, id: `run#${trial}`, medianNs, samplesNs: [medianNs], trace: { version: 1, steps } },
    ...changes,
  });
}

const times = (records: readonly VerifiedRecord[]): number[] => records.map(({ medianNs }) => medianNs);

describe('the records that are shipped', () => {
  it('are the fastest, others spread over the logarithm of their times, and the naive one', () => {
    const many = Array.from({ length: 200 }, (_, at) => timed(at, 1000 * 1.05 ** at));
    const naive = timed(500, 1e9, { origin: 'baseline', sketch: null, decisions: {} });
    const chosen = times(chosenRecords([naive, ...many.toReversed()], { top: 4, spread: 5 }));
    expect(chosen.slice(0, 4)).toEqual(times(many.slice(0, 4) as VerifiedRecord[]));
    const spread = chosen.slice(4, 9);
    const steps = spread.slice(1).map((ns, at) => Math.log(ns / (spread[at] as number)));
    expect(Math.max(...steps) / Math.min(...steps)).toBeLessThan(1.5);
    expect(chosen[9]).toBe(1e9);
  });

  it('are one of each schedule, and none that failed or was refuted', () => {
    const records = [
      timed(1, 500),
      { ...timed(1, 400), id: 'again#1' },
      timed(2, 10),
      timed(3, 600, { refutes: { record: 'run#2', reason: 'ten times as slow' } }),
      failedRecord('crash', 'killed'),
    ];
    expect(times(chosenRecords(records, { top: 16, spread: 48 }))).toEqual([400, 600]);
  });

  it('begin with the winner of the race', () => {
    const race = { of: ['run#1', 'run#2'], decided: true };
    const records = [timed(1, 500, { race: { ...race, place: 2 } }), timed(2, 510, { race: { ...race, place: 1 } })];
    expect(times(chosenRecords(records, { top: 16, spread: 48 }))).toEqual([510, 500]);
  });

  it('are records still when they are packed, with fewer samples and the same schedules', () => {
    const samplesNs = Array.from({ length: 41 }, (_, at) => 1000.25 + at);
    const record = timed(1, 1020.4, { samplesNs }) as VerifiedRecord;
    const lines = gunzipSync(packedLog([record, record]))
      .toString()
      .trimEnd()
      .split('\n');
    expect(lines.length).toBe(2);
    const read = parseRecord(JSON.parse(lines[0] as string)) as TuningRecord;
    expect(read).toMatchObject({ trace: record.trace, decisions: record.decisions, medianNs: 1020, outcome: 'ok' });
    expect(read.samplesNs).toEqual([1000, 1010, 1020, 1030, 1040]);
  });
});

describe('small layers', () => {
  it('are of the same operators, and as many different workloads as are to be shipped', () => {
    const small = modelLayers.map(smallWorkloadOf);
    for (const [at, workload] of small.entries()) {
      const layer = workloadOf(modelLayers[at] as (typeof modelLayers)[number]);
      expect(workload.operator).toBe(layer.operator);
      for (const window of ['kh', 'kw', 'stride', 'bits']) expect(workload.params[window]).toBe(layer.params[window]);
    }
    expect(new Set(small.map(workloadKey)).size).toBeGreaterThanOrEqual(60);
  });
});
