import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeFault, type LogFault } from '../../src/records/log-fault.ts';
import { loadRecords, readLogs } from '../../src/records/log-reader.ts';
import { createLogWriter } from '../../src/records/log-writer.ts';
import { UserError } from '../../src/support/errors.ts';
import { failedRecord, makeRecord } from './fixtures.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgtune-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const names = { operator: 'matmul', device: 'lavapipe' };
const line = (record = makeRecord()): string => `${JSON.stringify(record)}\n`;

function file(text: string | Buffer, name = 'a.jsonl'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function brief(faults: readonly LogFault[]): readonly string[] {
  return faults.map((fault) => `${fault.severity} ${fault.reason} ${basename(fault.file)}:${fault.line}`);
}

describe('log writer', () => {
  it('writes what the reader reads, one line per record, on the disk at once', async () => {
    const writer = createLogWriter({ folder: join(folder, 'deep', 'er'), ...names });
    const records = [0, 1, 2].map((trial) => makeRecord({ trial, id: `${writer.run}.${trial}`, run: writer.run }));
    records.push(failedRecord('crash', 'line one\nline two \u2028 "quoted" \u{1f600}'));
    for (const [written, record] of records.entries()) {
      writer.append(record);
      expect(readFileSync(writer.path, 'utf8').split('\n').length).toBe(written + 2);
    }
    writer.close();
    const { records: read, faults } = await loadRecords([join(folder, 'deep', 'er')]);
    expect(faults).toEqual([]);
    expect(read).toEqual(records);
  });

  it('names a file by time, operator and device, safely', () => {
    const now = new Date('2026-11-20T10:15:30.999Z');
    const writer = createLogWriter({ folder, operator: '../My Op!', device: 'NVIDIA H200 / Vulkan', now });
    expect(basename(writer.path)).toMatch(/^20261120-101530-my-op-nvidia-h200-vulkan-[0-9a-f]{6}\.jsonl$/);
    expect(basename(writer.path)).toBe(`${writer.run}.jsonl`);
    writer.close();
  });

  it('leaves no empty file behind', () => {
    const writer = createLogWriter({ folder, ...names });
    expect(existsSync(writer.path)).toBe(true);
    writer.close();
    writer.close();
    expect(readdirSync(folder)).toEqual([]);
    expect(() => writer.append(makeRecord())).toThrow(/closed/);
  });

  it('gives two tuners two files, even in the same second', async () => {
    const now = new Date();
    const [one, two] = [createLogWriter({ folder, ...names, now }), createLogWriter({ folder, ...names, now })];
    for (let trial = 0; trial < 50; trial++) {
      one.append(makeRecord({ trial, run: one.run }));
      two.append(makeRecord({ trial, run: two.run }));
    }
    one.close();
    two.close();
    const { records, faults } = await loadRecords([folder]);
    expect(faults).toEqual([]);
    for (const run of [one.run, two.run]) {
      expect(records.filter((record) => record.run === run).map((record) => record.trial)).toEqual([
        ...Array(50).keys(),
      ]);
    }
  });

  it('refuses to write what it could not read', () => {
    const writer = createLogWriter({ folder, ...names });
    expect(() => writer.append(makeRecord({ medianNs: null }))).toThrow(/does not fit its schema: medianNs/);
    writer.close();
  });

  it('cuts an error text of millions of characters', async () => {
    const writer = createLogWriter({ folder, ...names });
    writer.append(failedRecord('build-error', 'e'.repeat(6_000_000)));
    writer.close();
    const { records, faults } = await loadRecords([folder]);
    expect(faults).toEqual([]);
    expect(records[0]?.error).toMatch(/^e+\.\.\. \(\d+ more characters\)$/);
  });

  describe('says in one sentence what to do when it cannot write', () => {
    const failure = (path: string): UserError => {
      try {
        createLogWriter({ folder: path, ...names });
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        return error as UserError;
      }
      throw new Error('it could write');
    };

    it('the folder is a file', () => {
      expect(failure(file('x', 'taken')).message).toBe(
        `cannot write the tuning log ${join(folder, 'taken')}: it is a file: name a folder with --log`,
      );
    });

    it('the folder is below a file', () => {
      expect(failure(join(file('x', 'taken'), 'logs')).message).toMatch(/part of that path is a file: name a folder/);
    });

    it.skipIf(process.getuid?.() === 0)('the folder is read-only', () => {
      chmodSync(folder, 0o500);
      try {
        expect(failure(folder).message).toMatch(
          /you may not write there: change its permissions or name another folder/,
        );
      } finally {
        chmodSync(folder, 0o700);
      }
    });

    it.skipIf(process.platform !== 'linux')('the file system takes no files', () => {
      expect(failure('/proc/wgtune-logs').message).toMatch(/^cannot write the tuning log \/proc\/wgtune-logs: .+/);
    });

    it.skipIf(process.platform === 'win32')('the file may not grow in the middle of a run', async () => {
      // A child under a file-size limit of one block: the operating system writes only a part of the line.
      const script = `
        import { createLogWriter } from ${JSON.stringify(new URL('../../src/records/log-writer.ts', import.meta.url).href)};
        import { makeRecord } from ${JSON.stringify(new URL('./fixtures.ts', import.meta.url).href)};
        process.on('SIGXFSZ', () => {});
        const writer = createLogWriter({ folder: ${JSON.stringify(folder)}, operator: 'matmul', device: 'd' });
        try { for (;;) writer.append(makeRecord()); } catch (error) { console.log(error.name + ': ' + error.message); }
      `;
      const program = join(folder, 'fill.mts');
      writeFileSync(program, script);
      const tsx = new URL('../../node_modules/tsx/dist/cli.mjs', import.meta.url).pathname;
      const said = execFileSync('sh', ['-c', 'ulimit -f 8; exec "$0" "$@"', process.execPath, tsx, program], {
        encoding: 'utf8',
        // The cache of tsx would run into the limit too.
        env: { ...process.env, TSX_DISABLE_CACHE: '1' },
      });
      expect(said).toMatch(
        /^UserError: cannot write the tuning log .*: files may not grow that large here: raise the limit/,
      );
      rmSync(program);
      const { records, faults } = await loadRecords([folder]);
      expect(records.length).toBeGreaterThan(0);
      expect(brief(faults).map((text) => text.split(' ').slice(0, 2).join(' '))).toEqual(['note torn']);
    });
  });
});

describe('log reader', () => {
  it('survives a last line torn at any byte: a note, and every finished trial', async () => {
    const whole = line(makeRecord({ trial: 1, error: 'ünïcödé' }));
    const bytes = Buffer.byteLength(whole);
    for (let cut = 1; cut <= bytes; cut += 7) {
      const path = file(line() + whole);
      truncateSync(path, Buffer.byteLength(line()) + bytes - cut);
      const { records, faults } = await loadRecords([path]);
      if (cut === 1) {
        // Only the line end is gone: the record is whole.
        expect(records.length).toBe(2);
        expect(faults).toEqual([]);
      } else if (cut < bytes) {
        expect(records.length).toBe(1);
        expect(brief(faults)).toEqual(['note torn a.jsonl:2']);
      }
    }
  });

  it('reports every other broken line with file and line, and goes on', async () => {
    const text = [
      line(),
      '{"version":1,\n',
      line().replace('"seed":1', '"seed":"one"'),
      '\n',
      '   \r\n',
      line().replace('"version":2,"id"', '"version":9,"id"'),
      'null\n',
      '[]\n',
      line().replace('\n', '\r\n'),
      `${'\0'.repeat(100)}\n`,
    ].join('');
    const { records, faults } = await loadRecords([
      file(Buffer.concat([Buffer.from(text), Buffer.from([0xff, 0x0a])])),
    ]);
    expect(records.length).toBe(2);
    expect(brief(faults)).toEqual([
      'error not-json a.jsonl:2',
      'error wrong-shape a.jsonl:3',
      'error unknown-version a.jsonl:6',
      'error wrong-shape a.jsonl:7',
      'error wrong-shape a.jsonl:8',
      'error not-json a.jsonl:10',
      'error not-utf8 a.jsonl:11',
    ]);
    expect(describeFault(faults[1] as LogFault)).toMatch(/a\.jsonl:3: wrong shape: seed: /);
  });

  it('refuses a line over the bound without parsing it, and reads the next', async () => {
    // Valid records that are merely long, in chunks of every alignment.
    const long = line(makeRecord({ error: 'x'.repeat(5 << 20), outcome: 'crash' }));
    const path = file(line() + long + line());
    const { records, faults } = await loadRecords([path]);
    expect(records.length).toBe(2);
    expect(brief(faults)).toEqual(['error too-long a.jsonl:2']);
    const exact = Buffer.byteLength(line()) - 1;
    expect((await loadRecords([file(line())], { maxLineBytes: exact })).records.length).toBe(1);
    expect((await loadRecords([file(line())], { maxLineBytes: exact - 1 })).records.length).toBe(0);
  });

  it('reads lines that lie across chunks', async () => {
    const records = Array.from({ length: 900 }, (_, trial) => makeRecord({ trial, error: 'é'.repeat(trial) }));
    const path = file(records.map((record) => line({ ...record, outcome: 'unstable' })).join(''));
    const read = await loadRecords([path]);
    expect(read.faults).toEqual([]);
    expect(read.records.map((record) => record.error)).toEqual(records.map((record) => record.error));
  });

  it('is not harmed by hostile lines', async () => {
    const inject = (key: string, value: string): string => line().replace('"args":{', `"args":{"${key}":${value},`);
    const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const text = [
      line().replace('{"version"', '{"__proto__":{"polluted":true},"version"'),
      line().replace('"decisions":{', '"decisions":{"__proto__":7,'),
      line().replace('"decisions":{', '"decisions":{"constructor":{"prototype":{"polluted":true}},'),
      inject('x', deep(8)),
      inject('x', deep(9)),
      inject('x', deep(500_000)),
      `${deep(1_000_000)}\n`,
      `${'{"a":'.repeat(300_000)}1${'}'.repeat(300_000)}\n`,
      line().replace('"medianNs":10500', '"medianNs":1e999'),
      line().replace('"seed":1', '"seed":1,"seed":2'),
      line(),
      inject('\\u005f_proto__', '{"polluted":true}'),
      inject('x', '[1e999]'),
    ].join('');
    const { records, faults } = await loadRecords([file(text)]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    for (const record of records) {
      expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
      expect(Object.keys(record.decisions)).not.toContain('__proto__');
    }
    expect(brief(faults).map((text) => Number(text.split(':')[1]))).toEqual([1, 2, 3, 5, 6, 7, 8, 9, 12, 13]);
    expect(records.length).toBe(3);
    expect(faults.every((fault) => fault.message.length < 500)).toBe(true);
  });

  it('reads a folder by name, only its logs, and files as given', async () => {
    const b = file(line(makeRecord({ run: 'b' })), 'b.jsonl');
    const a = file(line(makeRecord({ run: 'a' })), 'a.jsonl');
    file('not a log', 'notes.txt');
    mkdirSync(join(folder, 'c.jsonl'));
    const runs = async (paths: readonly string[]) => (await loadRecords(paths)).records.map((record) => record.run);
    expect(await runs([folder])).toEqual(['a', 'b']);
    expect(await runs([b, a])).toEqual(['b', 'a']);
  });

  it.skipIf(process.platform === 'win32')('does not wait for a pipe', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe.jsonl')]);
    expect((await loadRecords([folder])).records).toEqual([]);
    await expect(loadRecords([join(folder, 'pipe.jsonl')])).rejects.toThrow(/neither a log file nor a folder/);
  });

  it('says what is wrong with a path that cannot be read', async () => {
    const missing = join(folder, 'nope');
    await expect(loadRecords([missing])).rejects.toThrow(UserError);
    await expect(loadRecords([missing])).rejects.toThrow(/there is no tuning log .*nope: give a log file or a folder/);
    expect((await loadRecords([missing], { missingIsEmpty: true })).records).toEqual([]);
    await expect(loadRecords([join(file('x', 'plain'), 'below')])).rejects.toThrow(UserError);
  });

  it('skips a byte order mark and passes a handler’s own error on', async () => {
    expect((await loadRecords([file(`\ufeff${line()}`)])).records.length).toBe(1);
    const stop = (): never => {
      throw new Error('enough');
    };
    await expect(readLogs([folder], { onRecord: stop })).rejects.toThrow('enough');
  });

  it('folds a log without keeping it: 100,000 records', async () => {
    const path = join(folder, 'big.jsonl');
    const block = Array.from({ length: 1000 }, (_, trial) => line(makeRecord({ trial }))).join('');
    for (let part = 0; part < 100; part++) appendFileSync(path, block);
    let fastest = Number.POSITIVE_INFINITY;
    const parsing = await cpuSeconds(async () => {
      for (let part = 0; part < 100; part++) for (const text of block.trimEnd().split('\n')) JSON.parse(text);
    });
    const reading = await cpuSeconds(async () => {
      const summary = await readLogs([folder], {
        onRecord: (record) => {
          fastest = Math.min(fastest, record.medianNs ?? fastest);
        },
      });
      expect(summary).toMatchObject({ records: 100_000, notes: 0, errors: 0 });
    });
    expect(fastest).toBe(10_500);
    // In processor time, because others share the machine; measured were 3.5 times what JSON alone takes. Seconds are in bench/logs.ts.
    expect(reading).toBeLessThan(8 * parsing);
  }, 120_000);
});

async function cpuSeconds(work: () => Promise<void>): Promise<number> {
  const begin = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1e6;
}
