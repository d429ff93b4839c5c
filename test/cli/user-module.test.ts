import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadRecords } from '../../src/records/log-reader.ts';
import { wgtune } from './wgtune.ts';

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

/** Operator as written, what the one sentence says. */
const mistakes: readonly (readonly [string, RegExp])[] = [
  ['missing.mjs', /there is no module \S+missing\.mjs; give the path/],
  ['missing.mjs:gram', /there is no module \S+missing\.mjs; give the path/],
  ['folder.mjs', /folder\.mjs is a folder; name a module in it/],
  ['nothing.mjs', /nothing\.mjs defines no operator; call defineOperator of 'wgtune' in it/],
  ['throws.mjs', /throws\.mjs cannot be loaded: out of luck$/],
  ['broken.mjs', /broken\.mjs cannot be loaded: Unexpected token/],
  ['misses.mjs', /misses\.mjs cannot be loaded: Cannot find package 'nowhere-to-be-found'/],
  ['taken.mjs', /taken\.mjs cannot be loaded: an operator named matmul is already defined/],
  ['typed.ts', /typed\.ts is no JavaScript module; compile it, or name a file that ends in \.mjs or \.js/],
  ['twice.mjs', /twice\.mjs defines twice, thrice; choose one of them, e\.g\. \S+twice\.mjs:twice/],
  ['twice.mjs:half', /twice\.mjs defines no operator "half"; it defines twice, thrice/],
];

describe.concurrent('a module of the user that is no operator', () => {
  it.each(mistakes)('%s', async (word, sentence) => {
    const { code, stdout, stderr } = await wgtune(['show', join(folder, word), '--naive']);
    expect(stdout).toBe('');
    expect(stderr.trimEnd()).toMatch(/^error: [^\n]+$/);
    expect(stderr.trimEnd()).toMatch(sentence);
    expect(code).toBe(2);
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

  it('is tuned, found again, and its records are nothing to the other operators', { timeout: 120_000 }, async () => {
    const epilogue = ['--epilogue', 'max(x, 0) + shift * 2'];
    const tuned = await wgtune(['tune', gram, ...flags, ...epilogue, '--trials', '3', '--json']);
    expect(tuned.code, tuned.stderr).toBe(0);
    const { best, commands } = JSON.parse(tuned.stdout) as { best: { timeNs: number }; commands: string[] };
    expect(commands[0]).toContain(`wgtune show ${gram} -s n=12,k=20 --epilogue 'max(x, 0) + shift * 2' `);
    expect(commands[1]).toMatch(/-o gram-kernel$/);
    const { records } = await loadRecords([logs]);
    expect(new Set(records.map(({ workload }) => workload.operator))).toEqual(new Set(['gram']));
    expect(records.every(({ outcome }) => outcome === 'ok' || outcome === 'unstable')).toBe(true);

    const found = await wgtune(['best', gram, ...flags, ...epilogue, '--json']);
    expect((JSON.parse(found.stdout) as { timeNs: number }).timeNs).toBe(best.timeNs);
    const other = ['matmul', '-s', 'm=8,n=8,k=8', '--device', 'swiftshader', '--log', logs];
    expect((await wgtune(['best', ...other])).code).toBe(4);
    const matmul = await wgtune(['tune', ...other, '--trials', '3']);
    expect(matmul.stderr).not.toMatch(/gram|error/);
    expect(matmul.code).toBe(0);
  });
});
