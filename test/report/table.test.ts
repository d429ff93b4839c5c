import { describe, expect, it } from 'vitest';
import { formatFacts, formatTable, markdownTable, wrapWords } from '../../src/report/table.ts';
import { coloursFor } from '../../src/report/terminal.ts';

describe('formatTable', () => {
  const columns = [{ title: 'NAME' }, { title: 'SIZE', align: 'right' as const }, { title: 'NOTE' }];

  it('aligns columns and leaves no spaces at line ends', () => {
    const rows = [
      ['a', '1', ''],
      ['longer', '12345', 'x'],
    ];
    expect(formatTable(columns, rows)).toBe(['NAME     SIZE  NOTE', 'a           1', 'longer  12345  x'].join('\n'));
  });

  it('pads by what is seen, not by what paints it', () => {
    const painted = formatTable(columns, [['a', '1', 'n']], (cell, row) => (row < 0 ? cell : `<${cell}>`));
    expect(painted.split('\n')[1]).toBe('<a>        <1>  <n>');
  });
});

it('formatFacts keeps further lines in their column', () => {
  expect(
    formatFacts([
      ['a', 'one\ntwo'],
      ['long', 'three'],
    ]),
  ).toBe('a     one\n      two\nlong  three');
});

it('wrapWords breaks between words only', () => {
  expect(wrapWords(['aa', 'bb', 'cccccccc', 'd'], 5)).toBe('aa bb\ncccccccc\nd');
  expect(wrapWords([], 5)).toBe('');
});

it('coloursFor paints terminals, and pipes where FORCE_COLOR asks for it, and none where NO_COLOR is set', () => {
  const terminal = { write: () => true, isTTY: true };
  const pipe = { write: () => true };
  expect(coloursFor(terminal, { TERM: 'xterm' }).green('x')).toBe('\x1b[32mx\x1b[39m');
  expect(coloursFor(terminal, { TERM: 'xterm', NO_COLOR: '1' }).green('x')).toBe('x');
  expect(coloursFor(terminal, { TERM: 'dumb' }).green('x')).toBe('x');
  expect(coloursFor(pipe, { TERM: 'xterm' }).green('x')).toBe('x');
  expect(coloursFor(pipe, { FORCE_COLOR: '1' }).green('x')).toBe('\x1b[32mx\x1b[39m');
  expect(coloursFor(terminal, { TERM: 'xterm', FORCE_COLOR: '0' }).green('x')).toBe('x');
  expect(coloursFor(terminal, { TERM: 'xterm', FORCE_COLOR: '1', NO_COLOR: '1' }).green('x')).toBe('x');
});

it('markdownTable pads its columns and escapes what would begin another one', () => {
  expect(markdownTable(['a', 'name'], [['x|y', 'z\nw']])).toBe('| a    | name |\n| ---- | ---- |\n| x\\|y | z w  |');
});
