import { formatTime } from '../quantities.ts';

/**
 * An option object of ECharts. Colours are names of CSS variables, which only the SVG renderer takes: the page's style says what they are in light,
 * in dark and on paper.
 */
export type ChartOption = Readonly<Record<string, unknown>>;

/** A chart with what it takes to draw it. */
export interface Chart {
  readonly option: ChartOption;
  /** Pixels. The width is that of the server's drawing: where scripts run it is the page's. */
  readonly height: number;
}

/** Draws an option object as SVG text. */
export type RenderSvg = (chart: Chart) => string;

/** How wide the server draws. */
export const drawnWidth = 960;

/** Colours of series, distinguishable for most colour-blind eyes (Okabe and Ito, brightened for the dark). */
const seriesColours = Array.from({ length: 8 }, (_, at) => `var(--s${at + 1})`);
export const ink = 'var(--ink)';
export const faint = 'var(--faint)';
export const rule = 'var(--rule)';

export function colourAt(index: number): string {
  return seriesColours[index % seriesColours.length] as string;
}

/** How marks and names of axes are written. */
export const axisText = { color: faint, fontSize: 12 };

/** What all charts have in common; `tooltip` is taken where scripts run. */
export function chartBase(more: ChartOption): ChartOption {
  return {
    animation: false,
    textStyle: { fontFamily: 'system-ui, sans-serif', color: ink },
    grid: { left: 64, right: 24, top: 40, bottom: 48 },
    legend: {
      top: 0,
      left: 0,
      textStyle: { ...axisText, color: ink },
      inactiveColor: faint,
      itemWidth: 16,
      itemHeight: 10,
    },
    tooltip: {
      confine: true,
      backgroundColor: 'var(--paper)',
      borderColor: rule,
      textStyle: { color: ink, fontSize: 12 },
      extraCssText: 'box-shadow:none',
    },
    ...more,
  };
}

/** About how many pixels a legend takes that wraps at the drawing's width. */
export function legendHeight(names: readonly string[]): number {
  const pixels = names.reduce((sum, name) => sum + 40 + 6.5 * name.length, 0);
  return 22 * Math.ceil(pixels / (drawnWidth - 20));
}

/** An axis of numbers. */
export function valueAxis(name: string, more: ChartOption = {}): ChartOption {
  return {
    type: 'value',
    name,
    nameLocation: 'middle',
    nameGap: 44,
    nameTextStyle: axisText,
    axisLabel: axisText,
    axisLine: { show: true, lineStyle: { color: rule } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: rule } },
    axisPointer: { label: { show: false } },
    ...more,
  };
}

/** A logarithmic axis of nanoseconds. */
export function timeAxis(name: string, times: readonly number[], more: ChartOption = {}): ChartOption {
  const [least, most] = [Math.min(...times), Math.max(...times)];
  return valueAxis(name, {
    ...(times.length === 0 ? {} : logarithmic(least, most)),
    axisLabel: { ...axisText, formatter: (ns: number) => formatTime(ns) },
    nameGap: 58,
    ...more,
  });
}

/** A logarithmic scale from a round number below to one above; linear where all is of one size. */
export function logarithmic(least: number, most: number): ChartOption & { readonly min: number; readonly max: number } {
  return {
    type: 'log',
    logBase: 10,
    min: roundDown(least * 0.95),
    max: roundUp(most * 1.05),
    minorSplitLine: { show: false },
  };
}

/** A category axis, of names. */
export function nameAxis(names: readonly string[], more: ChartOption = {}): ChartOption {
  return {
    type: 'category',
    data: names,
    axisLabel: { ...axisText, color: ink },
    axisLine: { lineStyle: { color: rule } },
    axisTick: { show: false },
    nameTextStyle: axisText,
    ...more,
  };
}

/** Nothing lights up under the pointer: ECharts cannot make a CSS variable brighter. */
export const still = { emphasis: { disabled: true } } as const;

function roundDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([5, 2, 1].find((step) => step * power <= value) ?? 1) * power;
}

function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

/** The least and the most of a long list: spreading it into a call would overflow the stack. */
export function rangeOf(values: Iterable<number>): readonly [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}
