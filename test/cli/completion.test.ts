import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { completionAnswer } from '../../src/cli/complete.ts';
import { builtMain, wgtune, wgtuneHere } from './wgtune.ts';

/** The values of an answer, and the directive: 4 for no files, 0 where files may stand. */
function answer(...words: string[]): { readonly values: readonly string[]; readonly directive: string | undefined } {
  const lines = completionAnswer(words).split('\n');
  return { values: lines.slice(0, -1).map((line) => line.split('\t')[0] as string), directive: lines.at(-1) };
}

describe('completion', () => {
  it('of the first word gives commands, and of `logs` its own', () => {
    expect(answer('t').values).toEqual(['tune', 'transfer']);
    expect(answer('logs', 's').values).toEqual(['stats', 'schema']);
  });

  it('of an argument gives operators, or files', () => {
    expect(answer('tune', 'soft')).toEqual({ values: ['softmax'], directive: ':0' });
    expect(answer('best', '--device', 'swiftshader', 'gem').values).toEqual(['gemv']);
    expect(answer('logs', 'stats', '')).toEqual({ values: [], directive: ':0' });
    expect(answer('completion', 'z').values).toEqual(['zsh']);
  });

  it('of an option gives its name, and then what it takes', () => {
    expect(answer('tune', 'matmul', '--tri').values).toEqual(['--trials', '--trial-timeout']);
    expect(answer('tune', '--search', 'b').values).toEqual(['beam', 'bayesian']);
    expect(answer('tune', '--search=b').values).toEqual(['--search=beam', '--search=bayesian']);
    expect(answer('show', 'matmul', '--as', 'w').values).toEqual(['wgsl']);
    expect(answer('tune', 'matmul', '--dtype', '').values).toEqual(['f32', 'f16']);
    expect(answer('export', 'matmul', '-o', 'x')).toEqual({ values: [], directive: ':0' });
    expect(answer('tune', 'matmul', '--trials', '')).toEqual({ values: [], directive: ':4' });
  });

  it('of a device gives the names that the logs have, too', () => {
    const folder = mkdtempSync(join(tmpdir(), 'wgtune-completion-'));
    try {
      writeFileSync(join(folder, '20261120-101530-conv2d-nhwc-nvidia-h200-1f0c2a.jsonl'), '');
      expect(completionAnswer(['tune', '--device', 'nv'], folder)).toBe('nvidia-h200\t\n:4');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.each([
    ['bash', /complete .*wgtune/],
    ['zsh', /compdef .*wgtune/],
    ['fish', /complete -c wgtune/],
    ['powershell', /Register-ArgumentCompleter/],
  ])('prints a script for %s that asks the command line', async (shell, registers) => {
    const { code, stdout } = await wgtune(['completion', shell]);
    expect(code).toBe(0);
    expect(stdout).toMatch(registers);
    expect(stdout).toMatch(/complete '?--/);
  });

  it.skipIf(spawnSync('bash', ['--version']).status !== 0)(
    'in bash completes what was typed, without the package bash-completion, and also when it is read twice',
    () => {
      const asked = (line: string): string[] => {
        const script = `
        set -e
        source <("$@"); source <("$@")
        COMP_LINE=$LINE; COMP_POINT=\${#COMP_LINE}
        $(complete -p wgtune | sed 's/.*-F \\([^ ]*\\).*/\\1/') 2> /dev/null || true
        printf '%s\\n' "\${COMPREPLY[@]}"`;
        const words = [
          '--norc',
          '--noprofile',
          '-c',
          script,
          'bash',
          process.execPath,
          builtMain,
          'completion',
          'bash',
        ];
        const { stdout, stderr, status } = spawnSync('bash', words, {
          encoding: 'utf8',
          env: { ...process.env, LINE: line },
        });
        expect([status, stderr]).toEqual([0, '']);
        return stdout.split('\n').filter((value) => value !== '');
      };
      expect(asked('wgtune tu')).toEqual(['tune']);
      expect(asked('wgtune logs ')).toContain('stats');
      expect(asked('wgtune tune matmul --search b')).toEqual(['beam', 'bayesian']);
      // Behind an equals sign bash replaces the value alone.
      expect(asked('wgtune tune matmul --search=b')).toEqual(['beam', 'bayesian']);
      expect(asked('wgtune tune matmul --trials ')).toEqual([]);
    },
  );

  it('refuses another shell', async () => {
    expect((await wgtuneHere(['completion', 'tcsh'])).stderr).toMatch(/shell "tcsh" must be bash or zsh/);
  });
});
