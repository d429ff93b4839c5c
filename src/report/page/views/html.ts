import { escaped } from '../../escaped.ts';

/** Cells are texts; numbers stand on the right. */
type Cell = string | number | null;

/** A table with a row of titles, without the closing tags that HTML does not ask for: they are a third of a long table. `numeric`: columns (from 0) that stand on the right. */
export function tableOf(
  titles: readonly string[],
  rows: readonly (readonly Cell[])[],
  { caption, numeric = [] }: { readonly caption?: string; readonly numeric?: readonly number[] } = {},
): string {
  const right = new Set(numeric);
  const cell = (value: Cell, at: number): string =>
    `<td${right.has(at) ? ' class=n' : ''}>${value === null ? '–' : escaped(String(value))}`;
  const head = titles.map((title, at) => `<th scope=col${right.has(at) ? ' class=n' : ''}>${escaped(title)}`);
  const said = caption === undefined ? '' : `<caption>${escaped(caption)}</caption>`;
  return `<div class=wide tabindex=0 role=region aria-label="${escaped(caption ?? 'table')}"><table>${said}<thead><tr>${head.join('')}<tbody>${rows
    .map((row) => `<tr>${row.map(cell).join('')}`)
    .join('')}</table></div>`;
}

/** A section with its title; `id` is unique in the page. */
export function sectionOf(id: string, title: string, ...parts: readonly string[]): string {
  return `<section id="${id}" aria-labelledby="${id}-title"><h3 id="${id}-title">${escaped(title)}</h3>${parts.join('')}</section>`;
}

export function paragraph(text: string): string {
  return `<p>${escaped(text)}</p>`;
}

/** What stands where the log does not hold what a view needs. */
export function notRecorded(what: string): string {
  return `<p class=none>Not recorded: ${escaped(what)}.</p>`;
}
