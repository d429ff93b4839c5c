import { escaped } from '../escaped.ts';
import { type Chart, type ChartOption, drawnWidth, type RenderSvg } from './chart.ts';
import { palette } from './palette.ts';

const titleHeight = 32;

/** A chart as a file of its own, light or dark as its reader's system is, named for readers that do not see it. */
export function pictureOf(title: string, chart: Chart, render: RenderSvg): string {
  const name = escaped(title);
  const { legend } = chart.option as { readonly legend?: ChartOption };
  // Without a page texts are measured too short: the next mark would touch them.
  const spaced =
    legend === undefined ? chart : { ...chart, option: { ...chart.option, legend: { ...legend, itemGap: 24 } } };
  // Names of clipping paths count all drawings of the process: the same chart must give the same bytes.
  const drawing = render(spaced)
    .replaceAll(/zr\d+-c/g, 'clip-')
    .replace(/^<svg[^>]*>([\s\S]*)<\/svg>\s*$/, `<g transform="translate(0 ${titleHeight})" font-size="12">$1</g>`);
  const height = chart.height + titleHeight;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${drawnWidth} ${height}" width="${drawnWidth}" height="${height}" font-family="system-ui, sans-serif" role="img" aria-label="${name}"><title>${name}</title><style>${palette}</style><rect width="100%" height="100%" fill="var(--paper)"/><text x="8" y="20" font-size="14" font-weight="600" fill="var(--ink)">${name}</text>${drawing}</svg>\n`;
}
