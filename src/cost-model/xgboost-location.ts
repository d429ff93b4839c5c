import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Refusal, refuse } from '../support/refusal.ts';
import { type XgboostFile, xgboostFiles } from './xgboost-places.ts';

/** Where to look for libxgboost, and on what machine: a parameter, so that every refusal can be tested anywhere. */
export interface XgboostPlace {
  readonly platform: string;
  readonly arch: string;
  /** `WGTUNE_XGBOOST_LIBRARY`: a library the user built or installed; wins over the package. */
  readonly override: string | undefined;
  /** Folder of the npm package `xgboost_node`, or null when it is not installed. */
  readonly packageFolder: () => string | null;
  /** Libraries of package managers, which are tried after that of the npm package. */
  readonly files: () => readonly XgboostFile[];
}

export function hostPlace(): XgboostPlace {
  const { platform, arch } = process;
  return {
    platform,
    arch,
    override: process.env.WGTUNE_XGBOOST_LIBRARY,
    packageFolder: () => {
      try {
        return dirname(createRequire(import.meta.url).resolve('xgboost_node/package.json'));
      } catch {
        return null;
      }
    },
    files: () => xgboostFiles({ platform, arch, environment: process.env, home: homedir(), root: '' }),
  };
}

/** Whose library it is, where it was named. */
const named = 'WGTUNE_XGBOOST_LIBRARY';
const ownBuild =
  'install XGBoost 1.7 to 3 (pip install xgboost, apt-get install libxgboost0, brew install xgboost), or set WGTUNE_XGBOOST_LIBRARY to its library';

/** The file the npm package ships for a platform; it has no other builds. */
const shipped: Readonly<Record<string, readonly string[]>> = {
  'linux x64': ['lib', 'libxgboost.so'],
  'darwin arm64': ['binary', 'libxgboost.dylib'],
};

/** Shared libraries to try, in order, or a refusal that names the remedy. One that the user names is the only one. Looks at files; loads nothing. */
export function locateXgboost(place: XgboostPlace): readonly XgboostFile[] | Refusal {
  if (place.override !== undefined && place.override !== '') {
    const path = place.override;
    if (existsSync(path)) return [{ path, source: named }];
    return refuse(
      'xgboost-not-found',
      () => `WGTUNE_XGBOOST_LIBRARY names ${path}, and there is no such file`,
      () => 'correct it, or unset it to use the library of the npm package xgboost_node',
    );
  }
  const packaged = packagedLibrary(place);
  const found = typeof packaged === 'string' ? [{ path: packaged, source: 'the npm package xgboost_node' }] : [];
  const files = [...found, ...place.files()];
  return files.length === 0 && typeof packaged !== 'string' ? packaged : files;
}

/** The library of the npm package, or why there is none. */
function packagedLibrary(place: XgboostPlace): string | Refusal {
  const file = shipped[`${place.platform} ${place.arch}`];
  if (file === undefined) {
    return refuse(
      'xgboost-wrong-platform',
      () => `the npm package xgboost_node has no XGBoost for ${place.platform} ${place.arch}, and no other was found`,
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

/** The versions whose C interface and files are known: from 1.7 to before 4. */
export function refuseVersion(path: string, [major, minor]: readonly number[]): Refusal | null {
  const version = 100 * (major ?? 0) + (minor ?? 0);
  if (version >= 107 && version < 400) return null;
  return refuse(
    'xgboost-wrong-version',
    () => `XGBoost (${path}) is version ${major}.${minor}, and 1.7 to 3 are known`,
    () => ownBuild,
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
