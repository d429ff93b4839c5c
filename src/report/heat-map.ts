import { escaped } from './escaped.ts';
import { svgOf } from './svg.ts';

const cell = 76;
const margin = { left: 190, top: 150, right: 20, bottom: 20 };

/** A table of fractions from 0 to 1 in colours, dark for large ones, with the number in each field; null leaves a field empty. */
export function heatMap(
  title: string,
  rows: readonly string[],
  columns: readonly string[],
  fractionAt: (row: string, column: string) => number | null,
): string {
  const parts = [`<text x="12" y="22" font-weight="bold">${escaped(title)}</text>`];
  for (const [at, column] of columns.entries()) {
    const x = margin.left + (at + 0.5) * cell;
    const y = margin.top - 8;
    parts.push(`<text x="${x}" y="${y}" transform="rotate(-35 ${x} ${y})">${escaped(column)}</text>`);
  }
  for (const [down, row] of rows.entries()) {
    const y = margin.top + down * cell;
    parts.push(`<text x="${margin.left - 8}" y="${y + cell / 2 + 4}" text-anchor="end">${escaped(row)}</text>`);
    for (const [across, column] of columns.entries()) {
      const value = fractionAt(row, column);
      if (value === null) continue;
      const x = margin.left + across * cell;
      const share = Math.min(1, Math.max(0, value));
      const ink = share > 0.25 ? '#fff' : '#000';
      parts.push(
        `<rect x="${x}" y="${y}" width="${cell - 2}" height="${cell - 2}" fill="${shade(share)}"/>`,
        `<text x="${x + cell / 2}" y="${y + cell / 2 + 4}" text-anchor="middle" fill="${ink}">${(100 * value).toFixed(1)}%</text>`,
      );
    }
  }
  const width = margin.left + columns.length * cell + margin.right;
  return svgOf(title, Math.max(420, width), margin.top + rows.length * cell + margin.bottom, parts);
}

/** From white to the figures' blue. */
function shade(share: number): string {
  const mix = (to: number): number => Math.round(255 + (to - 255) * Math.sqrt(share));
  return `rgb(${mix(0)},${mix(84)},${mix(150)})`;
}
