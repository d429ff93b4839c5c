import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Refusal, refuse } from '../support/refusal.ts';

/** Where to look for libxgboost, and on what machine: a parameter, so that every refusal can be tested anywhere. */
export interface XgboostPlace {
  readonly platform: string;
  readonly arch: string;
  /** `WGTUNE_XGBOOST_LIBRARY`: a library the user built or installed; wins over the package. */
  readonly override: string | undefined;
  /** Folder of the npm package `xgboost_node`, or null when it is not installed. */
  readonly packageFolder: () => string | null;
}

export function hostPlace(): XgboostPlace {
  return {
    platform: process.platform,
    arch: process.arch,
    override: process.env.WGTUNE_XGBOOST_LIBRARY,
    packageFolder: () => {
      try {
        return dirname(createRequire(import.meta.url).resolve('xgboost_node/package.json'));
      } catch {
        return null;
      }
    },
  };
}

const ownBuild = 'set WGTUNE_XGBOOST_LIBRARY to a libxgboost of your own (pip install xgboost brings one)';

/** The file the npm package ships for a platform; it has no other builds. */
const shipped: Readonly<Record<string, readonly string[]>> = {
  'linux x64': ['lib', 'libxgboost.so'],
  'darwin arm64': ['binary', 'libxgboost.dylib'],
};

/** Path of the shared library to load, or a refusal that names the remedy. Looks at files; loads nothing. */
export function locateXgboost(place: XgboostPlace): string | Refusal {
  if (place.override !== undefined && place.override !== '') {
    const path = place.override;
    if (existsSync(path)) return path;
    return refuse(
      'xgboost-not-found',
      () => `WGTUNE_XGBOOST_LIBRARY names ${path}, and there is no such file`,
      () => 'correct it, or unset it to use the library of the npm package xgboost_node',
    );
  }
  const file = shipped[`${place.platform} ${place.arch}`];
  if (file === undefined) {
    return refuse(
      'xgboost-wrong-platform',
      () => `the npm package xgboost_node has no XGBoost for ${place.platform} ${place.arch}`,
      () => ownBuild,
    );
  }
  const folder = place.packageFolder();
  if (folder === null) {
    return refuse(
      'xgboost-not-installed',
      () => 'the optional npm package xgboost_node is not installed',
      () => `run: npm install --include=optional, or ${ownBuild}`,
    );
  }
  const path = join(folder, ...file);
  if (existsSync(path)) return path;
  return refuse(
    'xgboost-not-installed',
    () => `the npm package xgboost_node is installed without ${file.join('/')}`,
    () => `reinstall it with: npm ci, or ${ownBuild}`,
  );
}

/** What a failed dlopen means for the user; `text` is the loader's own message. */
export function explainLoadFailure(path: string, text: string): Refusal {
  const message = (): string => `XGBoost (${path}) does not load: ${text}`;
  if (text.includes('libgomp')) {
    return refuse(
      'xgboost-needs-libgomp',
      message,
      () => 'install the OpenMP runtime (Debian, Ubuntu: apt-get install libgomp1; Fedora: dnf install libgomp)',
    );
  }
  if (text.includes('libomp')) {
    return refuse('xgboost-needs-libomp', message, () => 'install the OpenMP runtime: brew install libomp');
  }
  if (/GLIBC|ld-linux|musl/.test(text)) {
    return refuse('xgboost-needs-glibc', message, () => `it wants a Linux with a newer glibc; or ${ownBuild}`);
  }
  return refuse('xgboost-does-not-load', message, () => ownBuild);
}
