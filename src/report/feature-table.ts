import type { NamedFeatures } from '../features/named.ts';
import { formatFacts, formatTable } from './table.ts';
import type { Colours } from './terminal.ts';

/** Features with their units, a column of values for every kernel, family by family. */
export function formatFeatures({ whole, kernels }: NamedFeatures, colours: Colours): string {
  const facts = formatFacts(
    whole.map(({ name, unit, value }) => [name, `${plainNumber(value)}  ${unit}`]),
    colours.dim,
  );
  const columns = [
    { title: 'FEATURE' },
    ...kernels.map(({ rule }, index) => ({ title: `KERNEL ${index + 1} (${rule})`, align: 'right' as const })),
    { title: 'UNIT' },
  ];
  const [first] = kernels;
  const headings = new Set<number>();
  const rows: string[][] = [];
  let family = '';
  for (const [f, { name, unit, ...feature }] of (first?.features ?? []).entries()) {
    if (feature.family !== family) {
      family = feature.family;
      headings.add(rows.length);
      rows.push([`of the ${family}`]);
    }
    rows.push([`  ${name}`, ...kernels.map(({ features }) => plainNumber(features[f]?.value ?? Number.NaN)), unit]);
  }
  const table = formatTable(columns, rows, (cell, row) => {
    if (row < 0) return colours.dim(cell);
    return headings.has(row) ? colours.bold(cell) : cell;
  });
  return `${facts}\n\n${table}`;
}

/** Four significant digits, no trailing zeros; a feature that is open, or of an operand that the kernel does not have, has no number. */
function plainNumber(value: number): string {
  return Number.isNaN(value) ? '-' : String(Number(value.toPrecision(4)));
}
