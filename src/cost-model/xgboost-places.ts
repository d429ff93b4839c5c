import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A machine's folders and environment: a parameter, so that every place can be tested anywhere. */
export interface Surroundings {
  readonly platform: string;
  readonly arch: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Stands before the system's own folders; empty but in tests. */
  readonly root: string;
}

/** A file that may be XGBoost's library, and who put it there. */
export interface XgboostFile {
  readonly path: string;
  readonly source: string;
}

/** Debian's names of processors, which stand in the names of its folders. */
const triplets: Readonly<Record<string, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  arm: 'arm-linux-gnueabihf',
  ia32: 'i386-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
  ppc64: 'powerpc64le-linux-gnu',
  s390x: 's390x-linux-gnu',
};

/**
 * Files where package managers put XGBoost's library, those that exist, in the order in which they are tried: what belongs to the shell's environment
 * (a Python environment, conda), then the person's own Python, then the system's packages. Looks at files; loads nothing.
 */
export function xgboostFiles(surroundings: Surroundings): readonly XgboostFile[] {
  const found: XgboostFile[] = [];
  const names = libraryNames(surroundings.platform);
  for (const { source, folders } of placesOf(surroundings))
    for (const folder of folders)
      for (const name of names) {
        const path = join(folder, name);
        if (existsSync(path)) found.push({ path, source });
      }
  return found;
}

function libraryNames(platform: string): readonly string[] {
  if (platform === 'win32') return ['xgboost.dll'];
  if (platform === 'darwin') return ['libxgboost.dylib'];
  // Debian calls it by its binary interface: .so.0 to version 3.0, .so.3 after it.
  return ['libxgboost.so', 'libxgboost.so.3', 'libxgboost.so.0'];
}

interface Places {
  readonly source: string;
  readonly folders: readonly string[];
}

function placesOf(surroundings: Surroundings): readonly Places[] {
  return surroundings.platform === 'win32' ? placesOfWindows(surroundings) : placesOfUnix(surroundings);
}

function placesOfWindows({ environment }: Surroundings): readonly Places[] {
  const { VIRTUAL_ENV, CONDA_PREFIX, APPDATA, LOCALAPPDATA, ProgramFiles } = environment;
  const packages = (python: string): string => pythonLibrary(join(python, 'Lib', 'site-packages'));
  return [
    { source: 'a Python environment', folders: under(VIRTUAL_ENV).map(packages) },
    {
      source: 'conda',
      folders: [
        ...under(CONDA_PREFIX, 'Library', 'mingw-w64', 'bin'),
        ...under(CONDA_PREFIX, 'Library', 'bin'),
        ...under(CONDA_PREFIX).map(packages),
      ],
    },
    {
      source: 'Python',
      folders: [
        ...under(APPDATA, 'Python')
          .flatMap(versionsIn)
          .map((python) => pythonLibrary(join(python, 'site-packages'))),
        ...[...under(LOCALAPPDATA, 'Programs', 'Python'), ...under(ProgramFiles)].flatMap(versionsIn).map(packages),
      ],
    },
  ];
}

function placesOfUnix({ platform, arch, environment, home, root }: Surroundings): readonly Places[] {
  const { VIRTUAL_ENV, CONDA_PREFIX } = environment;
  const system = (folder: string): string => join(root, '/', folder);
  const mac = platform === 'darwin';
  const brews = mac ? ['opt/homebrew', 'usr/local'] : ['home/linuxbrew/.linuxbrew'];
  const triplet = triplets[arch];
  const libraries = mac ? [] : ['usr/local/lib', ...(triplet ? [`usr/lib/${triplet}`] : []), 'usr/lib64', 'usr/lib'];
  return [
    { source: 'a Python environment', folders: under(VIRTUAL_ENV).flatMap(pythonsOf) },
    { source: 'conda', folders: [...under(CONDA_PREFIX, 'lib'), ...under(CONDA_PREFIX).flatMap(pythonsOf)] },
    {
      source: 'Python',
      folders: [
        ...pythonsOf(join(home, '.local')),
        ...versionsIn(join(home, 'Library/Python')).map((python) =>
          pythonLibrary(join(python, 'lib/python/site-packages')),
        ),
        ...versionsIn(join(home, '.pyenv/versions')).flatMap(pythonsOf),
      ],
    },
    { source: 'Homebrew', folders: brews.map(system).flatMap((brew) => [join(brew, 'lib'), ...pythonsOf(brew)]) },
    { source: 'the system', folders: libraries.map(system) },
    {
      source: 'Python',
      folders: [
        ...versionsIn(system('Library/Frameworks/Python.framework/Versions')).flatMap(pythonsOf),
        ...['usr/local', 'usr'].map(system).flatMap(pythonsOf),
      ],
    },
  ];
}

/** A folder that the environment names; nothing where it does not. */
function under(folder: string | undefined, ...parts: string[]): readonly string[] {
  return folder === undefined || folder === '' ? [] : [join(folder, ...parts)];
}

/** Where Python's package keeps its library, under a folder of packages. */
function pythonLibrary(packages: string): string {
  return join(packages, 'xgboost', 'lib');
}

/** The same for each Python 3 that is installed under a prefix. */
function pythonsOf(prefix: string): readonly string[] {
  return versionsIn(join(prefix, 'lib')).flatMap((python) =>
    ['site-packages', 'dist-packages'].map((packages) => pythonLibrary(join(python, packages))),
  );
}

/** Folders named after versions of Python 3 (`3.11`, `python3`, `Python312`), the newest first. */
function versionsIn(folder: string): readonly string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  const minor = (name: string): number => Number(/3\.?(\d*)/.exec(name)?.[1] ?? 0);
  return names
    .filter((name) => /^(python)?3[.\d]*$/i.test(name))
    .sort((a, b) => minor(b) - minor(a) || (a < b ? -1 : 1))
    .map((name) => join(folder, name));
}
