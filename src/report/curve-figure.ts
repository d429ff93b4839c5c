import { type Curve, mean, quantile, reachedAfter } from '../search/recorded/curve.ts';
import { escaped } from './escaped.ts';
import { colours, svgOf } from './svg.ts';

const width = 720;
const height = 420;
const margin = { left: 56, right: 150, top: 36, bottom: 44 };

/** The curves of one way of searching, with what it is called. */
interface CurveSeries {
  readonly name: string;
  readonly curves: readonly Curve[];
}

/** Fraction of the optimum over trials: the mean of the curves of each series as a line, the range between two quantiles as a band. */
export function curveFigure(
  title: string,
  series: readonly CurveSeries[],
  trials: number,
  [low, high]: readonly [number, number],
): string {
  const innerWidth = width - margin.left - margin.right;
  const innerHeight = height - margin.top - margin.bottom;
  const steps = ticksOf(trials);
  // Early trials matter as much as late ones: the axis is logarithmic.
  const x = (trial: number): number => margin.left + (Math.log2(trial) / Math.log2(Math.max(2, trials))) * innerWidth;
  const y = (fraction: number): number => margin.top + (1 - fraction) * innerHeight;
  const at = (trial: number, fraction: number): string => `${x(trial).toFixed(1)},${y(fraction).toFixed(1)}`;
  const parts: string[] = [];
  for (const fraction of [0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1]) {
    parts.push(
      `<line x1="${margin.left}" x2="${margin.left + innerWidth}" y1="${y(fraction).toFixed(1)}" y2="${y(fraction).toFixed(1)}" stroke="#ddd"/>`,
      `<text x="${margin.left - 6}" y="${(y(fraction) + 4).toFixed(1)}" text-anchor="end">${fraction}</text>`,
    );
  }
  for (const step of steps)
    parts.push(
      `<text x="${x(step).toFixed(1)}" y="${height - margin.bottom + 16}" text-anchor="middle">${step}</text>`,
    );
  for (const [index, { name, curves }] of series.entries()) {
    const colour = colours[index % colours.length] as string;
    const trialsShown = Array.from({ length: trials }, (_, trial) => trial + 1);
    const level = (trial: number, q: number): number =>
      quantile(
        curves.map((curve) => reachedAfter(curve, trial)),
        q,
      );
    const band = [
      ...trialsShown.map((trial) => at(trial, level(trial, high))),
      ...trialsShown.reverse().map((trial) => at(trial, level(trial, low))),
    ];
    const line = trialsShown
      .reverse()
      .map((trial) => at(trial, mean(curves.map((curve) => reachedAfter(curve, trial)))));
    parts.push(
      `<polygon points="${band.join(' ')}" fill="${colour}" opacity="0.12"/>`,
      `<polyline points="${line.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      `<text x="${width - margin.right + 12}" y="${margin.top + 14 + index * 18}" fill="${colour}">${escaped(name)}</text>`,
    );
  }
  parts.push(
    `<text x="${margin.left}" y="20" font-weight="bold">${escaped(title)}</text>`,
    `<text x="${margin.left + innerWidth / 2}" y="${height - 8}" text-anchor="middle">trials</text>`,
    `<text x="14" y="${margin.top + innerHeight / 2}" transform="rotate(-90 14 ${margin.top + innerHeight / 2})" text-anchor="middle">fraction of the optimum</text>`,
  );
  return svgOf(title, width, height, parts);
}

function ticksOf(trials: number): number[] {
  const ticks: number[] = [];
  for (let tick = 1; tick <= trials; tick *= 2) ticks.push(tick);
  return ticks;
}
