import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findBooster } from '../../src/cost-model/find-booster.ts';
import { loadXgboost } from '../../src/cost-model/xgboost-library.ts';
import { refuseVersion, type XgboostPlace } from '../../src/cost-model/xgboost-location.ts';
import { type Surroundings, type XgboostFile, xgboostFiles } from '../../src/cost-model/xgboost-places.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { xgboost, xgboostMissing } from './fixtures.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'wgtune-places-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), 'no library');
  }
}

function found(given: Partial<Surroundings>): string[] {
  const usual = { platform: 'linux', arch: 'x64', environment: {}, home: join(root, 'home/me'), root };
  return xgboostFiles({ ...usual, ...given }).map(({ path, source }) => `${source}: ${path.slice(root.length + 1)}`);
}

describe('XGBoost is looked for where package managers put it', () => {
  it('on Linux: the environment of the shell first, then the own Python, then the system', () => {
    put(
      'usr/lib/x86_64-linux-gnu/libxgboost.so.0',
      'usr/lib64/libxgboost.so',
      'usr/lib/python3/dist-packages/xgboost/lib/libxgboost.so',
      'home/linuxbrew/.linuxbrew/lib/libxgboost.so',
      'home/me/.local/lib/python3.9/site-packages/xgboost/lib/libxgboost.so',
      'home/me/.local/lib/python3.12/site-packages/xgboost/lib/libxgboost.so',
      'home/me/.pyenv/versions/3.11.4/lib/python3.11/site-packages/xgboost/lib/libxgboost.so',
      'conda/lib/libxgboost.so',
      'venv/lib/python3.11/site-packages/xgboost/lib/libxgboost.so',
    );
    expect(found({ environment: { CONDA_PREFIX: join(root, 'conda'), VIRTUAL_ENV: join(root, 'venv') } })).toEqual([
      'a Python environment: venv/lib/python3.11/site-packages/xgboost/lib/libxgboost.so',
      'conda: conda/lib/libxgboost.so',
      'Python: home/me/.local/lib/python3.12/site-packages/xgboost/lib/libxgboost.so',
      'Python: home/me/.local/lib/python3.9/site-packages/xgboost/lib/libxgboost.so',
      'Python: home/me/.pyenv/versions/3.11.4/lib/python3.11/site-packages/xgboost/lib/libxgboost.so',
      'Homebrew: home/linuxbrew/.linuxbrew/lib/libxgboost.so',
      'the system: usr/lib/x86_64-linux-gnu/libxgboost.so.0',
      'the system: usr/lib64/libxgboost.so',
      'Python: usr/lib/python3/dist-packages/xgboost/lib/libxgboost.so',
    ]);
  });

  it('on Linux on arm64: in the folder of its own processor', () => {
    put('usr/lib/aarch64-linux-gnu/libxgboost.so.3', 'usr/lib/x86_64-linux-gnu/libxgboost.so.3');
    expect(found({ arch: 'arm64' })).toEqual(['the system: usr/lib/aarch64-linux-gnu/libxgboost.so.3']);
  });

  it('on macOS', () => {
    put(
      'opt/homebrew/lib/libxgboost.dylib',
      'opt/homebrew/lib/python3.12/site-packages/xgboost/lib/libxgboost.dylib',
      'home/me/Library/Python/3.9/lib/python/site-packages/xgboost/lib/libxgboost.dylib',
      'Library/Frameworks/Python.framework/Versions/3.11/lib/python3.11/site-packages/xgboost/lib/libxgboost.dylib',
      'usr/local/lib/libxgboost.dylib',
    );
    expect(found({ platform: 'darwin', arch: 'arm64' })).toEqual([
      'Python: home/me/Library/Python/3.9/lib/python/site-packages/xgboost/lib/libxgboost.dylib',
      'Homebrew: opt/homebrew/lib/libxgboost.dylib',
      'Homebrew: opt/homebrew/lib/python3.12/site-packages/xgboost/lib/libxgboost.dylib',
      'Homebrew: usr/local/lib/libxgboost.dylib',
      'Python: Library/Frameworks/Python.framework/Versions/3.11/lib/python3.11/site-packages/xgboost/lib/libxgboost.dylib',
    ]);
  });

  it('on Windows', () => {
    put(
      'conda/Library/bin/xgboost.dll',
      'venv/Lib/site-packages/xgboost/lib/xgboost.dll',
      'local/Programs/Python/Python312/Lib/site-packages/xgboost/lib/xgboost.dll',
      'roaming/Python/Python39/site-packages/xgboost/lib/xgboost.dll',
    );
    const folders = { CONDA_PREFIX: 'conda', VIRTUAL_ENV: 'venv', LOCALAPPDATA: 'local', APPDATA: 'roaming' };
    const environment = Object.fromEntries(Object.entries(folders).map(([name, folder]) => [name, join(root, folder)]));
    expect(found({ platform: 'win32', environment })).toEqual([
      'a Python environment: venv/Lib/site-packages/xgboost/lib/xgboost.dll',
      'conda: conda/Library/bin/xgboost.dll',
      'Python: roaming/Python/Python39/site-packages/xgboost/lib/xgboost.dll',
      'Python: local/Programs/Python/Python312/Lib/site-packages/xgboost/lib/xgboost.dll',
    ]);
  });

  it('and is not there where nothing is', () => {
    for (const platform of ['linux', 'darwin', 'win32']) expect(found({ platform })).toEqual([]);
  });
});

