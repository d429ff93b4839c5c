import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { exitCode, UserError } from '../../support/errors.ts';
import type { DiffLines } from '../page/views/code.ts';
import type { RenderSvg } from './chart.ts';

/** What the build bundles of the chart library, with the page's script: one file, run here to draw and put into the page. */
export interface Charts {
  readonly renderSvg: RenderSvg;
  readonly diffLines: DiffLines;
  /** The bundle's own text, see packedText. */
  readonly packedScript: string;
}

/** The bundle lies beside the built files; the sources know no other place for it. */
const places = ['../charts.js', '../../../dist/report/charts.js'] as const;

export async function loadCharts(): Promise<Charts> {
  const url = places.map((place) => new URL(place, import.meta.url)).find((found) => existsSync(fileURLToPath(found)));
  if (url === undefined)
    throw new UserError('the chart library was not built: run `npm run build` first', exitCode.failed);
  await import(url.href);
  const { renderSvg, diffLines } = (globalThis as unknown as { readonly wgtuneCharts: Omit<Charts, 'packedScript'> })
    .wgtuneCharts;
  return { renderSvg, diffLines, packedScript: packedText(await readFile(url, 'utf8')) };
}

/** A text compressed by gzip and written in base 64: in a page it takes less than half of its bytes so, and cannot end a script. */
export function packedText(text: string): string {
  return gzipSync(text, { level: 9 }).toString('base64');
}
