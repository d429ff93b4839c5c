import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageHostOf } from '../../src/device/browser/page-host.ts';
import { chooseDevice, type Device } from '../../src/device/devices.ts';
import { defaultLimits } from '../../src/ir/limits.ts';
import { requirementsOf } from '../../src/ir/requirements.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import type { Runner } from '../../src/measure/runner.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { loadRecords } from '../../src/records/log-reader.ts';
import { rightOutcomes } from '../../src/records/outcome.ts';
import { artifactOf, naiveOf, programOf } from '../../src/tuner/build.ts';
import { checkInBrowser, faultsOf } from '../../src/tuner/check-in-browser.ts';
import { exportModule } from '../../src/tuner/export-module.ts';
import { tune } from '../../src/tuner/tune.ts';
import { verificationData } from '../../src/tuner/workload-data.ts';
import { type Made, madeForEightLanes } from '../bundle/exported.ts';
import { noBrowser } from './browser.ts';

const folder = mkdtempSync(join(tmpdir(), 'wgtune-page-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const workload = makeWorkload('matmul', { shape: 'm=16,n=16,k=16' });
const program = programOf(workload);

describe.skipIf(noBrowser !== null)('a page of the packaged Chromium as a device', () => {
  let device: Device;
  let runner: Runner;
  beforeAll(async () => {
    device = await chooseDevice('browser');
    runner = await createDawnRunner({ device });
    await runner.prepare(verificationData(workload, program, 1).data);
  });
  afterAll(() => runner.close());

  it('is known by what a page may see, and by the step of its clock', () => {
    expect(device.description).toMatchObject({
      name: 'browser-swiftshader',
      vendor: 'google',
      architecture: 'swiftshader',
      backend: 'browser',
      type: 'cpu',
      profile: 'browser',
    });
    expect(device.description.driver).toMatch(/^Chrome \d+$/);
    expect(device.description.environment.CLOCK_STEP_NS).toBe('fine');
    expect(device.description.features).toContain('timestamp-query');
  });

  it('verifies and times a kernel, and tells a wrong one', async () => {
    const artifact = artifactOf(naiveOf(workload).program, device.description);
    const right = await runner.measure({ artifact, bestNs: null });
    expect(rightOutcomes, right.error).toContain(right.outcome);
    expect(right).toMatchObject({ clock: 'timestamp', verification: { wrong: 0, checked: 256 } });
    expect(right.medianNs).toBeGreaterThan(0);
    const [kernel] = artifact.kernels as [(typeof artifact.kernels)[number]];
    const sabotaged = kernel.wgsl.replace(/(C\[[^\]]*\] = )([^;]*);/, '$1($2) + 1f;');
    expect(sabotaged).not.toBe(kernel.wgsl);
    const wrong = { ...artifact, kernels: [{ ...kernel, wgsl: sabotaged }] };
    expect((await runner.measure({ artifact: wrong, bestNs: null })).outcome).toBe('wrong-answer');
    const broken = { ...artifact, kernels: [{ ...kernel, wgsl: 'fn' }] };
    expect((await runner.measure({ artifact: broken, bestNs: null })).outcome).toBe('build-error');
  });

  it('that is lost in the middle of a trial ends it as device-lost, and the next trial finds a new one', async () => {
    const artifact = artifactOf(naiveOf(workload).program, device.description);
    const trial = runner.measure({ artifact, bestNs: null });
    pageHostOf('').endBrowser();
    expect((await trial).outcome).toBe('device-lost');
    expect(rightOutcomes).toContain((await runner.measure({ artifact, bestNs: null })).outcome);
  });

  it('can be tuned, and its records are of that device', async () => {
    const logFolder = join(folder, 'logs');
    const { best, naiveNs } = await tune({
      workload,
      device: 'browser',
      trials: 2,
      model: 'analytic',
      logFolder,
      quietWait: 0,
    });
    expect(best).not.toBeNull();
    expect(naiveNs).toBeGreaterThan(0);
    const { records } = await loadRecords([logFolder]);
    expect(records.length).toBeGreaterThanOrEqual(3);
    for (const record of records) expect(record.device.backend).toBe('browser');
  });
});

describe.skipIf(noBrowser !== null)('an exported module in the packaged Chromium', () => {
  /** A schedule of several kernels that runs on every device. */
  const several = madeForEightLanes('softmax', ({ kernels }) => String(kernels.length)).find(
    ({ artifact }) => artifact.kernels.length > 1 && requirementsOf(artifact).subgroups === null,
  ) as Made;
  const { program: scheduled, trace } = naiveOf(workload);
  const naive = { artifact: artifactOf(scheduled, { limits: defaultLimits }), trace };

  it.each([
    ['of a product', workload, naive],
    ['of a schedule of several kernels', several.workload, { ...several, trace: several.scheduled.trace }],
  ] as const)('%s computes the same there, and is timed', async (_, own, { artifact, trace: steps }) => {
    const home = join(folder, own.operator);
    const variants = [{ name: 'one', artifact, trace: steps, tunedOn: [], isFallback: true }];
    await exportModule({ workload: own, variants, folder: home });
    const check = await checkInBrowser({ folder: home, entry: `${own.operator}.js`, workload: own });
    expect(faultsOf(check)).toEqual([]);
    expect(check).toMatchObject({ vendor: 'google', architecture: 'swiftshader', chosen: 'one' });
    const [kernel] = check.kernels;
    expect(kernel).toMatchObject({ name: 'one', wrong: 0, reason: null });
    expect(kernel?.checked).toBeGreaterThan(100);
    expect(kernel?.timeNs).toBeGreaterThan(0);
  });
});

it.skipIf(noBrowser !== null)('a browser that is not there is named in one sentence', async () => {
  await expect(chooseDevice('browser:/nowhere/chrome')).rejects.toThrow(
    'there is no browser at /nowhere/chrome; give the path of one',
  );
});
