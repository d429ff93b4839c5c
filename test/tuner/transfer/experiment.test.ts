import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadCharts } from '../../../src/report/charts/load-charts.ts';
import { writeTransfer } from '../../../src/report/transfer-files.ts';
import { formatTransfer } from '../../../src/report/transfer-tables.ts';
import { type ExperimentOptions, runExperiment } from '../../../src/tuner/transfer/experiment.ts';
import { createRunPlayer } from '../../../src/tuner/transfer/play-run.ts';
import { summarise } from '../../../src/tuner/transfer/summary.ts';
import { writeMadeSpace } from './made-spaces.ts';

const folder = mkdtempSync(join(tmpdir(), 'wgtune-transfer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const spaces = [
  writeMadeSpace(folder, 'product_near', { x: 4, y: 2, vector: 1.5 }),
  writeMadeSpace(folder, 'product_target', { x: 4, y: 3, vector: 1.6 }),
  writeMadeSpace(folder, 'product_far', { x: 0, y: 0, vector: 0.5 }),
];
const method = join(folder, 'first-free.mjs');
writeFileSync(
  method,
  `export const firstFree = (task, measured) => {
     if (task.sources.length !== 2 || task.features.length !== task.candidates.length * task.columns) throw new Error('incomplete task');
     return measured.length < 5 ? measured.length : null;
   };`,
);

const options: ExperimentOptions = {
  spaces,
  target: /target/,
  sources: /./,
  tiers: ['copy', 'remeasure', method],
  each: false,
  seeds: 3,
  firstSeed: 1,
  draws: 2,
  trials: 40,
  sourceRows: null,
  top: 10,
  workers: 1,
  folder: null,
};

describe('an experiment on recorded spaces', () => {
  it('has a row for the cold runs, each tier and each method, of all other spaces together', async () => {
    const rows = summarise(await runExperiment(options));
    expect(rows.map(({ tier }) => tier)).toEqual(['cold', 'copy', 'remeasure', method]);
    expect(rows.map(({ sources }) => sources)).toEqual([[], ...Array(3).fill(['product_near', 'product_far'])]);
    const [cold, copy, remeasure, own] = rows;
    expect(rows.every(({ seeds }) => seeds === 3)).toBe(true);
    // Copying ends after one trial for each source, whose better one is kept.
    expect(copy?.best['5']).toBe(copy?.best['100']);
    expect(remeasure?.best['10']).toBeGreaterThanOrEqual(copy?.best['100'] as number);
    expect(remeasure?.best['10']).toBe(remeasure?.best['100']);
    expect([cold?.misses, cold?.worseThanCold]).toEqual([0, 0]);
    expect(cold?.P).toBeGreaterThan(0);
    // The first five candidates are the narrowest tiles: slow, and never near the optimum.
    expect([own?.to90, own?.misses, own?.worseThanCold]).toEqual([null, 3, 3]);
    expect(own?.P).toBeLessThan(0);
    expect(formatTransfer(rows)).toContain('product_target (3 runs of each tier)');
  });

  it('gives the same rows and files on any number of workers, and after it was interrupted', async () => {
    const files = async (workers: number, kept: string): Promise<string[]> => {
      const experiment = await runExperiment({ ...options, workers, folder: kept });
      await writeTransfer(kept, experiment, summarise(experiment), (await loadCharts()).renderSvg);
      return ['README.md', 'runs.csv', 'product_target.svg', 'regret-of-copies.svg'].map((name) =>
        readFileSync(join(kept, name), 'utf8'),
      );
    };
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    const whole = await files(1, one);
    expect(await files(2, two)).toEqual(whole);
    const journal = join(two, 'runs.jsonl');
    const lines = readFileSync(journal, 'utf8').split('\n');
    expect(lines.length).toBe(1 + 4 * 3);
    // Seven runs are known, the eighth is torn.
    writeFileSync(journal, `${lines.slice(0, 7).join('\n')}\n${lines[7]?.slice(0, 30)}`);
    let first: readonly number[] = [];
    await runExperiment({
      ...options,
      folder: two,
      onProgress: (done, of) => {
        if (first.length === 0) first = [done, of];
      },
    });
    expect(first).toEqual([7, 12]);
    expect(await files(1, two)).toEqual(whole);
  });

  it('learns from a near source, and leaves a misleading one in time', async () => {
    const tiers = ['residual', 'several'];
    const near = summarise(await runExperiment({ ...options, tiers, sources: /near/ }));
    const far = summarise(await runExperiment({ ...options, tiers: ['several'], sources: /far/ }));
    const [cold, residual, several] = near;
    expect(several?.to95).toBeLessThanOrEqual(cold?.to95 as number);
    expect(residual?.to95).toBeLessThanOrEqual(cold?.to95 as number);
    expect(several?.best['5']).toBeGreaterThan(cold?.best['5'] as number);
    expect(far[1]?.misses).toBe(0);
  });

  it('runs each source alone when asked, and leaves out what no source can teach', async () => {
    const other = writeMadeSpace(folder, 'lonely', { x: 1, y: 1, vector: 1 });
    const text = readFileSync(other, 'utf8').replaceAll('tile_', 'block_').replaceAll('"width"', '"lanes"');
    writeFileSync(other, text);
    const each = { ...options, spaces: [...spaces, other], target: /target|lonely/, tiers: ['copy'], each: true };
    const experiment = await runExperiment({ ...each, seeds: 1 });
    expect(experiment.alone).toEqual(['lonely']);
    expect(experiment.groups.map(({ sources }) => sources.join('+'))).toEqual([
      '',
      'product_near+product_far',
      'product_near',
      'product_far',
    ]);
    const [near, far] = experiment.copies.map(({ fraction }) => fraction);
    expect(near).toBeGreaterThan(far as number);
  });

  it('says what is wrong with a method, and in which module', async () => {
    const wrong = (name: string, text: string): string => {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    };
    const play = createRunPlayer();
    const [source, target] = spaces as [string, string];
    const run = { target, sources: [source], seed: 1, draw: 0, trials: 5, sourceRows: null, top: 0 };
    const failing = (tier: string) => play({ ...run, tier });
    await expect(failing(wrong('throws.mjs', 'export default () => { throw new Error("oh") }'))).rejects.toThrow(
      /throws\.mjs throws: oh/,
    );
    await expect(failing(wrong('far.mjs', 'export default () => 1e6'))).rejects.toThrow(/chose candidate 1000000/);
    await expect(failing(wrong('again.mjs', 'export default () => 0'))).rejects.toThrow(/measured before/);
    await expect(failing(wrong('none.mjs', 'export const a = 1'))).rejects.toThrow(/must export one function/);
    await expect(failing(wrong('broken.mjs', 'export default ('))).rejects.toThrow(/broken\.mjs cannot be loaded/);
  });
});
