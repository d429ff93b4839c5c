import { escaped } from '../../src/report/escaped.ts';
import { colours, svgOf } from '../../src/report/svg.ts';
import type { Row } from './summary.ts';

const bar = { height: 14, gap: 4 };
const left = 330;
const plot = 420;
const right = 60;
const top = 48;

/** A bar per workload: how many times faster than the better peer, on a logarithmic axis, a colour per class. */
export function figureOf(title: string, rows: readonly Row[]): string {
  const shown = rows.flatMap((row) => (row.timesFaster === null ? [] : [{ ...row, ratio: row.timesFaster }]));
  const kinds = [...new Set(shown.map(({ measured }) => measured.kind))];
  const ratios = shown.map(({ ratio }) => ratio);
  const [low, high] = [Math.min(1, ...ratios), Math.max(2, ...ratios)];
  const x = (ratio: number): number => left + (Math.log(ratio / low) / Math.log(high / low)) * plot;
  const height = top + shown.length * (bar.height + bar.gap) + 16;
  const parts = [`<text x="8" y="18" font-weight="bold">${escaped(title)}</text>`];
  for (const tick of [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64].filter((value) => value >= low && value <= high))
    parts.push(
      `<line x1="${x(tick).toFixed(1)}" x2="${x(tick).toFixed(1)}" y1="${top}" y2="${height - 12}" stroke="${tick === 1 ? '#000' : '#ddd'}"/>`,
      `<text x="${x(tick).toFixed(1)}" y="${top - 6}" text-anchor="middle">${tick}</text>`,
    );
  for (const [at, { measured, ratio }] of shown.entries()) {
    const y = top + at * (bar.height + bar.gap);
    const [from, to] = [Math.min(x(1), x(ratio)), Math.max(x(1), x(ratio))];
    const colour = colours[kinds.indexOf(measured.kind) % colours.length] as string;
    const middle = y + bar.height - 3;
    parts.push(
      `<text x="${left - 8}" y="${middle}" text-anchor="end" font-size="10">${escaped(`${measured.model}: ${measured.layer}`)}</text>`,
      `<rect x="${from.toFixed(1)}" y="${y}" width="${(to - from).toFixed(1)}" height="${bar.height}" fill="${colour}"/>`,
      `<text x="${(Math.max(to, x(1)) + 4).toFixed(1)}" y="${middle}" font-size="10">${ratio.toFixed(2)}</text>`,
    );
  }
  const legend = left + plot + right;
  for (const [at, kind] of kinds.entries())
    parts.push(
      `<text x="${legend}" y="${top + 12 + at * 16}" fill="${colours[at % colours.length]}">${escaped(kind)}</text>`,
    );
  return svgOf(title, legend + 150, Math.max(height, top + kinds.length * 16 + 20), parts);
}
