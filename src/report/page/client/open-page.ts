import type { init } from 'echarts/core';
import type { Chart } from '../../charts/chart.ts';
import type { ReportData, Subject } from '../report-data.ts';
import type { DiffLines } from '../views/code.ts';
import { linesOf, sketchesShown } from '../views/decisions.ts';
import { deviceFigures } from '../views/devices.ts';
import { subjectFigures } from '../views/subject.ts';
import { chooseCode } from './choose-code.ts';
import { liveTable } from './live-table.ts';

/** What of the libraries the page needs. */
interface Libraries {
  readonly init: typeof init;
  readonly diffLines: DiffLines;
}

/** Brings the page to life: charts in the width of the window with tips, zoom and brushes, tables that filter and sort, code that can be chosen. */
export function openPage(data: ReportData, { init: create, diffLines }: Libraries): void {
  for (const figure of deviceFigures(data)) liven(figure.id, figure.chart, create);
  for (const [at, subject] of data.subjects.entries()) {
    const prefix = `s${at}`;
    const place = document.getElementById(prefix);
    if (place === null) continue;
    let isDrawn = false;
    const draw = (): void => {
      if (isDrawn || (place instanceof HTMLDetailsElement && !place.open)) return;
      isDrawn = true;
      openSubject(subject, prefix, create, diffLines);
    };
    place.addEventListener('toggle', draw);
    draw();
  }
}

function openSubject(subject: Subject, prefix: string, create: typeof init, diffLines: DiffLines): void {
  const table = liveTable(subject, prefix);
  chooseCode(subject, prefix, diffLines);
  const sketches = sketchesShown(subject);
  for (const { id, chart } of subjectFigures(subject, prefix, 'page')) {
    const live = liven(id, chart, create);
    const [, at] = /-parallel-(\d+)$/.exec(id) ?? [];
    const sketch = at === undefined ? undefined : sketches[Number(at)];
    if (live === null || sketch === undefined) continue;
    const series = (chart.option.series as readonly { readonly data: readonly unknown[] }[])[0];
    const lines = linesOf(subject, sketch, series?.data.length ?? 0);
    live.on('axisareaselected', () => {
      const model = (
        live as unknown as {
          getModel(): { getSeries(): readonly { getRawIndicesByActiveState(state: string): number[] }[] };
        }
      ).getModel();
      const active = model.getSeries()[0]?.getRawIndicesByActiveState('active') ?? [];
      // Nothing is selected where no axis has a brush any more.
      const chosen =
        active.length === 0 && !hasBrush(live) ? null : new Set(active.map((line) => lines[line] as number));
      table.choose(chosen);
    });
  }
}

function hasBrush(chart: ReturnType<typeof init>): boolean {
  const option = chart.getOption() as {
    readonly parallelAxis?: readonly { readonly activeIntervals?: readonly unknown[] }[];
  };
  return (option.parallelAxis ?? []).some(({ activeIntervals }) => (activeIntervals?.length ?? 0) > 0);
}

/** Draws a figure anew in the width that it has; null where the page has no such figure. */
function liven(id: string, chart: Chart, create: typeof init): ReturnType<typeof init> | null {
  const place = document.querySelector<HTMLElement>(`[data-chart="${id}"]`);
  if (place === null) return null;
  place.replaceChildren();
  place.style.height = `${chart.height}px`;
  const live = create(place, null, { renderer: 'svg', width: widthOf(place), height: chart.height });
  live.setOption(chart.option);
  new ResizeObserver(() => live.resize({ width: widthOf(place) })).observe(place.parentElement ?? place);
  return live;
}

/** On a narrow screen a chart keeps a width at which it can be read, and scrolls. */
const leastWidth = 560;

function widthOf(place: HTMLElement): number {
  return Math.max(leastWidth, place.parentElement?.clientWidth ?? leastWidth);
}
