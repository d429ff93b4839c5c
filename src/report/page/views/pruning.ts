import type { RoundAccount } from '../../../records/record.ts';
import { type Chart, chartBase, colourAt, faint, nameAxis, still, valueAxis } from '../../charts/chart.ts';
import { formatCount } from '../../quantities.ts';
import type { Subject } from '../report-data.ts';
import type { Figure } from './figure.ts';
import { tableOf } from './html.ts';

type Pruned = NonNullable<RoundAccount['pruned']>;

/** Reasons with a colour of their own; the others are added up. */
const mostReasons = 5;

interface Funnel {
  readonly looked: number;
  readonly judged: number;
  /** Prefixes by depth (number of decisions made) for each reason, most frequent first. */
  readonly refused: readonly (readonly [string, readonly number[]])[];
  readonly cut: readonly (readonly [string, readonly number[]])[];
  readonly deaths: readonly { readonly depth: number; readonly reason: string; readonly count: number }[];
}

export function funnelOf({ runs }: Subject): Funnel | null {
  const told: readonly Pruned[] = runs.flatMap(({ rounds }) =>
    rounds.flatMap(({ pruned }) => (pruned === undefined ? [] : [pruned])),
  );
  if (told.length === 0) return null;
  const added = (of: (one: Pruned) => Readonly<Record<string, readonly number[]>>): Funnel['refused'] => {
    const sums = new Map<string, number[]>();
    for (const one of told)
      for (const [reason, depths] of Object.entries(of(one))) {
        const sum = sums.get(reason) ?? [];
        for (const [depth, count] of depths.entries()) sum[depth] = (sum[depth] ?? 0) + count;
        sums.set(
          reason,
          Array.from(sum, (count) => count ?? 0),
        );
      }
    return [...sums].sort((a, b) => total(b[1]) - total(a[1]));
  };
  const deaths = new Map<string, Funnel['deaths'][number]>();
  for (const death of told.flatMap((one) => one.deaths ?? [])) {
    const key = `${death.depth} ${death.reason}`;
    deaths.set(key, { ...death, count: death.count + (deaths.get(key)?.count ?? 0) });
  }
  return {
    looked: told.reduce((sum, one) => sum + one.looked, 0),
    judged: told.reduce((sum, one) => sum + one.judged, 0),
    refused: added((one) => one.refused),
    cut: added((one) => one.cut),
    deaths: [...deaths.values()].sort((a, b) => b.count - a.count),
  };
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

const judgements: Readonly<Record<string, string>> = {
  outscored: 'cut: outscored',
  'no-completion': 'cut: no legal completion found',
};

function pruningChart({ refused, cut }: Funnel): Chart {
  const depths = Math.max(0, ...[...refused, ...cut].map(([, counts]) => counts.length));
  const at = (counts: readonly number[], depth: number): number => counts[depth] ?? 0;
  const rest = refused.slice(mostReasons);
  const series = [
    ...refused
      .slice(0, mostReasons)
      .map(([reason, counts], index) => ({ name: reason, counts, colour: colourAt(index) })),
    ...(rest.length === 0
      ? []
      : [
          {
            name: `${rest.length} other reasons`,
            counts: Array.from({ length: depths }, (_, depth) =>
              rest.reduce((sum, [, counts]) => sum + at(counts, depth), 0),
            ),
            colour: colourAt(mostReasons),
          },
        ]),
    ...cut.map(([reason, counts], index) => ({
      name: judgements[reason] ?? reason,
      counts,
      colour: index === 0 ? 'var(--cut)' : colourAt(6 + index),
    })),
  ];
  return {
    height: 380,
    option: chartBase({
      grid: { left: 76, right: 24, top: 76, bottom: 48 },
      xAxis: nameAxis(
        Array.from({ length: depths }, (_, depth) => String(depth)),
        { name: 'decisions made', nameLocation: 'middle', nameGap: 28, axisLabel: { color: faint, fontSize: 12 } },
      ),
      yAxis: valueAxis('prefixes', { nameGap: 56 }),
      series: series.map(({ name, counts, colour }) => ({
        ...{ type: 'bar', name, stack: 'all', barCategoryGap: '18%', itemStyle: { color: colour }, ...still },
        data: Array.from({ length: depths }, (_, depth) => at(counts, depth)),
      })),
    }),
  };
}

export function pruningFigures(subject: Subject, prefix: string): readonly Figure[] {
  const funnel = funnelOf(subject);
  if (funnel === null) return [];
  const { looked, judged, refused, cut } = funnel;
  const refusals = refused.reduce((sum, [, counts]) => sum + total(counts), 0);
  const cuts = cut.reduce((sum, [, counts]) => sum + total(counts), 0);
  const said = `${formatCount(refusals)} of ${formatCount(looked)} prefixes were refused as no completion of them could be legal; of ${formatCount(judged)} legal ones that beams judged, ${formatCount(cuts)} were cut`;
  return [
    {
      id: `${prefix}-pruning`,
      label: `Pruning funnel: ${said}.`,
      caption: `Pruning by the number of decisions made and by reason, all rounds together: ${said}.`,
      chart: pruningChart(funnel),
      table: () =>
        tableOf(
          ['reason', 'prefixes', 'at decisions (count)'],
          [...refused, ...cut.map(([reason, counts]) => [judgements[reason] ?? reason, counts] as const)].map(
            ([reason, counts]) => [
              reason,
              formatCount(total(counts)),
              counts.flatMap((count, depth) => (count > 0 ? [`${depth} (${formatCount(count)})`] : [])).join(', '),
            ],
          ),
          { caption: 'Why prefixes were not gone on with', numeric: [1] },
        ),
    },
  ];
}
