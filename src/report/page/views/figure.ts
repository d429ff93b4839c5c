import type { Chart, RenderSvg } from '../../charts/chart.ts';
import { escaped } from '../../escaped.ts';

/** A chart of the page: drawn by the server, drawn again by the script from the same option object, told as a table. */
export interface Figure {
  /** Unique in the page. */
  readonly id: string;
  /** What it shows and what follows from it, for those who do not see it. */
  readonly label: string;
  readonly caption: string;
  readonly chart: Chart;
  /** Its data, as a table. */
  readonly table: () => string;
}

export function figureHtml({ id, label, caption, chart, table }: Figure, render: RenderSvg): string {
  return `<figure id="${id}"><div class=chart role=img aria-label="${escaped(label)}" data-chart="${id}" style="--height:${chart.height}px">${render(chart)}</div><figcaption>${escaped(caption)}</figcaption><details><summary>Data of this figure</summary>${table()}</details></figure>`;
}
