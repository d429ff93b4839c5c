import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';

const folders = ['docs', 'src', 'bench', 'examples', 'tuning-logs', 'schedules'];
const pages = ['README.md', ...folders.flatMap(pagesOf)];

describe('what is written names what is there', () => {
  it.each(pages)('%s: every path that it names exists', (page) => {
    expect(pathsIn(page).filter((path) => !existsSync(path))).toEqual([]);
  });

  // The reference of commands is made from the command line itself, and names commands without what they require.
  it.each(pages.filter((page) => page !== 'docs/commands.md'))(
    '%s: the command line takes every command that it shows',
    async (page) => {
      const refused: string[] = [];
      for (const line of commandsIn(page)) {
        const reason = await refusalOf(line);
        if (reason !== null) refused.push(`${line}: ${reason}`);
      }
      expect(refused).toEqual([]);
    },
  );

  it('finds both, and what is wrong with them', async () => {
    expect(pathsIn('README.md').length).toBeGreaterThan(10);
    expect(pages.flatMap(commandsIn).length).toBeGreaterThan(30);
    expect(await refusalOf('tune matmul --budget 3')).toMatch(/unknown option/);
    expect(await refusalOf('tunes matmul')).toMatch(/unknown command/);
  });
});

function pagesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
    .map((name) => join(folder, name));
}

/** Relative targets of links, and what stands in backticks and begins with a folder of the repository. */
function pathsIn(page: string): string[] {
  const text = readFileSync(page, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
  const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => join(dirname(page), target));
  const quoted = [...text.matchAll(/`([\w./-]+)`/g)]
    .map(([, path = '']) => path)
    .filter((path) => folders.some((folder) => path.startsWith(`${folder}/`)) && !path.includes('...'))
    // A README of a folder names what lies in it.
    .map((path) => (existsSync(path) ? path : join(dirname(page), path)));
  return [...links, ...quoted];
}

/** Lines that begin as a command of wgtune, in blocks of code and in backticks, without `npx wgtune`. */
function commandsIn(page: string): string[] {
  const text = readFileSync(page, 'utf8');
  const lines = [
    ...text.matchAll(/^(?: {4}|\$ )(?:npx )?wgtune (.+)$/gm),
    ...text.matchAll(/`(?:npx )?wgtune ([^`]+)`/g),
  ];
  return (
    lines
      .map(([, line = '']) => line.replace(/ +(#.*|\d?>.*|\|.*|&&.*)$/, '').trim())
      // A form with placeholders or choices is no command, and neither is a name alone.
      .filter((line) => line.includes(' ') && !/[<>[\]|*]|\.\.\./.test(line))
  );
}

async function refusalOf(line: string): Promise<string | null> {
  const words = [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');
  const program = createProgram();
  idle(program);
  try {
    await program.parseAsync(words, { from: 'user' });
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Makes the commands do nothing. */
function idle(command: Command): void {
  if (command.commands.length === 0) command.action(() => {});
  for (const child of command.commands) idle(child);
}
