import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadXgboost } from '../../src/cost-model/xgboost-library.ts';
import { explainLoadFailure, hostPlace, type XgboostPlace } from '../../src/cost-model/xgboost-location.ts';
import { explainRefusal, isRefusal, type Refusal } from '../../src/support/refusal.ts';
import { sample, xgboost, xgboostMissing } from './fixtures.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgtune-xgboost-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function refusalOf(place: Partial<XgboostPlace>): Refusal {
  const result = loadXgboost({
    platform: 'linux',
    arch: 'x64',
    override: undefined,
    packageFolder: () => null,
    files: () => [],
    ...place,
  });
  if (!isRefusal(result)) throw new Error('loaded');
  return result;
}

describe('a missing XGBoost is a refusal that names the remedy', () => {
  it('where WGTUNE_XGBOOST_LIBRARY names no file', () => {
    const refusal = refusalOf({ override: '/nope/libxgboost.so' });
    expect(refusal.reason).toBe('xgboost-not-found');
    expect(explainRefusal(refusal)).toBe(
      'WGTUNE_XGBOOST_LIBRARY names /nope/libxgboost.so, and there is no such file; correct it, or unset it to use the library of the npm package xgboost_node',
    );
  });

  it('where the environment sets WGTUNE_XGBOOST_LIBRARY', () => {
    const before = process.env.WGTUNE_XGBOOST_LIBRARY;
    process.env.WGTUNE_XGBOOST_LIBRARY = '/nope';
    try {
      const result = loadXgboost();
      expect(isRefusal(result) && result.reason).toBe('xgboost-not-found');
    } finally {
      if (before === undefined) delete process.env.WGTUNE_XGBOOST_LIBRARY;
      else process.env.WGTUNE_XGBOOST_LIBRARY = before;
    }
  });

  it('where the package is not installed', () => {
    const text = explainRefusal(refusalOf({}));
    expect(text).toContain('xgboost_node is not installed');
    expect(text).toContain('npm install --include=optional');
  });

  it('where the package is installed without its library', () => {
    const refusal = refusalOf({ packageFolder: () => folder });
    expect(explainRefusal(refusal)).toContain('installed without lib/libxgboost.so; reinstall it with: npm ci');
  });

  it('where there is no build for this platform', () => {
    const refusal = refusalOf({ platform: 'win32' });
    expect(refusal.reason).toBe('xgboost-wrong-platform');
    expect(explainRefusal(refusal)).toContain('WGTUNE_XGBOOST_LIBRARY');
  });

  it('where the file is no library', () => {
    const path = join(folder, 'text.so');
    writeFileSync(path, 'not a library');
    expect(refusalOf({ override: path }).reason).toBe('xgboost-does-not-load');
  });

  it.skipIf(process.platform !== 'linux' || process.arch !== 'x64')('where the OpenMP runtime is missing', () => {
    // The real library, changed to ask for a runtime that no machine has.
    const bytes = readFileSync(xgboost().path);
    for (let at = bytes.indexOf('libgomp.so.1'); at !== -1; at = bytes.indexOf('libgomp.so.1', at + 1)) {
      bytes.write('libgompX.so', at);
      bytes[at + 11] = 0;
    }
    const path = join(folder, 'libxgboost.so');
    writeFileSync(path, bytes);
    const refusal = refusalOf({ override: path });
    expect(refusal.reason).toBe('xgboost-needs-libgomp');
    expect(explainRefusal(refusal)).toContain('apt-get install libgomp1');
  });

  it.skipIf(process.platform !== 'linux')('where the library is not XGBoost', () => {
    const refusal = refusalOf({ override: '/proc/self/exe' });
    expect(refusal.reason).toBe('xgboost-does-not-load');
  });

  it('where the loader misses a newer C library or another library', () => {
    expect(explainLoadFailure('x.so', "version `GLIBC_2.38' not found").reason).toBe('xgboost-needs-glibc');
    expect(explainLoadFailure('x.dylib', 'Library not loaded: @rpath/libomp.dylib').reason).toBe(
      'xgboost-needs-libomp',
    );
  });
});

describe.skipIf(xgboostMissing)('the C interface', () => {
  it('loads once and tells its version', () => {
    expect(xgboost().version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(loadXgboost(hostPlace())).toBe(xgboost());
  });

  it('turns a failing call into an error with the text of XGBoost', () => {
    const { rows, columns, count } = sample(8, 4, 1);
    const matrix = xgboost().createMatrix({ rows, count, columns }, 1);
    expect(() => matrix.setFloats('label', new Float32Array(3))).toThrow(/^XGBoost: label: Check failed: .*labels/);
    matrix.free();
  });

  it('frees once, however often it is asked to', () => {
    const { rows, columns, count } = sample(8, 4, 1);
    const matrix = xgboost().createMatrix({ rows, count, columns }, 1);
    const booster = xgboost().createBooster([matrix]);
    for (let time = 0; time < 3; time++) {
      booster.free();
      matrix.free();
    }
    expect(() => booster.predict({ rows, count, columns }, new Float32Array(count))).toThrow(/freed/);
  });

  it('predicts the same in place and through a matrix, and after saving and loading', () => {
    const { rows, columns, count, labels } = sample(200, 12, 2);
    const matrix = xgboost().createMatrix({ rows, count, columns }, 1);
    matrix.setFloats('label', labels);
    const booster = xgboost().createBooster([matrix]);
    booster.setParameter('objective', 'reg:squarederror');
    for (let round = 0; round < 10; round++) booster.update(round, matrix);
    const loaded = xgboost().loadBooster(booster.save());
    if (isRefusal(loaded)) throw new Error(loaded.message());
    const [inPlace, throughMatrix, again] = [0, 1, 2].map(() => new Float32Array(count)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    booster.predict({ rows, count, columns }, inPlace);
    booster.predictMatrix(matrix, throughMatrix);
    loaded.predict({ rows, count, columns }, again);
    expect(throughMatrix).toEqual(inPlace);
    expect(again).toEqual(inPlace);
    expect(new Set(inPlace).size).toBeGreaterThan(50);
    for (const each of [booster, loaded, matrix]) each.free();
  });

  it('refuses bytes that are no model', () => {
    const result = xgboost().loadBooster(new TextEncoder().encode('{"learner": 7}'));
    expect(isRefusal(result) && result.reason).toBe('model-unreadable');
  });
});
