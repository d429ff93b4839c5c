import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCharts } from '../../src/report/charts/load-charts.ts';
import { collectReport } from '../../src/report/page/collect.ts';
import { reportPage } from '../../src/report/page/page.ts';
import { makeDevice } from '../records/fixtures.ts';
import { type BrowserPage, chromiumPath, type PageBrowser, startChromium } from './chromium.ts';
import { makeLogs } from './report-logs.ts';

const path = chromiumPath();
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

describe.skipIf(path === null)(
  'the page in a browser with its network cut (skipped where the optional package has none)',
  () => {
    let folder: string;
    let browser: PageBrowser;
    let page: BrowserPage;
    let url: string;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'wgtune-page-'));
      const logs = await makeLogs({ other: makeDevice({ name: 'anvil', vendor: 'acme', architecture: 'anvil' }) });
      const file = join(folder, 'report.html');
      writeFileSync(file, reportPage(await collectReport({ paths: [logs] }), await loadCharts()));
      rmSync(logs, { recursive: true });
      url = pathToFileURL(file).href;
      browser = startChromium(path as string);
      page = await browser.open(url);
      // The charts' script is unpacked after the page has loaded.
      await page.evaluate(`new Promise((resolve) => {
        const look = () => (document.querySelector('[_echarts_instance_]') ? resolve() : setTimeout(look, 20));
        look();
      })`);
    });
    afterAll(() => {
      browser?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const seriousFaults = async (): Promise<readonly string[]> => {
      const violations = await page.evaluate<readonly Violation[]>(
        `(async () => { if (!window.axe) { ${axe} } return (await axe.run(document, { resultTypes: ['violations'] })).violations; })()`,
      );
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)} ${nodes[0]?.failureSummary}`);
    };

    it('opens without an error or a request, and draws every figure anew from its option object', async () => {
      const { figures, drawn, labelled } = await page.evaluate<
        Record<'figures' | 'drawn' | 'labelled', number>
      >(`(() => {
      for (const subject of document.querySelectorAll('details.subject')) subject.open = true;
      return new Promise((resolve) => setTimeout(() => resolve({
        figures: document.querySelectorAll('figure').length,
        drawn: document.querySelectorAll('figure [_echarts_instance_] svg').length,
        labelled: document.querySelectorAll('figure [role=img][aria-label]').length,
      }), 300));
    })()`);
      expect(figures).toBeGreaterThan(20);
      expect(drawn).toBe(figures);
      expect(labelled).toBe(figures);
      expect(page.complaints).toEqual([]);
      expect(page.requests).toEqual([]);
    });

    it('filters, sorts and counts the trials', async () => {
      const rows = (script: string): Promise<readonly string[]> =>
        page.evaluate(
          `(() => { ${script}; return [...document.querySelectorAll('[data-trials=s0] tbody tr')].map((row) => row.cells[5].textContent); })()`,
        );
      const type = (text: string): string =>
        `const box = document.querySelector('[data-controls=s0] [data-filter]'); box.value = ${JSON.stringify(text)}; box.dispatchEvent(new Event('input'))`;
      const all = await rows('');
      const failures = await rows(type('build-error'));
      expect(failures.length).toBeGreaterThan(0);
      expect(failures.length).toBeLessThan(all.length);
      expect(new Set(failures)).toEqual(new Set(['build-error']));
      expect(await rows(`document.querySelector('[data-controls=s0] [data-clear]').click()`)).toEqual(all);
      const order = await page.evaluate<readonly number[]>(`(() => {
      document.querySelector('[data-trials=s0] th button').click();
      return [...document.querySelectorAll('[data-trials=s0] tbody tr')].map((row) => Number(row.cells[0].textContent));
    })()`);
      expect(order).toEqual([...order].sort((a, b) => a - b));
    });

    it('compares the best with the trial and by the form that are chosen', async () => {
      const text = await page.evaluate<string>(`(() => {
      const choose = (name, value) => { const box = document.querySelector('[data-code=s0] ' + name); box.value = value; box.dispatchEvent(new Event('change')); };
      choose('[data-form]', 'wgsl');
      choose('[data-other]', '2');
      return document.querySelector('[data-comparison=s0]').textContent;
    })()`);
      expect(text).toContain('@compute');
      expect(text).toMatch(/^- only in /);
      expect(text).toContain('Costs, in percent of the cost of the best');
    });

    it.each(['light', 'dark'] as const)('has no serious fault for axe-core in %s', async (scheme) => {
      await page.emulate({ width: 1200, height: 900, scheme });
      expect(await seriousFaults()).toEqual([]);
    });

    it('fits a narrow screen without scrolling sideways', async () => {
      await page.emulate({ width: 390, height: 844 });
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    });

    it('can be read where no script runs: every figure is drawn and the table has its rows', async () => {
      const plain = await browser.open(url, { scripts: false });
      const { svgs, figures, rows } = await plain.evaluate<Record<'svgs' | 'figures' | 'rows', number>>(
        `({ svgs: document.querySelectorAll('figure svg').length, figures: document.querySelectorAll('figure').length, rows: document.querySelectorAll('[data-trials=s0] tbody tr').length })`,
      );
      expect(svgs).toBe(figures);
      expect(rows).toBeGreaterThan(30);
      expect(plain.complaints).toEqual([]);
    });
  },
);
