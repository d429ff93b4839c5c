import type { NamedFeatures } from '../features/named.ts';
import { formatFacts, formatTable } from './table.ts';
import type { Colours } from './terminal.ts';

/** Features with their units, a column of values for every kernel. */
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
  const rows = (first?.features ?? []).map(({ name, unit }, f) => [
    name,
    ...kernels.map(({ features }) => plainNumber(features[f]?.value ?? Number.NaN)),
    unit,
  ]);
  const table = formatTable(columns, rows, (cell, row) => (row < 0 ? colours.dim(cell) : cell));
  return `${facts}\n\n${table}`;
}

/** Four significant digits, no trailing zeros. */
function plainNumber(value: number): string {
  return Number.isNaN(value) ? 'open' : String(Number(value.toPrecision(4)));
}
