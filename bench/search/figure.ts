import { mean, quantile, reachedAfter } from '../../src/search/recorded/curve.ts';
import type { Outcome } from './job.ts';

const width = 720;
const height = 420;
const margin = { left: 56, right: 150, top: 36, bottom: 44 };
/** Distinguishable for most colour-blind eyes (Okabe and Ito). */
export const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#999999'];

/** Fraction of the optimum over trials on one space: the mean of the seeds as a line, the quartiles as a band, a colour per strategy. */
export function figureOf(title: string, outcomes: readonly Outcome[], trials: number): string {
  const names = [...new Set(outcomes.map(({ job }) => job.strategy))];
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
  for (const [index, name] of names.entries()) {
    const colour = colours[index % colours.length] as string;
    const curves = outcomes.filter(({ job }) => job.strategy === name).map(({ curve }) => curve);
    const trialsShown = Array.from({ length: trials }, (_, trial) => trial + 1);
    const level = (trial: number, q: number): number =>
      quantile(
        curves.map((curve) => reachedAfter(curve, trial)),
        q,
      );
    const band = [
      ...trialsShown.map((trial) => at(trial, level(trial, 0.75))),
      ...trialsShown.reverse().map((trial) => at(trial, level(trial, 0.25))),
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

/** A picture of `parts` on white, named for readers that do not see it. */
export function svgOf(title: string, width: number, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12"><title>${escaped(title)}</title><rect width="100%" height="100%" fill="#fff"/>${parts.join('')}</svg>\n`;
}

function ticksOf(trials: number): number[] {
  const ticks: number[] = [];
  for (let tick = 1; tick <= trials; tick *= 2) ticks.push(tick);
  return ticks;
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
