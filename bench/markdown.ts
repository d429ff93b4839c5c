import { availableParallelism, cpus } from 'node:os';

/** A table in Markdown, its columns padded so that it reads as well in a terminal. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, at) => Math.max(title.length, 3, ...rows.map((row) => (row[at] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, at) => (cells[at] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(header), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** Day, machine and command (`npm run bench:x -- flags`), to stand above a table of results. */
export function markdownOrigin(command: string): string {
  const flags = process.argv.slice(2).join(' ');
  const machine = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}`;
  return `${new Date().toISOString().slice(0, 10)}, ${machine}\n\n    ${command}${flags === '' ? '' : ` -- ${flags}`}\n`;
}
