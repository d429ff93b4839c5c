import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadRecords } from '../../src/records/log-reader.ts';
import { ranRight } from '../../src/records/outcome.ts';
import { exitCode } from '../../src/support/errors.ts';
import { start, wgtune } from './wgtune.ts';

/** A folder with no node_modules above it: `import 'wgtune'` finds nothing there by itself. */
const folder = mkdtempSync(join(tmpdir(), 'wgtune-module-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
for (const name of ['gram.mjs', 'twice.mjs'])
  copyFileSync(fileURLToPath(new URL(`modules/${name}`, import.meta.url)), join(folder, name));
const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);
put('nothing.mjs', "import 'wgtune';\n");
put('throws.mjs', "throw new Error('out of luck\\nand more');\n");
put('broken.mjs', 'const = 3;\n');
put('misses.mjs', "import 'nowhere-to-be-found';\n");
put('taken.mjs', "import { defineOperator } from 'wgtune';\ndefineOperator({ name: 'matmul', parameters: {} });\n");
put('typed.ts', 'export const a: number = 1;\n');
mkdirSync(join(folder, 'folder.mjs'));
put('endless.mjs', 'for (;;);\n');
put('waits.mjs', 'await new Promise(() => {});\n');
put('leaves.mjs', 'process.exit(0);\n');
put(
  'bare.mjs',
  "import { defineOperator } from 'wgtune';\nexport const bare = defineOperator({ name: 'bare', parameters: {} });\n",
);

/** The module of an operator `once` with the given line in one of its functions, each of which stands on a line of its own. */
const once = (
  own: { readonly [K in 'top' | 'build' | 'reference' | 'element']?: string },
): string => `import { compute, defineOperator, dimension, exact, expression, input, integers, program } from 'wgtune';
${own.top ?? ''}
defineOperator({
  name: 'once',
  summary: 'Y[i] = X[i] + 1',
  parameters: { n: dimension(64, 'elements') },
  build: (p, _, dtype) => {
    ${own.build ?? ''}
    const X = input('X', [p.n], dtype);
    return program([X], [compute('Y', { i: p.n }, ({ i }) => expression.add(X.at(i), 1))]);
  },
  reference: (_, __, { X, Z }) => {
    ${own.reference ?? ''}
    const Y = (flat) => {
      ${own.element ?? ''}
      return X[flat] + 1;
    };
    return { Y };
  },
  inputs: () => ({ X: integers(-8, 8) }),
  tolerance: () => exact,
});
`;
put('build-throws.mjs', once({ build: "throw new Error('out of luck');" }));
put('build-endless.mjs', once({ build: 'for (;;);' }));
put('build-full.mjs', once({ build: 'for (const all = []; ; ) all.push(new Array(1e5).fill(all.length));' }));
put('reference-throws.mjs', once({ element: "if (flat > 60) throw new Error('out of luck');" }));
put('reference-missing.mjs', once({ element: 'return Z[flat];' }));
put('reference-endless.mjs', once({ element: "if (flat > 60) for (process.stderr.write('at it\\n'); ; );" }));
put('nan.mjs', once({ element: 'return NaN;' }));
put('alone.mjs', once({ top: "setTimeout(() => { throw new Error('out of luck'); }, 200);" }));
put('prints.mjs', once({ top: "console.log('hello');" }));

/** Operator as written, and what the one sentence says. */
const mistakes: readonly (readonly [string, RegExp])[] = [
  ['missing.mjs', /there is no module \S+missing\.mjs; give the path/],
  ['missing.mjs:gram', /there is no module \S+missing\.mjs; give the path/],
  ['folder.mjs', /folder\.mjs is a folder; name a module in it/],
  ['nothing.mjs', /nothing\.mjs defines no operator; call defineOperator of 'wgtune' in it/],
  ['throws.mjs', /throws\.mjs cannot be loaded: out of luck \(line 1\)$/],
  ['broken.mjs', /broken\.mjs cannot be loaded: Unexpected token/],
  ['misses.mjs', /misses\.mjs cannot be loaded: Cannot find package 'nowhere-to-be-found'/],
  ['taken.mjs', /taken\.mjs cannot be loaded: an operator named matmul is already defined/],
  ['typed.ts', /typed\.ts is no JavaScript module; compile it, or name a file that ends in \.mjs or \.js/],
  ['twice.mjs', /twice\.mjs defines twice, thrice; choose one of them, e\.g\. \S+twice\.mjs:twice/],
  ['twice.mjs:half', /twice\.mjs defines no operator "half"; it defines twice, thrice/],
  ['endless.mjs', /endless\.mjs cannot be loaded: it does not end within 3 s; .*--module-timeout gives it more$/],
  ['waits.mjs', /waits\.mjs cannot be loaded: it does not end within 3 s/],
  ['leaves.mjs', /leaves\.mjs cannot be loaded: it ends the process \(exit code 0\)$/],
  ['bare.mjs', /bare\.mjs cannot be loaded: build of bare must be a function, and is undefined \(line 2\)$/],
  ['build-throws.mjs', /build of \S+build-throws\.mjs throws: out of luck \(line 8\)$/],
  ['build-endless.mjs', /build of \S+build-endless\.mjs does not end within 3 s; .*--module-timeout gives it more$/],
];

describe.concurrent('a module of the user that is no operator', () => {
  it.each(mistakes)('%s', async (word, sentence) => {
    const { code, stdout, stderr } = await wgtune(['show', join(folder, word), '--naive', '--module-timeout', '3']);
    expect(stdout).toBe('');
    expect(stderr.trimEnd()).toMatch(/^error: [^\n]+$/);
    expect(stderr.trimEnd()).toMatch(sentence);
    expect(code).toBe(2);
  });
});

describe.concurrent('a module of the user that fails while kernels are tuned', () => {
  const tune = (name: string, ...more: readonly string[]): readonly string[] => [
    ...['tune', join(folder, name), '--device', 'swiftshader', '--trials', '2'],
    ...['--log', join(folder, `logs-${name}`), ...more],
  ];
  it.each([
    ['reference-throws.mjs', /error: reference of \S+reference-throws\.mjs throws: out of luck \(line 15\)$/],
    ['reference-missing.mjs', /error: reference of \S+ throws: .*; it asks for Z, and the inputs are X \(line 15\)$/],
    ['reference-endless.mjs', /error: reference of \S+reference-endless\.mjs does not end within 2 s; [^\n]+$/],
    ['alone.mjs', /error: \S+alone\.mjs throws: out of luck \(line 2\)$/],
  ])('%s is named in one sentence, and no fault of wgtune', async (name, sentence) => {
    const { code, stderr } = await wgtune(tune(name, '--module-timeout', '2'));
    expect(stderr.trimEnd()).toMatch(sentence);
    expect(stderr).not.toMatch(/fault of wgtune|\n {4}at /);
    expect(code).toBe(2);
  });

  it('may print: stdout is for results', async () => {
    const { code, stdout, stderr } = await wgtune(tune('prints.mjs', '--json'));
    expect(code, stderr).toBe(0);
    expect(() => JSON.parse(stdout)).not.toThrow();
    expect(stderr).toContain('hello');
  });

  it('has wrong answers, which are told and recorded, where it expects NaN of a kernel that gives numbers', async () => {
    const { code, stderr } = await wgtune(tune('nan.mjs'));
    expect(stderr).toMatch(/Y\[0\] is -?\d+, expected NaN/);
    expect(stderr).not.toContain('fault of wgtune');
    expect(code).not.toBe(0);
    const { records, faults } = await loadRecords([join(folder, 'logs-nan.mjs')]);
    expect(faults).toEqual([]);
    expect(new Set(records.map(({ outcome }) => outcome))).toEqual(new Set(['wrong-answer']));
  });

  it('is told of in one sentence where it takes all memory', async () => {
    const options = { env: { NODE_OPTIONS: '--max-old-space-size=150' } };
    const { code, stderr } = await start(['show', join(folder, 'build-full.mjs'), '--naive'], options).ended;
    expect(stderr).toMatch(/^error: build of \S+build-full\.mjs takes more memory than there is\n$/);
    expect(code).toBe(2);
  });

  it('is ended by Ctrl-C where it never ends', async () => {
    const run = start(tune('reference-endless.mjs'));
    await run.saying('at it');
    // A function broken off within its own write would leave stderr in the middle of that, and nothing more could be written.
    await new Promise((resolve) => setTimeout(resolve, 500));
    run.process.kill('SIGINT');
    const { code, stderr } = await run.ended;
    expect(stderr.trimEnd()).toMatch(
      /error: interrupted; the same command goes on from the trials that are recorded: [^\n]+$/,
    );
    expect(code).toBe(exitCode.interrupted);
  });

  it('shows its stack where --verbose asks for it', async () => {
    const { stderr } = await wgtune(['--verbose', 'show', join(folder, 'build-throws.mjs'), '--naive']);
    expect(stderr).toMatch(/thrown there: Error: out of luck\n +at \S+ .*build-throws\.mjs:8:/);
  });
});

describe('an operator of the user', () => {
  const gram = join(folder, 'gram.mjs');
  const logs = join(folder, 'logs');
  const flags = ['-s', 'n=12,k=20', '--device', 'swiftshader', '--log', logs];

  it('is described under the path it was named by, and one of several is chosen by name', async () => {
    const page = await wgtune(['ops', gram]);
    expect(page.stdout).toContain(`wgtune tune ${gram} -s n=64,k=256`);
    const shown = await wgtune(['show', `${join(folder, 'twice.mjs')}:thrice`, '--naive', '--as', 'wgsl']);
    expect(shown.stdout).toMatch(/X\[.*\] \* 3(\.0)?f?|3(\.0)?f? \* X\[/);
  });

  it('is tuned and found again, and its records do not concern other operators', { timeout: 120_000 }, async () => {
    const epilogue = ['--epilogue', 'max(x, 0) + shift * 2'];
    const tuned = await wgtune(['tune', gram, ...flags, ...epilogue, '--trials', '3', '--json']);
    expect(tuned.code, tuned.stderr).toBe(0);
    const { best, commands } = JSON.parse(tuned.stdout) as { best: { timeNs: number }; commands: string[] };
    expect(commands[0]).toContain(`wgtune show ${gram} -s n=12,k=20 --epilogue 'max(x, 0) + shift * 2' `);
    expect(commands[1]).toMatch(/-o gram-kernel$/);
    const { records } = await loadRecords([logs]);
    expect(new Set(records.map(({ workload }) => workload.operator))).toEqual(new Set(['gram']));
    expect(records.every(ranRight)).toBe(true);

    const found = await wgtune(['best', gram, ...flags, ...epilogue, '--json']);
    expect((JSON.parse(found.stdout) as { timeNs: number }).timeNs).toBe(best.timeNs);
    const other = ['matmul', '-s', 'm=8,n=8,k=8', '--device', 'swiftshader', '--log', logs];
    expect((await wgtune(['best', ...other])).code).toBe(4);
    const matmul = await wgtune(['tune', ...other, '--trials', '3']);
    expect(matmul.stderr).not.toMatch(/gram|error/);
    expect(matmul.code).toBe(0);
  });
});
