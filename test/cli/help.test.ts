import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { toolVersion } from '../../src/tuner/tool.ts';
import { start, wgtune } from './wgtune.ts';

const forbidNative = new URL('./modules/forbid-native.mjs', import.meta.url).href;
const commands = [
  ...[
    'devices',
    'ops',
    'tune',
    'watch',
    'best',
    'show',
    'explain',
    'run',
    'compare',
    'export',
    'logs',
    'learn',
    'distill',
    'report',
    'transfer',
  ],
  ...['init', 'check', 'doctor', 'completion'],
];

describe('help', () => {
  it('every command describes itself, its options and gives examples that name real commands and options', () => {
    const program = createProgram();
    expect(program.commands.map((command) => command.name())).toEqual(commands);
    const all = program.commands.flatMap((command) => [command, ...command.commands]);
    for (const command of all) {
      let text = '';
      const writeOut = (part: string): void => {
        text += part;
      };
      command.configureOutput({ writeOut }).outputHelp();
      expect(text, command.name()).toContain('--json');
      expect(text, command.name()).toContain('--verbose');
      const [, examples = ''] = text.split('Examples:\n');
      const lines = examples.trim().split('\n');
      expect(lines.length, command.name()).toBeGreaterThanOrEqual(2);
      for (const line of lines) {
        const [tool, name, ...rest] = line.trim().split(/\s+/);
        expect(tool).toBe('wgtune');
        const named = program.commands.find((other) => other.name() === name);
        const used = named?.commands.find((other) => other.name() === rest[0]) ?? named;
        for (const flag of rest.filter((word) => /^--?[a-z]/.test(word)))
          expect(
            used?.options.some(({ short, long }) => short === flag || long === flag),
            `${line}: ${flag}`,
          ).toBe(true);
      }
    }
  });

  it.concurrent.each([[[]], [['--help']], [['help']]])('wgtune %j prints it on stdout', async (args: string[]) => {
    const { code, stdout, stderr } = await wgtune(args);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const name of commands) expect(stdout).toMatch(new RegExp(`^ +${name} `, 'm'));
  });

  it.concurrent('--version prints the version', async () => {
    expect(await wgtune(['--version'])).toEqual({ code: 0, stdout: `${toolVersion}\n`, stderr: '' });
  });

  it.concurrent.each([[['--help']], [['tune', '--help']], [['ops']], [['ops', 'conv2d', '--json']]])(
    'wgtune %j loads no native or heavy library',
    async (args: string[]) => {
      const { code, stderr } = await start(args, { imports: [forbidNative] }).ended;
      expect(stderr).toBe('');
      expect(code).toBe(0);
    },
  );

  it('the guard of the test above does guard', async () => {
    const { code, stderr } = await start(['best', 'matmul'], { imports: [forbidNative] }).ended;
    expect(stderr).toMatch(/loads zod/);
    expect(code).toBe(1);
  });
});
