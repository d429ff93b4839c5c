import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TuningRecord } from '../../src/records/record.ts';
import { type Charts, loadCharts } from '../../src/report/charts/load-charts.ts';
import { chooseDrawn, improvements } from '../../src/report/page/choose-drawn.ts';
import { collectReport } from '../../src/report/page/collect.ts';
import { loopsWithCosts } from '../../src/report/page/loop-costs.ts';
import { packReport, unpackReport } from '../../src/report/page/packed.ts';
import { mostBytes, reportPage } from '../../src/report/page/page.ts';
import { pairsInOrder, recallOf } from '../../src/report/page/ranking.ts';
import type { ReportData, ReportTrial } from '../../src/report/page/report-data.ts';
import { naiveOf } from '../../src/tuner/build.ts';
import { wgtuneHere } from '../cli/wgtune.ts';
import { failedRecord, makeDevice, makeRecord, matmul } from '../records/fixtures.ts';
import { addLog, hostileError, linesIn, makeLogs, product } from './report-logs.ts';

let folder: string;
let data: ReportData;
let charts: Charts;
let page: string;

beforeAll(async () => {
  folder = await makeLogs({ other: makeDevice({ name: 'anvil', vendor: 'acme', architecture: 'anvil' }) });
  charts = await loadCharts();
  data = await collectReport({ paths: [folder] });
  page = reportPage(data, charts);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const figuresIn = (html: string): readonly string[] => html.match(/<figure [\s\S]*?<\/figure>/g) ?? [];

describe('the data of a report', () => {
  it('tells of every record of the workload on each device, the last tuned first', () => {
    expect(data.records).toBe(linesIn(folder).length);
    expect(data.subjects.map(({ device }) => device.name)).toEqual(['anvil', 'lavapipe']);
    expect(data.subjects.map(({ runs }) => runs.length)).toEqual([1, 2]);
    for (const subject of data.subjects) {
      expect(subject.trials.length).toBe(subject.records);
      expect(Object.values(subject.outcomes).reduce((a, b) => a + b, 0)).toBe(subject.records);
      const timed = subject.trials.flatMap(({ counts, timeNs }) => (counts && timeNs !== null ? [timeNs] : []));
      expect(subject.trials[subject.best as number]?.timeNs).toBe(Math.min(...timed));
      expect(subject.trials.some(({ error }) => error === hostileError)).toBe(true);
    }
  });

  it('has what only a run knew: its command, its budget, its space, its rounds with pruning, beams and time', () => {
    for (const { launch, rounds } of data.subjects.flatMap(({ runs }) => runs)) {
      expect(launch).toMatchObject({ trials: 32, search: 'beam', timeLimitMs: null });
      expect(launch?.command?.at(-1)).toBe('relu(x)');
      expect(rounds.length).toBeGreaterThan(1);
      expect(rounds.map(({ round }) => round)).toEqual(rounds.map((_, at) => at));
      for (const { pruned, beams, spentMs } of rounds) {
        expect(pruned?.looked).toBeGreaterThan(0);
        expect(beams?.length).toBeGreaterThan(0);
        expect(spentMs?.propose).toBeGreaterThan(0);
      }
    }
  });

  it('has the code of the best first, of the naive schedule and of failures, each as WGSL, loops with costs and steps', () => {
    for (const { codes, trials, best } of data.subjects) {
      expect(codes[0]).toMatchObject({ label: 'best', trial: best });
      expect(codes.map(({ label }) => label)).toContain('naive schedule');
      expect(codes.some(({ label }) => label === 'failure: build-error')).toBe(true);
      for (const { wgsl, loops, steps, trial, costs } of codes) {
        expect(wgsl).toContain('@compute');
        expect(loops).toMatch(/\| [\d,]+ runs/);
        expect(steps.length).toBeGreaterThan(0);
        expect(costs.length > 0).toBe(trials[trial]?.sketch !== null);
      }
    }
  });

  it('says how much each decision matters, with how many trials back it', () => {
    for (const { learned, trials } of data.subjects) {
      expect(learned.weights.length).toBeGreaterThan(5);
      for (const { sketch, having, others, gap } of learned.weights) {
        const own = new Set(
          trials
            .filter((trial) => trial.sketch === sketch && trial.counts)
            .map(({ decisions }) => JSON.stringify(decisions)),
        );
        expect(having + others).toBe(own.size);
        if (gap !== null) expect(gap).toBeGreaterThanOrEqual(1);
      }
      expect(learned.weights.some(({ permuted, judged }) => permuted !== null && judged > 0)).toBe(true);
      for (const { depth, decisions, pairwise } of learned.depths) {
        expect(depth).toBeLessThanOrEqual(decisions);
        if (pairwise !== null) expect(pairwise).toBeGreaterThanOrEqual(0);
      }
    }
  });

  it("has the regret of one device's best on the other where it was measured there", () => {
    const pair = data.regrets.find(({ from, to }) => from === 'lavapipe' && to === 'anvil');
    expect(pair).toBeDefined();
    expect((pair?.timeNs ?? 0) / (pair?.bestNs ?? 1)).toBeGreaterThanOrEqual(1);
    expect(data.cells.map(({ device, detailed }) => [device, detailed])).toEqual(
      expect.arrayContaining([
        ['anvil', true],
        ['lavapipe', true],
      ]),
    );
  });

  it('is the same after it was packed into the page, but for digits that no figure shows', () => {
    const again = unpackReport(packReport(data));
    const plain = ({ subjects, ...rest }: ReportData) => ({
      ...rest,
      subjects: subjects.map(({ trials: _, ...subject }) => subject),
    });
    expect(plain(again)).toEqual(plain(JSON.parse(JSON.stringify(data)) as ReportData));
    for (const [at, { trials }] of data.subjects.entries())
      for (const [index, trial] of trials.entries()) {
        const unpacked = again.subjects[at]?.trials[index] as ReportTrial;
        const { at: seconds, phases, bytes, score, ...same } = trial;
        expect(unpacked).toMatchObject(same);
        expect(unpacked.at).toBeCloseTo(seconds, 3);
      }
  });
});

describe('the page', () => {
  it('has every view, each figure with a name for those who do not see it, a drawing, and its data as a table', () => {
    const figures = figuresIn(page);
    for (const id of [
      'by-trials',
      'by-seconds',
      'parallel-0',
      'gaps',
      'roofline',
      'time',
      'time-by-trial',
      'pruning',
      'survivors',
      'value',
    ])
      expect(
        figures.some((figure) => figure.startsWith(`<figure id="s0-${id}"`)),
        id,
      ).toBe(true);
    for (const id of ['all-speed-up', 'all-regret']) expect(page).toContain(`<figure id="${id}"`);
    for (const figure of figures) {
      expect(figure).toMatch(/role=img aria-label="[^"]{20,}"/);
      expect(figure).toContain('<svg');
      expect(figure).toMatch(/<details><summary>Data of this figure<\/summary><div class=wide[^>]*><table>/);
      expect(figure).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  it('loads nothing, is smaller than its limit, and takes a hostile error for text', () => {
    expect(Buffer.byteLength(page)).toBeLessThan(mostBytes);
    expect(page.replaceAll('http://www.w3.org', '').replace(charts.packedScript, '')).not.toMatch(/https?:\/\//);
    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;');
  });

  it('shows fewer workloads where all of them would take too much, and draws those that it shows once', () => {
    const many = data.subjects.flatMap((subject) =>
      [0, 1].map((copy) => ({
        ...subject,
        records: 1000,
        trials: Array.from({ length: 1000 }, (_, at) => ({
          ...(subject.trials[at % subject.trials.length] as ReportTrial),
          ...{
            trial: at,
            timeNs: 1e6 * (1 + ((at * 7919 + copy) % 1000) / 100),
            decisions: { ...subject.trials.at(-1)?.decisions, extra: at },
          },
        })),
      })),
    );
    let drawn = 0;
    const counting: Charts = {
      ...charts,
      renderSvg: (...given) => {
        drawn++;
        return charts.renderSvg(...given);
      },
    };
    const large = reportPage({ ...data, subjects: many }, counting);
    expect(Buffer.byteLength(large)).toBeLessThan(mostBytes);
    const shown = (large.match(/<figure id="s\d-by-trials"/g) ?? []).length;
    expect(shown).toBeGreaterThan(1);
    expect(shown).toBeLessThan(many.length);
    // Figures of all workloads together are drawn anew.
    expect(drawn).toBeLessThan(2 * figuresIn(large).length * (many.length / shown));
  });

  it('says of an older log what it does not hold', async () => {
    const lines = linesIn(folder).map((line) => {
      const record = JSON.parse(line) as TuningRecord & {
        tool: { launch?: unknown };
        search: Record<string, unknown> | null;
      };
      delete record.tool.launch;
      for (const name of ['pruned', 'beams', 'spentMs']) delete record.search?.[name];
      return JSON.stringify(record);
    });
    const older = join(folder, 'older');
    const { mkdirSync } = await import('node:fs');
    mkdirSync(older);
    addLog(older, 'old.jsonl', lines);
    const old = reportPage(await collectReport({ paths: [older], device: 'anvil' }), charts);
    expect(old.match(/Not recorded:/g)?.length).toBe(2);
    expect(old).toContain('command not recorded');
    expect(old).toContain('is not recorded in this log');
    rmSync(older, { recursive: true });
  });
});

describe('wgtune report', () => {
  it('writes the page, or prints its data as JSON', async () => {
    const out = join(folder, 'pages', 'report.html');
    const { code, stdout } = await wgtuneHere(['report', folder, '-o', out]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^wrote .*report\.html: [\d,]+ records, /);
    const json = await wgtuneHere(['report', folder, '--device', 'anvil', '--json']);
    expect(json.code).toBe(0);
    expect((JSON.parse(json.stdout) as ReportData).subjects.map(({ device }) => device.name)).toEqual(['anvil']);
  });

  it('refuses what it cannot do in one sentence: no record, a log as its page, a page without its ending', async () => {
    const none = await wgtuneHere(['report', folder, '--operator', 'softmax']);
    expect(none).toMatchObject({ code: 4, stdout: '' });
    expect(none.stderr).toMatch(/^error: there is no record to report/);
    expect((await wgtuneHere(['report', folder, '-o', join(folder, 'page.txt')])).stderr).toMatch(/ends in \.html/);
    expect((await wgtuneHere(['report', join(folder, 'nothing.jsonl')])).code).toBe(2);
  });

  it('tells what it can of a log with a broken line, and fails unless that was asked for', async () => {
    const broken = join(folder, 'broken.jsonl');
    writeFileSync(broken, `${linesIn(folder)[0]}\nnot a record\n`);
    const out = join(folder, 'pages', 'broken.html');
    const failedRun = await wgtuneHere(['report', broken, '-o', out]);
    expect(failedRun.code).toBe(1);
    expect(failedRun.stderr).toContain('broken.jsonl:2: not JSON');
    expect((await wgtuneHere(['report', broken, '-o', out, '--skip-broken'])).code).toBe(0);
    rmSync(broken);
  });
});

describe('the trials that are drawn', () => {
  const trial = (index: number, timeNs: number | null): ReportTrial => ({
    ...{
      run: 0,
      trial: index,
      line: index + 1,
      at: index,
      origin: index === 0 ? 'baseline' : 'search',
      sketch: 'tiled',
      decisions: {},
    },
    ...{
      outcome: timeNs === null ? 'crash' : 'ok',
      timeNs,
      counts: timeNs !== null,
      against: null,
      round: 0,
      score: null,
      error: '',
    },
    ...{ place: null, bytes: null, phases: { lower: 0, build: 0, verify: 0, wait: 0, kernel: 0, timing: 0, ahead: 0 } },
  });
  const trials = Array.from({ length: 4000 }, (_, at) => trial(at, at % 10 === 9 ? null : 1000 + ((at * 7919) % 5000)));

  it('are all where there are few, and else the best, every new best, the naive schedule, failures and a sample', () => {
    expect(chooseDrawn(trials, null, 5000)).toEqual(trials);
    const best = trials.reduce((a, b) => ((b.timeNs ?? Number.POSITIVE_INFINITY) < (a.timeNs as number) ? b : a));
    const drawn = chooseDrawn(trials, best, 500);
    expect(drawn.length).toBe(500);
    expect(drawn).toContain(best);
    expect(drawn).toContain(trials[0]);
    for (const one of improvements(trials)) expect(drawn).toContain(one);
    expect(drawn.filter(({ outcome }) => outcome === 'crash').length).toBeGreaterThan(50);
    expect(drawn.map((one) => one.trial)).toEqual(drawn.map((one) => one.trial).sort((a, b) => a - b));
  });
});

describe('a log of failures alone', () => {
  it('says so in words, and draws no figure without a dot', async () => {
    const logs = mkdtempSync(join(tmpdir(), 'wgtune-report-'));
    addLog(logs, 'failures.jsonl', [JSON.stringify(failedRecord('crash', 'it died'))]);
    const html = reportPage(await collectReport({ paths: [logs] }), charts);
    expect(html).toContain('No trial has a time that counts');
    expect(html).not.toContain('id="s0-by-trials"');
    rmSync(logs, { recursive: true });
  });
});

describe('a log of a workload that its operator cannot have', () => {
  it('is reported without the code and the model, which say why', async () => {
    const logs = mkdtempSync(join(tmpdir(), 'wgtune-report-'));
    addLog(logs, 'strange.jsonl', [JSON.stringify(makeRecord({ workload: { ...matmul, params: { m: 8 } } }))]);
    const [subject] = (await collectReport({ paths: [logs] })).subjects;
    expect(subject?.trials.length).toBe(1);
    expect(subject?.codes).toEqual([]);
    expect(subject?.learned.note).toMatch(/operator/);
    rmSync(logs, { recursive: true });
  });
});

describe('measures', () => {
  it('count pairs in the right order and the recall of the best', () => {
    expect(pairsInOrder([3, 2, 1], [30, 20, 10])).toEqual({ fraction: 1, pairs: 3 });
    expect(pairsInOrder([1, 2, 3], [30, 20, 10])).toEqual({ fraction: 0, pairs: 3 });
    expect(pairsInOrder([1, 1], [2, 1])).toEqual({ fraction: 0.5, pairs: 1 });
    // Labels within two percent are the same.
    expect(pairsInOrder([1, 2], [100, 101])).toEqual({ fraction: null, pairs: 0 });
    expect(recallOf(2, [4, 3, 2, 1], [1, 4, 3, 2])).toBe(0.5);
    expect(recallOf(2, [1, 2], [1, 2])).toBeNull();
  });

  it('say of every loop how often it runs, and of every block what it computes and moves', () => {
    const text = loopsWithCosts(naiveOf(product).program);
    // 64^3 multiply-adds, each of two operations and two loads.
    expect(text).toMatch(/for matmul_vk .*\| 262,144 runs, 524,288 flop/);
    expect(text).toMatch(/524,288 loads/);
  });
});
