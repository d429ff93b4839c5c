import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogFollower } from '../../src/records/follow-log.ts';
import { newestLog } from '../../src/records/log-files.ts';
import { makeRecord } from './fixtures.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgtune-follow-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const line = (trial: number): string => `${JSON.stringify(makeRecord({ id: `run#${trial}`, trial }))}\n`;

describe('following a log', () => {
  it('gives each record once, when its line has ended, and broken lines with their numbers', () => {
    const path = join(folder, 'a.jsonl');
    const { poll } = createLogFollower(path);
    expect(poll()).toEqual([]);
    const whole = line(1);
    writeFileSync(path, `${line(0)}${whole.slice(0, 100)}`);
    expect(poll()).toMatchObject([{ trial: 0 }]);
    expect(poll()).toEqual([]);
    appendFileSync(path, `${whole.slice(100)}nonsense\n`);
    expect(poll()).toMatchObject([{ trial: 1 }, { severity: 'error', reason: 'not-json', line: 3 }]);
  });

  it('begins anew where the file has become shorter', () => {
    const path = join(folder, 'a.jsonl');
    const { poll } = createLogFollower(path);
    writeFileSync(path, line(0) + line(1));
    expect(poll()).toHaveLength(2);
    writeFileSync(path, line(2));
    expect(poll()).toMatchObject([{ trial: 2 }]);
  });

  it('of a folder follows the log that was written to last', async () => {
    expect(await newestLog(join(folder, 'missing'))).toBeNull();
    writeFileSync(join(folder, 'b.jsonl'), line(0));
    expect(await newestLog(folder)).toBe(join(folder, 'b.jsonl'));
    expect(await newestLog(join(folder, 'b.jsonl'))).toBe(join(folder, 'b.jsonl'));
  });
});
