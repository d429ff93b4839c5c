export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/**
 * Rows below their titles, columns two spaces apart, no spaces at the ends of lines. Cells hold plain text; `paint` may colour a whole cell
 * after its width is known (row -1 holds the titles).
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  paint: (cell: string, row: number, column: number) => string = (cell) => cell,
): string {
  const widths = columns.map(({ title }, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[], row: number): string =>
    columns
      .map(({ align }, column) => {
        const cell = cells[column] ?? '';
        const gap = ' '.repeat((widths[column] ?? 0) - cell.length);
        const painted = cell === '' ? '' : paint(cell, row, column);
        return align === 'right' ? gap + painted : painted + gap;
      })
      .join('  ')
      .trimEnd();
  const titles = columns.map(({ title }) => title);
  return [line(titles, -1), ...rows.map((row, index) => line(row, index))].join('\n');
}

/** Names in a column of their own, each with its text; a text of several lines stays in its column. */
export function formatFacts(facts: readonly (readonly [string, string])[], paintName = (name: string) => name): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts
    .flatMap(([name, text]) =>
      text
        .split('\n')
        .map((line, index) =>
          index === 0
            ? `${paintName(name)}${' '.repeat(width - name.length)}  ${line}`
            : `${' '.repeat(width)}  ${line}`,
        ),
    )
    .map((line) => line.trimEnd())
    .join('\n');
}

/** A list of words as lines of at most `width` characters; a word longer than that has a line of its own. */
export function wrapWords(words: readonly string[], width: number): string {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

/** A table in Markdown, its columns padded so that it reads as well in a terminal. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, at) => Math.max(title.length, 3, ...rows.map((row) => escaped(row[at]).length)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, at) => escaped(cells[at]).padEnd(width)).join(' | ')} |`;
  return [line(header), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** A bar would begin another column. */
function escaped(cell: string | undefined): string {
  return (cell ?? '').replaceAll('|', '\\|').replaceAll('\n', ' ');
}
