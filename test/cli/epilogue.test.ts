import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { followUp } from '../../src/cli/kernel-options.ts';
import { wgtuneHere } from './wgtune.ts';

const folder = mkdtempSync(join(tmpdir(), 'wgtune-epilogue-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const formula = 'relu(x + bias)';

describe('--epilogue', () => {
  it('sets the attribute of that name', async () => {
    const shape = ['matmul', '-s', 'm=8,n=8,k=8', '--naive', '--as', 'wgsl'];
    const short = await wgtuneHere(['show', ...shape, '--epilogue', formula]);
    expect(short.code).toBe(0);
    expect(short.stdout).toContain('bias: input f32[8]');
    expect(await wgtuneHere(['show', ...shape, '--attr', `epilogue=${formula}`])).toEqual(short);
    expect((await wgtuneHere(['show', ...shape])).stdout).not.toContain('bias');
  });

  it.each(['tune', 'best', 'show', 'explain', 'run', 'export'])('%s takes it once only', async (command) => {
    const rest = command === 'export' ? ['-o', folder] : [];
    const line = [command, 'matmul', '--epilogue', formula, '--attr', 'epilogue=x', ...rest];
    const { code, stderr } = await wgtuneHere(line);
    expect(stderr).toBe('error: --epilogue and --attr epilogue= are the same text; give one of them\n');
    expect(code).toBe(2);
  });

  it('says what is wrong with a formula', async () => {
    const { code, stderr } = await wgtuneHere(['show', 'matmul', '--naive', '--epilogue', 'relu(bias)']);
    expect(stderr).toMatch(/^error: matmul: epilogue "relu\(bias\)": it does not use x/);
    expect(code).toBe(2);
  });

  it('is carried, quoted for a shell, by the command that an error names', async () => {
    const { code, stderr } = await wgtuneHere([
      'best',
      'matmul',
      '--device',
      'swiftshader',
      '--log',
      folder,
      '--epilogue',
      formula,
    ]);
    expect(stderr).toContain(`(wgtune tune matmul --epilogue 'relu(x + bias)' --device swiftshader --log ${folder})`);
    expect(code).toBe(4);
    expect(followUp('run', 'matmul', { epilogue: "x + it's", profile: 'browser' })).toBe(
      "wgtune run matmul --epilogue 'x + it'\\''s'",
    );
  });
});