function place(files: readonly XgboostFile[], given: Partial<XgboostPlace> = {}): XgboostPlace {
  return {
    platform: 'win32',
    arch: 'x64',
    override: undefined,
    packageFolder: () => null,
    files: () => files,
    ...given,
  };
}

describe('who trains', () => {
  it.skipIf(xgboostMissing)('is the first library that loads; one that does not is passed over', () => {
    put('text.so');
    const { path } = xgboost();
    const files = [
      { path: join(root, 'text.so'), source: 'Python' },
      { path, source: 'conda' },
    ];
    const booster = findBooster('', place(files));
    expect(booster.trainer.name).toBe('xgboost');
    expect(booster.description).toMatch(/^XGBoost \d+\.\d+\.\d+ of .*libxgboost/);
    expect(booster).toMatchObject({ missing: null, broken: false });
    expect(loadXgboost(place(files))).toBe(loadXgboost(place(files.slice(1))));
  });

  it('is our own trees where there is no library, which needs nobody to act, though the remedy is known', () => {
    const { trainer, description, missing, broken } = findBooster('', place([]));
    expect([trainer.name, description, broken]).toEqual(['own-trees', "wgtune's own trees", false]);
    expect(missing && explainRefusal(missing)).toMatch(
      /no XGBoost for win32 x64, and no other was found; install XGBoost 1\.7 to 3 \(pip install xgboost/,
    );
  });

  it('is our own trees where a library does not load, which somebody should know', () => {
    put('text.so');
    const booster = findBooster('', place([{ path: join(root, 'text.so'), source: 'Python' }]));
    expect([booster.trainer.name, booster.broken]).toEqual(['own-trees', true]);
    expect(booster.missing?.reason).toBe('xgboost-does-not-load');
  });

  it('is whom WGTUNE_BOOSTER names, or an error with what to do', () => {
    expect(findBooster('own')).toMatchObject({ trainer: { name: 'own-trees' }, missing: null });
    expect(() => findBooster('xgboost', place([]))).toThrow(/WGTUNE_BOOSTER asks for XGBoost.*install XGBoost/);
    expect(() => findBooster('lightgbm')).toThrow('WGTUNE_BOOSTER is lightgbm; it must be own or xgboost, or not set');
  });

  it('is no library of an unknown version', () => {
    expect(
      [
        [1, 7],
        [2, 0],
        [3, 9],
      ].map((version) => refuseVersion('x', version)),
    ).toEqual([null, null, null]);
    for (const version of [
      [1, 6],
      [4, 0],
    ]) {
      const refusal = refuseVersion('/x.so', version);
      expect(isRefusal(refusal) && explainRefusal(refusal)).toMatch(/\/x\.so.*1\.7 to 3 are known; install XGBoost/);
    }
  });
});
