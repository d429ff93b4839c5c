import { type Checkpoint, checkpoints, type TransferRow } from '../tuner/transfer/summary.ts';
import { formatTable } from './table.ts';

const titles = [
  'sources',
  'tier',
  ...checkpoints.map((trials) => `@${trials}`),
  '90%',
  '95%',
  '99%',
  'misses',
  'later than cold',
  'P',
  'P in time',
];

const explanation =
  '@n: mean fraction of the optimum after n trials; 90%: median trials to it (-: the median run never gets there); misses: runs that never reach 95%; later than cold: runs that reach 95% later than the cold run of their seed; P: performance score, 1 for the optimum at once, 0 as random search';

/** A table per target, for a terminal. */
export function formatTransfer(rows: readonly TransferRow[]): string {
  const targets = [...new Set(rows.map(({ target }) => target))];
  const columns = titles.map((title, at) => ({ title, align: at < 2 ? ('left' as const) : ('right' as const) }));
  const tables = targets.map((target) => {
    const own = rows.filter((row) => row.target === target);
    return `${target} (${own[0]?.seeds} runs of each tier)\n${formatTable(columns, own.map(cells))}`;
  });
  return [...tables, explanation].join('\n\n');
}

/** The same in Markdown. */
export function markdownOfTransfer(rows: readonly TransferRow[]): string {
  const header = ['target', ...titles];
  const line = (parts: readonly string[]): string => `| ${parts.join(' | ')} |`;
  const body = rows.map((row) => line([row.target, ...cells(row)]));
  return [line(header), line(header.map(() => '---')), ...body, '', `${explanation}.`].join('\n');
}

function cells({ sources, tier, best, to90, to95, to99, misses, worseThanCold, P, PTime }: TransferRow): string[] {
  const count = (trials: number | null): string => (trials === null ? '-' : String(trials));
  return [
    sources.length === 0 ? '-' : sources.join(' '),
    tier,
    ...checkpoints.map((trials) => best[String(trials) as Checkpoint].toFixed(3)),
    count(to90),
    count(to95),
    count(to99),
    String(misses),
    String(worseThanCold),
    P.toFixed(3),
    PTime.toFixed(3),
  ];
}
