import { describe, expect, it } from 'vitest';
import { cycleIn, type Module, modulesUnder } from './modules.ts';

const source = modulesUnder('src');
const others = [...modulesUnder('bench'), ...modulesUnder('test')];

const repeated = (names: readonly string[]): string[] =>
  [...new Set(names.filter((name, at) => names.indexOf(name) !== at))].sort();

describe('the house', () => {
  it('has no cycle of imports, types included', () => {
    expect(cycleIn(source)).toBeNull();
  });

  it('gives each exported type a name of its own', () => {
    const types = source.flatMap(({ exports }) => exports.filter(({ isType }) => isType).map(({ name }) => name));
    expect(types.length).toBeGreaterThan(100);
    expect(repeated(types)).toEqual([]);
  });

  it('has files that can be read in one sitting: none over 300 lines, half of them at least 60', () => {
    expect(source.filter(({ lines }) => lines > 300).map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
    const lengths = source.map(({ lines }) => lines).sort((a, b) => a - b);
    expect(lengths[lengths.length >> 1]).toBeGreaterThanOrEqual(60);
  });

  it('exports nothing that is imported nowhere', () => {
    const taken = new Set<string>();
    const wholly = new Set<string>();
    for (const { imports } of [...source, ...others])
      for (const { path, names } of imports)
        for (const name of names) name === '*' ? wholly.add(path) : taken.add(`${path} ${name}`);
    const idle = (module: Module): string[] =>
      wholly.has(module.path) || module.path === 'src/index.ts'
        ? []
        : module.exports
            .filter(({ name }) => !taken.has(`${module.path} ${name}`))
            .map(({ name }) => `${module.path}: ${name}`);
    expect(source.flatMap(idle)).toEqual([]);
  });
});

describe('the check of the rules', () => {
  const module = (path: string, ...imports: string[]): Module => ({
    path,
    lines: 1,
    imports: imports.map((to) => ({ path: to, names: ['x'] })),
    exports: [],
  });

  it('finds a cycle and names the files along it', () => {
    expect(cycleIn([module('a', 'b'), module('b', 'c'), module('c', 'b')])).toEqual(['b', 'c', 'b']);
    expect(cycleIn([module('a', 'b', 'c'), module('b', 'c'), module('c')])).toBeNull();
  });
});
