import { diffLines as wordDiff } from 'diff';
import { BarChart, CustomChart, LineChart, ParallelChart, ScatterChart } from 'echarts/charts';
import {
  DataZoomInsideComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  ParallelComponent,
  TooltipComponent,
} from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Chart } from '../../charts/chart.ts';
import { drawnWidth } from '../../charts/chart.ts';
import { unpackReport } from '../packed.ts';
import type { DiffLines } from '../views/code.ts';
import { openPage } from './open-page.ts';
import { slimSvg } from './slim-svg.ts';

use([
  ...[BarChart, CustomChart, LineChart, ParallelChart, ScatterChart],
  ...[DataZoomInsideComponent, GridComponent, LegendComponent, MarkLineComponent, ParallelComponent, TooltipComponent],
  SVGRenderer,
]);

/** Draws an option object without a page. */
function renderSvg({ option, height }: Chart, width = drawnWidth): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption(option);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return slimSvg(svg);
}

/** Lines of two texts compared (Myers' algorithm). */
const diffLines: DiffLines = (from, to) =>
  wordDiff(`${from}\n`, `${to}\n`).map(({ value, added, removed }) => ({
    kind: added ? 'come' : removed ? 'gone' : 'same',
    lines: value.replace(/\n$/, '').split('\n'),
  }));

// In a page nothing can import from its script, so that both sides find the two functions here.
Object.assign(globalThis, { wgtuneCharts: { renderSvg, diffLines } });

const data = typeof document === 'undefined' ? null : document.getElementById('report-data');
if (data !== null) openPage(unpackReport(data.textContent ?? ''), { init, diffLines });
