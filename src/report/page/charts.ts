import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { exitCode, UserError } from '../../support/errors.ts';
import type { DiffLines } from './views/code.ts';
import type { RenderSvg } from './views/figure.ts';

/** What the build bundles of the chart library, with the page's script: one file, run here to draw and put into the page as it is. */
export interface Charts {
  readonly renderSvg: RenderSvg;
  readonly diffLines: DiffLines;
  /** The bundle's own text. */
  readonly script: string;
}

/** The bundle lies beside the built files; the sources know no other place for it. */
const places = ['../charts.js', '../../../dist/report/charts.js'] as const;

export async function loadCharts(): Promise<Charts> {
  const url = places.map((place) => new URL(place, import.meta.url)).find((found) => existsSync(fileURLToPath(found)));
  if (url === undefined)
    throw new UserError('the chart library was not built: run `npm run build` first', exitCode.failed);
  await import(url.href);
  const { renderSvg, diffLines } = (globalThis as unknown as { readonly wgtuneCharts: Omit<Charts, 'script'> })
    .wgtuneCharts;
  return { renderSvg, diffLines, script: await readFile(url, 'utf8') };
}
