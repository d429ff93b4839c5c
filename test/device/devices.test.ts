import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { chooseDevice, type DeviceList, listDevices } from '../../src/device/devices.ts';
import { findDrivers } from '../../src/device/find-drivers.ts';
import { probeDriver } from '../../src/device/probe.ts';
import { exitCode, UserError } from '../../src/support/errors.ts';

let folder = '';
/** A manifest of a driver whose library is missing: what a half-removed driver leaves. */
let broken = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgtune-test-'));
  broken = join(folder, 'broken_icd.json');
  const manifest = {
    file_format_version: '1.0.0',
    ICD: { library_path: join(folder, 'libnot-here.so'), api_version: '1.3.0' },
  };
  writeFileSync(broken, JSON.stringify(manifest));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

describe('a machine with one broken driver', () => {
  let list: DeviceList;
  beforeAll(async () => {
    vi.stubEnv('VK_DRIVER_FILES', broken);
    list = await listDevices();
  });

  it('still has SwiftShader, described whole', () => {
    expect(list.devices.map(({ description }) => description.name)).toEqual(['swiftshader']);
    const [device] = list.devices;
    expect(device?.description).toMatchObject({
      type: 'cpu',
      backend: 'vulkan',
      profile: 'browser',
      dawnVersion: expect.stringMatching(/^webgpu \d/),
      driver: expect.stringMatching(/SwiftShader.*chromium \d/),
      toggles: ['timestamp_quantization=off'],
      environment: { CPU_THREADS: expect.stringMatching(/^\d+$/) },
    });
    expect(device?.description.features).toContain('timestamp-query');
    expect(device?.description.limits.maxComputeInvocationsPerWorkgroup).toBeGreaterThanOrEqual(256);
    // More than the defaults: the adapter's own limits were asked for.
    expect(device?.description.limits.maxComputeWorkgroupStorageSize).toBeGreaterThan(16384);
    expect(JSON.parse(JSON.stringify(device))).toEqual(device);
  });

  it('says in one line why the broken one was refused', () => {
    expect(list.refused).toEqual([
      { label: 'broken_icd.json', reason: expect.stringMatching(/^its library .*libnot-here\.so is missing/) },
    ]);
  });

  it('gives SwiftShader when no device is named', async () => {
    const device = await chooseDevice(undefined, 'native');
    expect(device.description).toMatchObject({ name: 'swiftshader', profile: 'native' });
    expect(device.description.toggles).toContain('disable_robustness=on');
  });

  it.each(['nope', 'lavapipe', 'lavapipe-128', 'lavapipe-7'])(
    'refuses --device %s and lists the names there are',
    async (name) => {
      const error = await chooseDevice(name).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(UserError);
      expect(error).toMatchObject({
        exitCode: exitCode.noDevice,
        message: `there is no device "${name}"; choose one of swiftshader`,
      });
    },
  );
});

describe('probing', () => {
  it('calls a driver that does not answer in time hung', async () => {
    const [driver] = findDrivers({ VK_DRIVER_FILES: broken }).drivers;
    if (driver === undefined) throw new Error('SwiftShader was not found');
    const probe = await probeDriver(driver, 'browser', null, 1);
    expect(probe).toMatchObject({ devices: [], refusal: expect.stringMatching(/^hangs/) });
  });

  it('survives a loader that is no library', async () => {
    const [driver] = findDrivers({ VK_DRIVER_FILES: broken }).drivers;
    if (driver === undefined) throw new Error('SwiftShader was not found');
    const probe = await probeDriver({ ...driver, loader: broken }, 'browser', null);
    expect(probe.devices).toEqual([]);
    expect(probe.refusal).toMatch(/broken_icd\.json/);
  });
});

const lavapipe = findDrivers({}).drivers.find(({ label }) => /lvp/.test(label));

describe.skipIf(lavapipe === undefined)('lavapipe', () => {
  beforeAll(() => vi.unstubAllEnvs());

  it('is another machine at another vector width', async () => {
    const wide = await chooseDevice('lavapipe-256');
    const narrow = await chooseDevice('lavapipe-128');
    expect(wide.description).toMatchObject({ name: 'lavapipe-256', environment: { LP_NATIVE_VECTOR_WIDTH: '256' } });
    expect(narrow.description).toMatchObject({ name: 'lavapipe-128', environment: { LP_NATIVE_VECTOR_WIDTH: '128' } });
    expect(narrow.description.device).not.toBe(wide.description.device);
    expect(narrow.description.limits.subgroupMaxSize).toBeLessThan(wide.description.limits.subgroupMaxSize);
  });
});
