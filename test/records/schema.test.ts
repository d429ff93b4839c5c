import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseRecord } from '../../src/records/migrate.ts';
import { recordJsonSchema, recordSchema, recordVersion } from '../../src/records/record.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { eventsJsonSchema, eventsVersion } from '../../src/tuner/event-schema.ts';
import { makeRecord } from './fixtures.ts';

const at = (path: string): URL => new URL(path, import.meta.url);
const published = at(`../../tuning-logs/record-v${recordVersion}.schema.json`);

describe('published schema', () => {
  it('is what the definition makes today; `wgtune logs schema` prints it', () => {
    expect(readFileSync(published, 'utf8')).toBe(`${JSON.stringify(recordJsonSchema(), null, 2)}\n`);
  });

  it('of events is what the definition makes today; `wgtune logs schema --events` prints it', () => {
    const text = readFileSync(at(`../../tuning-logs/events-v${eventsVersion}.schema.json`), 'utf8');
    expect(text).toBe(`${JSON.stringify(eventsJsonSchema(), null, 2)}\n`);
  });

  it('judges records as the definition does, but for the rules that join two fields', () => {
    // The published schema, as a reader without our definitions reads it.
    const stranger = z.fromJSONSchema(JSON.parse(readFileSync(published, 'utf8')) as z.core.JSONSchema.JSONSchema);
    const record = makeRecord();
    const { seed: _, ...missing } = record;
    const bad: readonly unknown[] = [
      missing,
      { ...record, more: 1 },
      { ...record, version: recordVersion + 1 },
      { ...record, outcome: 'fine' },
      { ...record, trial: -1 },
      { ...record, samplesNs: [0] },
      { ...record, workload: { ...record.workload, params: { m: 1.5 } } },
      { ...record, device: { ...record.device, limits: {} } },
    ];
    expect(stranger.safeParse(record).success).toBe(true);
    for (const value of bad) {
      expect(recordSchema.safeParse(value).success).toBe(false);
      expect(stranger.safeParse(value).success, JSON.stringify(value).slice(0, 80)).toBe(false);
    }
  });
});

describe('records of every version ever written', () => {
  const lines = (name: string): readonly string[] =>
    readFileSync(at(`versions/${name}`), 'utf8')
      .split('\n')
      .filter((line) => line !== '');

  it('are as they were written: a new version gets a file of its own', () => {
    // Version 2 is not released: additions to it go into its file too, and the hash changes with them.
    const hashes = {
      'v1.jsonl': '0a4454cbd8ca1335ef8ba143d61aa5dc5d06b28b1b4c53644ad645a16dad32bb',
      'v2.jsonl': '672241231157fbef13483e020e630ccdb3ce76cf3b5b24619f5c147875cc1619',
    };
    for (const [name, hash] of Object.entries(hashes))
      expect(
        createHash('sha256')
          .update(readFileSync(at(`versions/${name}`)))
          .digest('hex'),
      ).toBe(hash);
    expect(Object.keys(hashes)).toEqual(readdirSync(at('versions/')).sort());
  });

  it('are kept here, from the first version on', () => {
    const kept = readdirSync(at('versions/')).sort();
    const versions = Array.from({ length: recordVersion }, (_, index) => index + 1);
    expect(kept).toEqual(versions.map((version) => `v${version}.jsonl`).sort());
    for (const version of versions)
      for (const line of lines(`v${version}.jsonl`)) expect(JSON.parse(line)).toMatchObject({ version });
  });

  for (const name of readdirSync(at('versions/'))) {
    it(`${name} is read as records of version ${recordVersion} with the same workload, device, schedule and time`, () => {
      expect(lines(name).length).toBeGreaterThanOrEqual(3);
      for (const line of lines(name)) {
        const old = JSON.parse(line) as Record<string, unknown>;
        const record = parseRecord(old);
        if (isRefusal(record)) throw new Error(record.message());
        const { workload, device, trace, medianNs, outcome, id } = record;
        expect(record.version).toBe(recordVersion);
        expect(record.search).toEqual(old.search);
        expect({ workload, device, trace, medianNs, outcome, id }).toEqual({
          workload: old.workload,
          device: old.device,
          trace: old.trace,
          medianNs: old.medianNs,
          outcome: old.outcome,
          id: old.id,
        });
      }
    });
  }
});
