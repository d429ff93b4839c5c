import { describe, expect, it } from 'vitest';
import { followUp } from '../../src/cli/kernel-options.ts';
import { wgtuneHere } from './wgtune.ts';

const matmul = ['matmul', '-s', 'm=8,n=8,k=8'];

describe('--constant', () => {
  it('sets the attribute of that name, which is in the workload', async () => {
    const naive = ['show', ...matmul, '--naive', '--as', 'trace', '--json'];
    const short = await wgtuneHere([...naive, '--constant', 'B']);
    expect(short.code).toBe(0);
    expect(JSON.parse(short.stdout)).toMatchObject({ workload: { attributes: { constant: 'B' } } });
    expect(await wgtuneHere([...naive, '--attr', 'constant=B'])).toEqual(short);
  });

  it.each(['tune', 'best', 'show', 'explain', 'run', 'export'])('%s takes it once only', async (command) => {
    const rest = command === 'export' ? ['-o', 'never-written'] : [];
    const line = [command, ...matmul, '--constant', 'A', '--attr', 'constant=B', ...rest];
    const { code, stderr } = await wgtuneHere(line);
    expect(stderr).toBe('error: --constant and --attr constant= are the same text; give one of them\n');
    expect(code).toBe(2);
  });

  it('says what is wrong with a name', async () => {
    const { code, stderr } = await wgtuneHere(['show', ...matmul, '--naive', '--constant', 'W']);
    expect(stderr).toMatch(/^error: matmul: constant names W; the inputs are A, B/);
    expect(code).toBe(2);
  });

  it('is carried by the command that an error names', () => {
    expect(followUp('run', 'matmul', { constant: 'A,B', profile: 'browser' })).toBe('wgtune run matmul --constant A,B');
  });
});
