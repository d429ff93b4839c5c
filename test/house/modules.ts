import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** A source file as the house's rules see it. Paths are relative to the repository. */
export interface Module {
  readonly path: string;
  readonly lines: number;
  /** Its imports from this repository, types included: path of the module and the names taken (`*` for all). */
  readonly imports: readonly { readonly path: string; readonly names: readonly string[] }[];
  /** Names that it declares and exports. */
  readonly exports: readonly { readonly name: string; readonly isType: boolean }[];
}

const importPattern = /(?:import|export)\s+(?:type\s+)?(\{[^}]*\}|\*\s+as\s+\w+|\*|\w+)\s+from\s+'(\.[^']+)'/g;
const dynamicPattern = /import\('(\.[^']+)'\)/g;
const urlPattern = /new URL\('(\.[^']+\.ts)', import\.meta\.url\)/g;
const exportPattern =
  /^export\s+(?:declare\s+)?(?:(interface|type)|(?:abstract\s+)?(?:async\s+)?(?:const|let|function\*?|class|enum))\s+(\w+)/gm;

/** All TypeScript files under a folder. */
export function modulesUnder(folder: string): Module[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.m?ts$/.test(name) && !name.includes('node_modules'))
    .sort()
    .map((name) => moduleOf(join(folder, name)));
}

function moduleOf(path: string): Module {
  const text = readFileSync(path, 'utf8');
  const resolve = (specifier: string): string => normalize(join(dirname(path), specifier));
  const imports = [
    ...[...text.matchAll(importPattern)].map(([, names = '', from = '']) => ({
      path: resolve(from),
      names: names.startsWith('{') ? namesOf(names) : ['*'],
    })),
    ...[...text.matchAll(dynamicPattern), ...text.matchAll(urlPattern)].map(([, from = '']) => ({
      path: resolve(from),
      names: ['*'],
    })),
  ];
  const exports = [...text.matchAll(exportPattern)].map(([, type, name = '']) => ({
    name,
    isType: type !== undefined,
  }));
  return { path, lines: text.split('\n').length - 1, imports, exports };
}

function namesOf(braces: string): string[] {
  return braces
    .slice(1, -1)
    .split(',')
    .map(
      (part) =>
        part
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+as\s+/)[0] as string,
    )
    .filter((name) => name !== '');
}

/** A cycle of imports, types included, as the paths along it; null where there is none. */
export function cycleIn(modules: readonly Module[]): readonly string[] | null {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (at: string): readonly string[] | null => {
    if (path.includes(at)) return [...path.slice(path.indexOf(at)), at];
    if (done.has(at)) return null;
    done.add(at);
    path.push(at);
    for (const next of byPath.get(at)?.imports ?? []) {
      const found = visit(next.path);
      if (found !== null) return found;
    }
    path.pop();
    return null;
  };
  for (const { path: start } of modules) {
    const found = visit(start);
    if (found !== null) return found;
  }
  return null;
}
