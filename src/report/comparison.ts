import { describeWorkload } from '../operators/workload.ts';
import { printable } from '../support/printable.ts';
import type { KernelComparison, Unpaired } from '../tuner/compare.ts';
import { formatCount, formatTime } from './quantities.ts';
import { formatTable, markdownTable } from './table.ts';
import type { Colours } from './terminal.ts';

const titles = ['workload', 'device', 'before', 'after', 'change', '95% interval', 'verdict'] as const;

/** The comparisons as a table, then what each side alone has. */
export function formatComparisons(
  comparisons: readonly KernelComparison[],
  unpaired: readonly Unpaired[],
  colours: Colours,
): string {
  const rows = comparisons.map(cellsOf);
  const verdicts = { FAST: colours.green, SLOW: colours.red, SAME: colours.dim, AMBIGUOUS: colours.yellow } as const;
  const table = formatTable(
    titles.map((title, column) => ({
      title,
      align: column >= 2 && column <= 5 ? ('right' as const) : ('left' as const),
    })),
    rows,
    (cell, row, column) => {
      if (row < 0) return colours.dim(cell);
      return column === 6 ? verdicts[(comparisons[row] as KernelComparison).verdict](cell) : cell;
    },
  );
  return [table, ...notesOf(comparisons), ...unpaired.map(unpairedText), countsText(comparisons)].join('\n');
}

/** The same as Markdown, for a summary of CI. */
export function comparisonMarkdown(comparisons: readonly KernelComparison[], unpaired: readonly Unpaired[]): string {
  const rest = [...notesOf(comparisons), ...unpaired.map(unpairedText), countsText(comparisons)];
  return `${markdownTable(titles, comparisons.map(cellsOf))}\n\n${rest.join('\n\n')}`;
}

function cellsOf({ workload, device, before, after, ratio, verdict, how }: KernelComparison): readonly string[] {
  const time = ({ timeNs }: KernelComparison['before']): string => (timeNs === null ? '' : formatTime(timeNs));
  const interval =
    ratio === null
      ? 'too few samples'
      : how === 'same-kernel'
        ? 'the same kernel'
        : `${percent(ratio.low)} to ${percent(ratio.high)}`;
  return [
    printable(describeWorkload(workload)),
    printable(device.name),
    time(before),
    time(after),
    ratio === null ? '' : percent(ratio.ratio),
    interval,
    verdict,
  ];
}

/** `+4.9%`: how much longer it takes. */
function percent(ratio: number): string {
  const change = 100 * (ratio - 1);
  const text = Math.abs(change) < 0.05 ? '0.0' : change.toFixed(1);
  return `${change >= 0.05 ? '+' : ''}${text}%`;
}

function notesOf(comparisons: readonly KernelComparison[]): readonly string[] {
  const differing = comparisons.find(({ differs }) => differs.length > 0);
  return differing === undefined
    ? []
    : [
        `note: ${printable(differing.device.name)} is set up otherwise on the two sides, which differ in ${differing.differs.join(', ')}`,
      ];
}

function unpairedText({ side, workload, device }: Unpaired): string {
  const where = device === null ? '' : ` on ${device.name}`;
  return `only ${side}: ${printable(`${describeWorkload(workload)}${where}`)}`;
}

function countsText(comparisons: readonly KernelComparison[]): string {
  return (['FAST', 'SLOW', 'SAME', 'AMBIGUOUS'] as const)
    .map((verdict) => [verdict, comparisons.filter((one) => one.verdict === verdict).length] as const)
    .filter(([, count]) => count > 0)
    .map(([verdict, count]) => `${formatCount(count)} ${verdict}`)
    .join(', ');
}
