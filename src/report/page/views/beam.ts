import type { RoundAccount } from '../../../records/record.ts';
import { type Chart, chartBase, colourAt, faint, nameAxis, still, valueAxis } from '../../charts/chart.ts';
import { formatCount } from '../../quantities.ts';
import type { ReportRound, Subject } from '../report-data.ts';
import type { Figure } from './figure.ts';
import { paragraph, tableOf } from './html.ts';
import { funnelOf } from './pruning.ts';

type Beam = NonNullable<RoundAccount['beams']>[number];

interface BeamRound {
  readonly round: ReportRound;
  readonly beam: Beam;
}

/** The beams of the last run that has any, in the sketch with the best ends: that of the best trial where it has beams. */
function beamRounds({
  runs,
  trials,
  best,
}: Subject): { readonly sketch: string; readonly rounds: readonly BeamRound[] } | null {
  const run = [...runs].reverse().find(({ rounds }) => rounds.some(({ beams }) => beams !== undefined));
  if (run === undefined) return null;
  const all = run.rounds.flatMap((round) => (round.beams ?? []).map((beam) => ({ round, beam })));
  const wanted = best === null ? null : trials[best]?.sketch;
  const sketch = all.find(({ beam }) => beam.sketch === wanted)?.beam.sketch ?? all[0]?.beam.sketch;
  if (sketch === undefined) return null;
  return { sketch, rounds: all.filter(({ beam }) => beam.sketch === sketch) };
}

const depthAxis = (depths: number) =>
  nameAxis(
    Array.from({ length: depths }, (_, at) => String(at + 1)),
    { name: 'decisions made', nameLocation: 'middle', nameGap: 28, axisLabel: { color: faint, fontSize: 12 } },
  );

const depthsOf = (rounds: readonly BeamRound[]): number => Math.max(0, ...rounds.map(({ beam }) => beam.judged.length));

function survivorsChart(rounds: readonly BeamRound[]): Chart {
  const depths = depthsOf(rounds);
  const sum = (of: (beam: Beam) => readonly number[]): readonly number[] =>
    Array.from({ length: depths }, (_, at) => rounds.reduce((all, { beam }) => all + (of(beam)[at] ?? 0), 0));
  const [judged, kept] = [sum((beam) => beam.judged), sum((beam) => beam.kept)];
  return {
    height: 300,
    option: chartBase({
      grid: { left: 76, right: 24, top: 44, bottom: 48 },
      xAxis: depthAxis(depths),
      yAxis: valueAxis('prefixes', { nameGap: 56 }),
      series: [
        { type: 'bar', name: 'survivors', stack: 'all', data: kept, itemStyle: { color: colourAt(0) }, ...still },
        {
          type: 'bar',
          name: 'cut',
          stack: 'all',
          data: judged.map((count, at) => count - (kept[at] as number)),
          itemStyle: { color: 'var(--cut)' },
          ...still,
        },
      ],
    }),
  };
}

/** Rounds whose lines are drawn: the first, the last, and some between. */
const mostRounds = 6;

function valueChart(rounds: readonly BeamRound[]): Chart {
  const step = Math.max(1, (rounds.length - 1) / (mostRounds - 1));
  const shown =
    rounds.length <= mostRounds
      ? rounds
      : Array.from({ length: mostRounds }, (_, at) => rounds[Math.round(at * step)] as BeamRound);
  return {
    height: 340,
    option: chartBase({
      grid: { left: 76, right: 24, top: 44, bottom: 48 },
      xAxis: depthAxis(depthsOf(rounds)),
      yAxis: valueAxis('score below the best end', { nameGap: 48 }),
      series: shown.flatMap(({ round, beam }, at) => {
        const end = [...beam.best].reverse().find((score) => score !== null) ?? 0;
        const below = (scores: readonly (number | null)[]): readonly (number | null)[] =>
          scores.map((score) => (score === null ? null : Number((score - end).toPrecision(4))));
        const colour = colourAt(at);
        return [
          {
            type: 'line',
            name: `round ${round.round}`,
            data: below(beam.best),
            symbol: 'circle',
            symbolSize: 5,
            lineStyle: { color: colour, width: 2 },
            itemStyle: { color: colour },
            ...still,
          },
          {
            type: 'line',
            name: `round ${round.round}`,
            data: below(beam.least.slice(0, -1)),
            symbol: 'none',
            lineStyle: { color: colour, width: 1, type: 'dotted' },
            itemStyle: { color: colour },
            ...still,
          },
        ];
      }),
    }),
  };
}

export function beamFigures(subject: Subject, prefix: string): readonly Figure[] {
  const found = beamRounds(subject);
  if (found === null) return [];
  const { sketch, rounds } = found;
  const table = (): string =>
    tableOf(
      ['round', 'decisions', 'judged', 'survivors', 'best score', 'least score of a survivor'],
      rounds.flatMap(({ round, beam }) =>
        beam.judged.map((judged, at) => [
          round.round,
          at + 1,
          judged,
          beam.kept[at] ?? 0,
          scoreText(beam.best[at]),
          scoreText(beam.least[at]),
        ]),
      ),
      { caption: `Beams in sketch ${sketch}; scores compare within a round only`, numeric: [0, 1, 2, 3, 4, 5] },
    );
  const judged = rounds.reduce((all, { beam }) => all + beam.judged.reduce((a, b) => a + b, 0), 0);
  return [
    {
      id: `${prefix}-survivors`,
      label: `Survivors of the beam by depth in sketch ${sketch}; ${formatCount(judged)} prefixes were judged.`,
      caption: `The beam in sketch ${sketch}, all rounds of the last run together: prefixes judged after each decision, those with which it went on, and those that it cut.`,
      chart: survivorsChart(rounds),
      table,
    },
    {
      id: `${prefix}-value`,
      label: `Best and least score of the survivors by depth in sketch ${sketch}, round by round, against the best end of the beam.`,
      caption:
        'Value by depth: the best score of a survivor after each decision (line) and the least (dotted), below the score of the best end of its round. A flat line means that the first decisions already told how it ends.',
      chart: valueChart(rounds),
      table,
    },
  ];
}

function scoreText(score: number | null | undefined): string | null {
  return score === null || score === undefined ? null : score.toPrecision(4);
}

/** Where beams died, in a sentence. */
export function deathsHtml(subject: Subject): string {
  const deaths = funnelOf(subject)?.deaths ?? [];
  if (deaths.length === 0) return '';
  const count = deaths.reduce((sum, death) => sum + death.count, 0);
  return paragraph(
    `Beams died ${formatCount(count)} times, without any legal child, and went on wider, a decision before: ${deaths.map((death) => `${formatCount(death.count)} at decision ${death.depth} (${death.reason})`).join(', ')}.`,
  );
}
