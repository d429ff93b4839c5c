import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { chooseDevice } from '../../src/device/devices.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import { loadRecords } from '../../src/records/log-reader.ts';
import { tuneOn } from '../../src/tuner/tune.ts';
import { start } from '../cli/wgtune.ts';
import { budget, isMeasured, scratch, tuneWithFaults, workload } from './tune-with-faults.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

describe('a driver', () => {
  it.each([
    ['whose library is missing', (library: string) => rmSync(library), /^its library .*\/libdriver\.so is missing/],
    [
      'whose library is none',
      (library: string) => writeFileSync(library, 'no library'),
      /^its library .*\/libdriver\.so cannot be loaded \(.+\)$/,
    ],
  ])('%s is reported with the reason, and tuning goes on with another device', async (_, breakIt, reason) => {
    const folder = scratch();
    const library = join(folder, 'libdriver.so');
    const manifest = join(folder, 'broken_icd.json');
    writeFileSync(library, '');
    breakIt(library);
    writeFileSync(
      manifest,
      JSON.stringify({ file_format_version: '1.0.0', ICD: { library_path: library, api_version: '1.3.0' } }),
    );
    const env = { VK_DRIVER_FILES: manifest };
    const listed = await start(['devices', '--json'], { env }).ended;
    const { devices, refused } = JSON.parse(listed.stdout) as {
      devices: { name: string }[];
      refused: { label: string; reason: string }[];
    };
    expect(devices.map(({ name }) => name)).toEqual(['swiftshader']);
    expect(refused).toEqual([{ label: 'broken_icd.json', reason: expect.stringMatching(reason) }]);

    const logs = join(folder, 'logs');
    const shape = ['matmul', '-s', 'm=32,n=32,k=32', '--model', 'random', '--trials', '2', '--log', logs];
    const tuned = await start(['tune', ...shape], { env }).ended;
    expect(tuned.code, tuned.stderr).toBe(0);
    const { records } = await loadRecords([logs]);
    expect(new Set(records.map(({ device }) => device.name))).toEqual(new Set(['swiftshader']));
    expect(records.every(isMeasured)).toBe(true);
    const asked = await start(['tune', ...shape, '--device', 'lavapipe'], { env }).ended;
    expect(asked.stderr).toMatch(/^error: there is no device "lavapipe"; choose one of swiftshader$/m);
    expect(asked.code).toBe(3);
  });

  it('that is removed during a run ends the run with one sentence, and nothing measured is lost', async () => {
    const logFolder = scratch();
    const device = await chooseDevice('swiftshader');
    const { manifest } = device.driver;
    if (manifest === null) throw new Error('SwiftShader has a manifest');
    // A copy of the driver that can be removed.
    const folder = join(scratch(), 'driver');
    mkdirSync(folder);
    const library = (JSON.parse(readFileSync(manifest, 'utf8')) as { ICD: { library_path: string } }).ICD.library_path;
    for (const name of ['libvk_swiftshader.so', 'vk_swiftshader_icd.json'])
      copyFileSync(join(dirname(manifest), name), join(folder, name));
    expect(library).toBe('./libvk_swiftshader.so');
    const copy = { ...device, driver: { ...device.driver, manifest: join(folder, 'vk_swiftshader_icd.json') } };

    let measured = 0;
    const failing = tuneOn(
      copy,
      async () => {
        const runner = await createDawnRunner({ device: copy, budget });
        return {
          ...runner,
          measure: async (request) => {
            measured += 1;
            // The process that holds the driver open is killed as well.
            if (measured === 3) {
              rmSync(folder, { recursive: true });
              const [kernel] = request.artifact.kernels;
              const endless =
                kernel?.wgsl.replace(/\bfn main\([^{]*\{/, '$& while (A[0] < 100f) { C[0] = C[0] + 1f; }') ?? '';
              const kernels = request.artifact.kernels.map((one, i) => (i === 0 ? { ...one, wgsl: endless } : one));
              return runner.measure({ ...request, artifact: { ...request.artifact, kernels } });
            }
            return runner.measure(request);
          },
        };
      },
      { workload, search: 'random', model: 'random', trials: 6, logFolder, shippedLogs: null },
    );
    await expect(failing).rejects.toMatchObject({
      name: 'UserError',
      exitCode: 3,
      message: expect.stringMatching(
        /^device swiftshader failed to start 3 times in a row \(.+\); choose another with --device$/,
      ),
    });
    const { records, faults } = await loadRecords([logFolder]);
    expect(faults).toEqual([]);
    expect(records.map((record) => (isMeasured(record) ? 'measured' : record.outcome))).toEqual([
      'measured',
      'measured',
      'run-timeout',
    ]);
  });
});

describe('XGBoost', () => {
  it.each([
    ['that is missing', (file: string) => file],
    [
      'that is no library',
      (file: string) => {
        writeFileSync(file, 'no library');
        return file;
      },
    ],
  ])('%s is reported with a remedy, and the run goes on with our own trees', async (_, prepare) => {
    const logFolder = scratch();
    const library = prepare(join(scratch(), 'libxgboost.so'));
    vi.stubEnv('WGTUNE_BOOSTER', '');
    vi.stubEnv('WGTUNE_XGBOOST_LIBRARY', library);
    const { result, events, records } = await tuneWithFaults(new Map(), {
      logFolder,
      trials: 3,
      search: 'beam',
      model: 'xgboost',
    });
    const notes = events.flatMap((event) => (event.kind === 'note' ? [event.message] : []));
    expect(notes).toEqual([expect.stringMatching(/^XGBoost is not available: .*wgtune's own trees take its place/s)]);
    expect(notes[0]).toContain(library);
    expect(result).toMatchObject({ model: 'own-trees', trials: 3 });
    const searched = records.filter(({ origin }) => origin === 'search');
    expect(searched.map(({ search }) => search?.model)).toEqual(['own-trees', 'own-trees', 'own-trees']);
    expect(records.every(isMeasured)).toBe(true);
  });
});

describe('the clock of the machine', () => {
  it('that is set back during a run loses, repeats and reorders nothing', async () => {
    const logFolder = scratch();
    // Only dates are set: timing must not depend on them.
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-03-29T12:00:00Z') });
    let day = 29;
    const setBack = (): void => {
      day -= 1;
      vi.setSystemTime(new Date(`2026-03-${day}T12:00:00Z`));
    };
    const run = await tuneWithFaults(new Map(), {
      logFolder,
      trials: 4,
      timeLimit: 600,
      onEvent: ({ kind }) => {
        if (kind === 'trial') setBack();
      },
    });
    expect(run.result).toMatchObject({ trials: 4, stoppedBy: 'trials' });
    expect(run.result?.elapsedMs).toBeGreaterThan(0);
    expect(run.records.map(({ trial }) => trial)).toEqual([...run.records.keys()]);
    expect(run.records.every((record) => isMeasured(record) && record.durationMs > 0)).toBe(true);
    expect(run.records.slice(1, 5).map(({ startedAt }) => startedAt.slice(0, 10))).toEqual([
      '2026-03-29',
      '2026-03-28',
      '2026-03-27',
      '2026-03-26',
    ]);

    // By its name, the next run begins before the first, yet it knows all of it.
    vi.setSystemTime(new Date('2026-03-01T12:00:00Z'));
    const again = await tuneWithFaults(new Map(), { logFolder, trials: 2 });
    expect(again.events.find(({ kind }) => kind === 'known')).toMatchObject({ records: run.records.length });
    const ids = again.records.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThanOrEqual(run.records.length + 2);
  });
});
