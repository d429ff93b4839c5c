import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder, cacheFolderCandidates } from '../../src/device/cache-folder.ts';
import { findSwiftShader } from '../../src/device/swiftshader.ts';
import { readTar } from '../../src/device/tar.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgtune-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('SwiftShader', () => {
  it('is unpacked whole, once, and leaves nothing else behind', () => {
    const driver = findSwiftShader(() => folder);
    expect(driver).toMatchObject({ label: 'swiftshader', kind: 'swiftshader' });
    if ('reason' in driver) return;
    expect(existsSync(driver.manifest ?? '') && existsSync(driver.loader ?? '')).toBe(true);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(findSwiftShader(() => folder)).toEqual(driver);
    rmSync(driver.loader ?? '');
    findSwiftShader(() => folder);
    expect(existsSync(driver.loader ?? '')).toBe(true);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('says why it cannot be unpacked', () => {
    const driver = findSwiftShader(() => join('/dev/null', 'nowhere'));
    expect(driver).toMatchObject({ label: 'swiftshader', reason: expect.stringContaining('could not be unpacked') });
  });
});

describe('the cache folder', () => {
  it('survives a home that cannot be written', () => {
    const usable = join(folder, 'usable');
    expect(cacheFolder(['/dev/null/home', '/proc/.cache/wgtune', usable])).toBe(usable);
    expect(cacheFolderCandidates({ HOME: '/dev/null' }).at(-1)).toContain(tmpdir());
  });

  it('is not one that others may write', () => {
    const open = join(folder, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    expect(() => cacheFolder([open])).toThrow(/XDG_CACHE_HOME/);
  });
});

describe('readTar', () => {
  it('refuses an archive that is cut short', () => {
    const header = Buffer.alloc(512);
    header.write('a.txt', 0);
    header.write('00000001000', 124);
    header.write('0', 156);
    expect(() => readTar(Buffer.concat([header, Buffer.alloc(100)]))).toThrow(/a\.txt is cut short/);
    expect(readTar(Buffer.concat([header, Buffer.alloc(512, 'x'), Buffer.alloc(1024)]))).toMatchObject([
      { name: 'a.txt', bytes: { length: 512 } },
    ]);
  });
});
