import {
  type Chart,
  type ChartOption,
  chartBase,
  colourAt,
  faint,
  ink,
  logarithmic,
  rangeOf,
  still,
  valueAxis,
} from '../../charts/chart.ts';
import { formatRate, formatThroughput, formatTime } from '../../quantities.ts';
import type { ReportTrial, Subject } from '../report-data.ts';
import type { Figure } from './figure.ts';
import { tableOf } from './html.ts';

interface Dot {
  readonly trial: ReportTrial;
  readonly intensity: number;
  readonly flopsPerNs: number;
}

const mostDots = 600;
const rowsTold = 40;

function dotsOf({ trials, roof }: Subject): readonly Dot[] {
  if (roof === null || roof.flops === 0) return [];
  return trials.flatMap((trial) =>
    trial.counts && trial.timeNs !== null && trial.bytes !== null
      ? [{ trial, intensity: roof.flops / trial.bytes, flopsPerNs: roof.flops / trial.timeNs }]
      : [],
  );
}

/** Ages in the search, in thirds. */
const ages = [
  { name: 'first third of the run', colour: 'var(--s6)' },
  { name: 'second third', colour: 'var(--s1)' },
  { name: 'last third', colour: 'var(--s2)' },
] as const;

/** Operations a second over operations a byte of storage traffic, under the roofs of the measured peaks (Williams and others, 2009). */
function rooflineChart(subject: Subject): Chart | null {
  const dots = dotsOf(subject);
  const { roof, best, trials } = subject;
  if (dots.length === 0 || roof === null) return null;
  const { peaks } = roof;
  const [least, most] = rangeOf(dots.map(({ intensity }) => intensity));
  const [slow, fast] = rangeOf(dots.map(({ flopsPerNs }) => flopsPerNs));
  const ridge = peaks === null ? null : peaks.flopsPerNs / peaks.bytesPerNs;
  const x = { low: Math.min(least, ridge ?? least) / 2, high: Math.max(most, ridge ?? most) * 2 };
  const y = { low: slow / 2, high: Math.max(fast, peaks?.flopsPerNs ?? fast) * 1.5 };
  const ageOf = ({ trial }: Dot): number =>
    Math.min(2, Math.floor((3 * trial.trial) / Math.max(1, subject.runs[trial.run]?.records ?? 1)));
  const bestDot = dots.find(({ trial }) => best !== null && trial === trials[best]);
  const point = ({ intensity, flopsPerNs }: Dot): readonly number[] => [intensity, flopsPerNs];
  const steps = 40;
  const roofLine =
    peaks === null
      ? []
      : Array.from({ length: steps + 1 }, (_, at) => x.low * (x.high / x.low) ** (at / steps))
          .concat(ridge ?? [])
          .sort((a, b) => a - b)
          .map((at) => [at, Math.min(peaks.flopsPerNs, at * peaks.bytesPerNs)])
          .filter(([, rate]) => (rate as number) >= y.low);
  const marks: ChartOption[] = [
    {
      xAxis: roof.flops / roof.bytes,
      label: { formatter: 'each byte moved once', position: 'insideEndTop', color: faint },
      lineStyle: { color: faint, type: 'dashed' },
    },
  ];
  const large = dots.length > mostDots ? { large: true, largeThreshold: 1, symbolSize: 3 } : { symbolSize: 6 };
  return {
    height: 400,
    option: chartBase({
      grid: { left: 92, right: 32, top: 44, bottom: 56 },
      tooltip: {
        ...(chartBase({}).tooltip as ChartOption),
        trigger: 'item',
        formatter: ({ value }: { readonly value: readonly number[] }) =>
          `${formatRate((value[1] as number) * 1e9)} at ${(value[0] as number).toPrecision(3)} operations a byte`,
      },
      xAxis: valueAxis('floating-point operations a byte of storage traffic, by the schedule’s estimate', {
        ...logarithmic(x.low, Math.max(x.high, (1.2 * roof.flops) / roof.bytes)),
        nameGap: 30,
        axisLabel: { color: faint, fontSize: 12 },
      }),
      yAxis: valueAxis('operations a second', {
        ...logarithmic(y.low, y.high),
        nameGap: 78,
        axisLabel: { color: faint, fontSize: 12, formatter: (rate: number) => formatRate(rate * 1e9) },
      }),
      series: [
        ...ages.flatMap(({ name, colour }, age) => {
          const own = dots.filter((dot) => ageOf(dot) === age);
          return own.length === 0
            ? []
            : [
                {
                  type: 'scatter',
                  name,
                  data: own.map(point),
                  itemStyle: { color: colour, opacity: 0.7 },
                  ...still,
                  ...large,
                },
              ];
        }),
        ...(roofLine.length === 0
          ? []
          : [
              {
                type: 'line',
                name: 'measured peaks',
                symbol: 'none',
                data: roofLine,
                lineStyle: { color: ink, width: 2 },
                itemStyle: { color: ink },
                ...still,
              },
            ]),
        ...(bestDot === undefined
          ? []
          : [
              {
                type: 'scatter',
                name: 'best',
                symbol: 'diamond',
                symbolSize: 15,
                data: [point(bestDot)],
                itemStyle: { color: colourAt(2), borderColor: ink, borderWidth: 1 },
                ...still,
                markLine: { silent: true, symbol: 'none', data: marks },
              },
            ]),
      ],
    }),
  };
}

export function rooflineFigures(subject: Subject, prefix: string): readonly Figure[] {
  const chart = rooflineChart(subject);
  if (chart === null) return [];
  const { roof } = subject;
  const dots = [...dotsOf(subject)].sort((a, b) => b.flopsPerNs - a.flopsPerNs);
  const top = dots[0];
  const peaks =
    roof?.peaks == null
      ? 'The run measured no peaks of the device, so no roof is drawn.'
      : `The roof is ${formatRate(roof.peaks.flopsPerNs * 1e9)} and ${formatThroughput(0, roof.peaks.bytesPerNs * 1e9)}, both measured on this device: multiply-adds in registers, and reads from the nearest cache.`;
  return [
    {
      id: `${prefix}-roofline`,
      label: `Roofline: the fastest trial reaches ${top === undefined ? '' : formatRate(top.flopsPerNs * 1e9)}. ${peaks}`,
      caption: `Roofline. ${peaks} Bytes are what the kernels load and store in storage, cached or not; the dashed line is where every input and output would be moved once.`,
      chart,
      table: () =>
        tableOf(
          ['trial', 'time', 'operations a second', 'operations a byte'],
          dots
            .slice(0, rowsTold)
            .map(({ trial, intensity, flopsPerNs }) => [
              trial.trial,
              formatTime(trial.timeNs as number),
              formatRate(flopsPerNs * 1e9),
              intensity.toPrecision(3),
            ]),
          { caption: `The ${Math.min(rowsTold, dots.length)} fastest of ${dots.length} trials`, numeric: [0, 1, 2, 3] },
        ),
    },
  ];
}
