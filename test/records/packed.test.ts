import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { workloadKey } from '../../src/operators/workload.ts';
import { PackedFileError, readLines } from '../../src/records/log-lines.ts';
import { loadRecords } from '../../src/records/log-reader.ts';
import { listShippedLogs, shippedLogName, shippedLogsOf } from '../../src/records/shipped.ts';
import { makeRecord } from './fixtures.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgtune-packed-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const records = Array.from({ length: 200 }, (_, trial) => makeRecord({ trial, id: `run#${trial}`, run: 'run' }));
const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');

function file(name: string, content: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('a packed log', () => {
  it('reads as the same log unpacked, alone and in a folder beside others', async () => {
    file('a.jsonl.gz', gzipSync(text));
    file('b.jsonl', Buffer.from(text));
    const packed = await loadRecords([join(folder, 'a.jsonl.gz')]);
    expect(packed).toEqual({ records, faults: [] });
    expect((await loadRecords([folder])).records).toEqual([...records, ...records]);
  });

  it('of several parts, one behind the other, reads as one', async () => {
    const path = file('a.jsonl.gz', Buffer.concat([gzipSync(text), gzipSync(text)]));
    expect((await loadRecords([path])).records.length).toBe(2 * records.length);
  });

  it('that is broken or cut short is a fault of this file alone', async () => {
    const whole = gzipSync(text);
    file('a.jsonl.gz', whole.subarray(0, whole.length - 9));
    file('b.jsonl.gz', Buffer.from('no gzip at all'));
    file('c.jsonl.gz', whole);
    const { records: read, faults } = await loadRecords([folder]);
    expect(faults.map(({ reason, line }) => `${reason} ${line}`)).toEqual(['unreadable null', 'unreadable null']);
    expect(faults[1]?.message).toMatch(/^cannot be read: it cannot be unpacked: incorrect header/);
    expect(read.length).toBeGreaterThanOrEqual(records.length);
  });

  it('that would fill the disk when unpacked is given up', async () => {
    const bomb = file('a.jsonl.gz', gzipSync(Buffer.alloc(1 << 22)));
    const read = readLines(bomb, 1 << 20, () => {}, { maxUnpackedBytes: 1 << 21 });
    await expect(read).rejects.toThrow(PackedFileError);
    await expect(read).rejects.toThrow('it holds more than 2097152 bytes when unpacked');
  });
});

describe('shipped logs', () => {
  it('are found by the workload in their names', () => {
    const [matmul, softmax] = [makeWorkload('matmul'), makeWorkload('softmax')];
    const names = [
      shippedLogName('lavapipe-256', matmul),
      shippedLogName('swiftshader', matmul),
      shippedLogName('lavapipe-256', softmax),
    ];
    for (const name of [...names, 'notes.jsonl.gz', 'README.md']) file(name, gzipSync(''));
    expect(listShippedLogs(folder).map(({ device, operator }) => `${device} ${operator}`)).toEqual([
      'lavapipe-256 matmul',
      'lavapipe-256 softmax',
      'swiftshader matmul',
    ]);
    expect(shippedLogsOf(matmul, folder)).toEqual([join(folder, names[0] as string), join(folder, names[1] as string)]);
    expect(listShippedLogs(folder)[0]?.workloadKey).toBe(workloadKey(matmul));
    expect(shippedLogsOf(matmul, null)).toEqual([]);
    expect(listShippedLogs(join(folder, 'not-there'))).toEqual([]);
  });
});
