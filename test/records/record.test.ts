import { describe, expect, it } from 'vitest';
import { fieldsOfVersion, migrations, parseRecord } from '../../src/records/migrate.ts';
import { outcomes } from '../../src/records/outcome.ts';
import { isVerified, recordJsonSchema, recordVersion, type TuningRecord } from '../../src/records/record.ts';
import { scheduleKey } from '../../src/records/schedule-key.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { failedRecord, makeRecord } from './fixtures.ts';

function reasonOf(value: unknown): string {
  const result = parseRecord(value);
  return isRefusal(result) ? `${result.reason}: ${explainRefusal(result)}` : 'a record';
}

describe('record', () => {
  it('comes back from JSON as it was', () => {
    const all = [
      makeRecord(),
      makeRecord({ search: null, sketch: null, decisions: {}, origin: 'replay', kernelHash: null }),
      makeRecord({ outcome: 'refused', refusal: { reason: 'too-many-invocations', message: '512 > 256' } }),
      makeRecord({
        outcome: 'wrong-answer',
        error: 'C[3] is NaN',
        verification: {
          checked: 5,
          wrong: 1,
          maxError: 3,
          firstWrong: { buffer: 'C', index: 3, expected: 7, got: 'NaN' },
        },
      }),
      ...outcomes.filter((outcome) => outcome !== 'ok' && outcome !== 'refused').map((o) => failedRecord(o, 'text')),
    ];
    for (const record of all) expect(parseRecord(JSON.parse(JSON.stringify(record)))).toEqual(record);
  });

  it('is strict: nothing missing, nothing unknown, nothing of the wrong type, at any depth', () => {
    const record = makeRecord();
    const { seed: _, ...missing } = record;
    expect(reasonOf(missing)).toMatch(/^wrong-shape: seed: /);
    expect(reasonOf({ ...record, extra: 1 })).toMatch(/extra/);
    expect(reasonOf({ ...record, device: { ...record.device, limits: { ...record.device.limits, more: 1 } } })).toMatch(
      /^wrong-shape: device.limits: .*more/,
    );
    expect(reasonOf({ ...record, outcome: 'fine' })).toMatch(/^wrong-shape: outcome/);
    expect(reasonOf({ ...record, startedAt: 'yesterday' })).toMatch(/^wrong-shape: startedAt/);
    expect(reasonOf({ ...record, samplesNs: [1, 'x'] })).toMatch(/^wrong-shape: samplesNs.1/);
    expect(reasonOf({ ...record, samplesNs: [-1] })).toMatch(/^wrong-shape: samplesNs.0/);
    expect(reasonOf({ ...record, medianNs: Number.POSITIVE_INFINITY })).toMatch(/^wrong-shape: medianNs/);
    for (const value of [null, 7, 'x', [], [record]]) expect(reasonOf(value)).toBe('wrong-shape: not a JSON object');
  });

  it('does not contradict itself', () => {
    const record = makeRecord();
    expect(reasonOf({ ...record, outcome: 'refused' })).toMatch(/refusal is there exactly when/);
    expect(reasonOf({ ...record, refusal: { reason: 'x', message: '' } })).toMatch(/refusal is there exactly when/);
    expect(reasonOf({ ...record, samplesNs: [] })).toMatch(/medianNs is there exactly when/);
    expect(reasonOf({ ...record, samplesNs: [], medianNs: null })).toMatch(/an ok trial has a time/);
  });

  it('counts as verified only when it ended well and something was compared and nothing was wrong', () => {
    expect(isVerified(makeRecord())).toBe(true);
    expect(isVerified(makeRecord({ verification: null }))).toBe(false);
    expect(isVerified(makeRecord({ verification: { checked: 0, wrong: 0, maxError: 0 } }))).toBe(false);
    expect(isVerified(makeRecord({ verification: { checked: 9, wrong: 1, maxError: 2 } }))).toBe(false);
    expect(isVerified(makeRecord({ outcome: 'unstable' }))).toBe(false);
  });

  it('says what to do about a record of a newer version', () => {
    expect(reasonOf({ ...makeRecord(), version: 3 })).toBe(
      'unknown-version: record version 3, and this wgtune reads up to 2; update wgtune',
    );
    expect(reasonOf({ ...makeRecord(), version: 0 })).toMatch(/version 0 was never written/);
    expect(reasonOf({ ...makeRecord(), version: -1e9 })).toMatch(/never written/);
    expect(reasonOf({ ...makeRecord(), version: '1' })).toBe('wrong-shape: version: missing');
  });

  it('brings an old record up to date and checks the result', () => {
    const steps = new Map([
      ...migrations,
      [
        0,
        (old: Readonly<Record<string, unknown>>) => ({
          ...old,
          version: 1,
          seed: old.randomSeed,
          randomSeed: undefined,
        }),
      ],
    ]);
    const { seed, ...rest } = makeRecord();
    const old = { ...rest, version: 0, randomSeed: seed };
    const { randomSeed: _, ...clean } = { ...old, version: 1, seed };
    expect(parseRecord(old, new Map([...migrations, [0, () => clean]]))).toEqual(makeRecord());
    expect(isRefusal(parseRecord(old, steps))).toBe(true);
  });

  it('of version 1 lacks the fields that later versions added, and is read as one that leaves them empty', () => {
    const record = makeRecord();
    const old = Object.fromEntries(fieldsOfVersion(1).map((name) => [name, record[name as keyof TuningRecord]]));
    expect(Object.keys(record).filter((name) => !(name in old))).toEqual([
      'refutes',
      'peaks',
      'relative',
      'references',
      'race',
    ]);
    expect(parseRecord({ ...old, version: 1 })).toEqual(record);
    expect(reasonOf({ ...old, version: 1, more: 1 })).toMatch(/more/);
    expect(fieldsOfVersion(recordVersion)).toEqual(Object.keys(record));
  });

  it('of version 1 whose kernel summed in f16 says so, and is no record of a workload with sums in f32', () => {
    const read = (operator: string, dtype: 'f32' | 'f16', params: Readonly<Record<string, number>> = {}) => {
      const workload = { operator, params: { m: 8, ...params }, attributes: { epilogue: 'relu(x)' }, dtype };
      const record = makeRecord({ workload });
      const fields = fieldsOfVersion(1).map((name) => [name, record[name as keyof TuningRecord]]);
      const result = parseRecord({ ...Object.fromEntries(fields), version: 1 });
      return isRefusal(result) ? null : result.workload;
    };
    const plain = { operator: 'matmul', params: { m: 8 }, attributes: { epilogue: 'relu(x)' }, dtype: 'f16' } as const;
    const inF16 = { ...plain, attributes: { ...plain.attributes, accumulate: 'f16' } };
    expect(read('matmul', 'f16')).toEqual(inF16);
    expect(read('matmul', 'f16', { accumulate_f32: 0 })).toEqual(inF16);
    expect(read('matmul', 'f16', { accumulate_f32: 1 })).toEqual(plain);
    expect(read('matmul', 'f32', { accumulate_f32: 1 })).toEqual({ ...plain, dtype: 'f32' });
    for (const operator of ['conv1d', 'depthwise_conv2d', 'conv_transpose2d', 'reduce_sum', 'gram'])
      expect(read(operator, 'f16')?.attributes.accumulate).toBe('f16');
    for (const operator of ['softmax', 'avg_pool2d', 'quantized_matmul', 'elementwise'])
      expect(read(operator, 'f16')).toEqual({ ...plain, operator });
    const present = makeRecord({ workload: plain });
    expect(parseRecord(present)).toEqual(present);
  });

  it('has a JSON Schema with every field required and no others allowed', () => {
    const schema = recordJsonSchema() as { required: string[]; additionalProperties: boolean; properties: object };
    expect(schema.additionalProperties).toBe(false);
    expect([...schema.required].sort()).toEqual(Object.keys(makeRecord()).sort());
    expect(() => JSON.stringify(schema)).not.toThrow();
  });
});

describe('schedule key', () => {
  it('is the same for the same steps and only for them', () => {
    const steps = [{ primitive: 'split', args: { loop: 'i', factors: [8, 16] } }];
    const same = [{ args: { factors: [8, 16], loop: 'i' }, primitive: 'split' }];
    const other = [{ primitive: 'split', args: { loop: 'i', factors: [16, 8] } }];
    expect(scheduleKey({ version: 1, steps })).toBe(scheduleKey({ version: 1, steps: same }));
    expect(scheduleKey({ version: 1, steps })).not.toBe(scheduleKey({ version: 1, steps: other }));
  });
});
