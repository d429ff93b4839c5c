import { escaped } from '../../src/report/escaped.ts';
import { colours, svgOf } from '../../src/report/svg.ts';
import { measures } from './measures.ts';
import { allKinds, type Row } from './tables.ts';

const panel = { width: 300, height: 260, left: 44, top: 44, bottom: 44 };

/** Ansor's Figure 3: one panel per measure over the fraction of decisions made, one line per class, all classes together in bold. */
export function figureOf(title: string, rows: readonly Row[]): string {
  const kinds = [...new Set(rows.map(({ kind }) => kind))].filter((kind) => kind !== allKinds);
  const lines = [...kinds, ...(rows.some(({ kind }) => kind === allKinds) ? [allKinds] : [])];
  const colourOf = (kind: string): string =>
    kind === allKinds ? '#000000' : (colours[kinds.indexOf(kind) % colours.length] as string);
  const innerWidth = panel.width - panel.left - 16;
  const innerHeight = panel.height - panel.top - panel.bottom;
  const parts: string[] = [`<text x="${panel.left}" y="18" font-weight="bold">${escaped(title)}</text>`];
  for (const [m, measure] of measures.entries()) {
    const left = m * panel.width + panel.left;
    const x = (fraction: number): number => left + fraction * innerWidth;
    const y = (value: number): number => panel.top + (1 - value) * innerHeight;
    parts.push(
      `<text x="${left + innerWidth / 2}" y="${panel.top - 8}" text-anchor="middle">${escaped(measure)}</text>`,
    );
    for (const value of [0, 0.25, 0.5, 0.75, 1])
      parts.push(
        `<line x1="${left}" x2="${left + innerWidth}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}" stroke="#ddd"/>`,
        `<text x="${left - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${value}</text>`,
        `<text x="${x(value).toFixed(1)}" y="${panel.height - panel.bottom + 16}" text-anchor="middle">${100 * value}%</text>`,
      );
    for (const kind of lines) {
      const points = rows
        .filter((row) => row.kind === kind && !Number.isNaN(row.figures[m] as number))
        .map(({ fraction, figures }) => `${x(fraction).toFixed(1)},${y(figures[m] as number).toFixed(1)}`);
      parts.push(
        `<polyline points="${points.join(' ')}" fill="none" stroke="${colourOf(kind)}" stroke-width="${kind === allKinds ? 3 : 1.5}"/>`,
      );
    }
    parts.push(`<text x="${left + innerWidth / 2}" y="${panel.height - 8}" text-anchor="middle">decisions made</text>`);
  }
  const legend = measures.length * panel.width;
  for (const [at, kind] of lines.entries())
    parts.push(`<text x="${legend}" y="${panel.top + 14 + at * 18}" fill="${colourOf(kind)}">${escaped(kind)}</text>`);
  return svgOf(title, legend + 150, panel.height, parts);
}
