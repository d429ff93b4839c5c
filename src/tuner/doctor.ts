import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir, totalmem } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { findBooster } from '../cost-model/find-booster.ts';
import { packagedBrowserReason } from '../device/browser/launch.ts';
import { cacheFolder } from '../device/cache-folder.ts';
import { packageName } from '../device/chromium-package.ts';
import { type Device, listDevices } from '../device/devices.ts';
import { type DeviceLimits, defaultLimits } from '../ir/limits.ts';
import { createDawnRunner } from '../measure/dawn-runner.ts';
import { makeWorkload } from '../operators/parse-workload.ts';
import { ranRight } from '../records/outcome.ts';
import { explainRefusal, isRefusal } from '../support/refusal.ts';
import { buildArtifact, naiveOf, programOf } from './build.ts';
import { verificationData } from './workload-data.ts';

/** One thing that was looked at. `bad`: nothing can run because of it; `poor`: wgtune does without it, or less well. */
export interface Finding {
  readonly name: 'node' | 'driver' | 'device' | 'limits' | 'clock' | 'booster' | 'browser' | 'disk' | 'machine';
  readonly state: 'good' | 'poor' | 'bad';
  readonly said: string;
  /** What to do about it; null where there is nothing to be done. */
  readonly remedy: string | null;
}

const good = (name: Finding['name'], said: string): Finding => ({ name, state: 'good', said, remedy: null });
const poor = (name: Finding['name'], said: string, remedy: string | null): Finding => ({
  ...{ name, state: 'poor', said, remedy },
});

const fasterDevices = 'README.md, "Faster devices", says how to get one';
const gib = 1 << 30;

/**
 * Looks at everything that tuning needs of this machine. Every device builds, runs, verifies and times one small kernel. The results are findings,
 * none of which throws; a machine on which no device ran the kernel has a `bad` one.
 */
export async function examine(logFolder: string): Promise<readonly Finding[]> {
  const { devices, refused } = await listDevices();
  const tried: Finding[][] = [];
  // One after the other: a clock says nothing while other devices compute on the same processor.
  for (const device of devices) tried.push(await tryDevice(device));
  const runs = tried.flat().some(({ name, state }) => name === 'device' && state === 'good');
  return [
    good('node', `Node ${process.version} on ${process.platform} ${process.arch}`),
    ...[...new Set(refused.map(({ reason }) => reason))].map((reason) => {
      const drivers = refused.filter((one) => one.reason === reason).map(({ label }) => label);
      return poor('driver', `refused ${drivers.join(', ')}: ${reason}`, driverRemedy(reason));
    }),
    ...tried.flat(),
    ...(runs
      ? []
      : [
          {
            name: 'device',
            state: 'bad',
            said: 'no device runs kernels here',
            remedy: `${fasterDevices}; npm install without --omit=optional brings SwiftShader`,
          } as const,
        ]),
    ...(runs && devices.every(({ description }) => description.type === 'cpu')
      ? [poor('device', 'all devices compute on the processor, so that times say little of a GPU', fasterDevices)]
      : []),
    booster(),
    browser(),
    ...disks(logFolder),
    machine(),
  ];
}

function driverRemedy(reason: string): string {
  return /Mesa|mesa/.test(reason) ? 'install Mesa 23 or later' : fasterDevices;
}

async function tryDevice(device: Device): Promise<Finding[]> {
  const { description } = device;
  const { name, driver } = description;
  const failed = (why: string): Finding[] => [
    poor('device', `${name} (${driver}) runs no kernel: ${why}`, 'update its driver, or choose another with --device'),
  ];
  const workload = makeWorkload('elementwise', { shape: 'n=1,c=16,h=16,w=16' });
  const { program } = naiveOf(workload);
  const artifact = buildArtifact(program, description);
  if (isRefusal(artifact)) return failed(explainRefusal(artifact));
  let runner: Awaited<ReturnType<typeof createDawnRunner>> | undefined;
  try {
    runner = await createDawnRunner({ device, builders: 0, quietWait: 0 });
    await runner.prepare(verificationData(workload, programOf(workload), 1).data);
    const { outcome, error, clock } = await runner.measure({ artifact, bestNs: null });
    if (!ranRight({ outcome })) return failed(`a small kernel ended in ${outcome}: ${error}`);
    return [
      good('device', `${name} (${driver}) builds, runs and verifies kernels`),
      limits(name, description.limits),
      clockOf(name, clock),
    ];
  } catch (error) {
    return failed((error as Error).message);
  } finally {
    await runner?.close();
  }
}

function limits(name: string, has: DeviceLimits): Finding {
  const lacking = (Object.keys(defaultLimits) as (keyof DeviceLimits)[]).filter((limit) => {
    const [own, usual] = [has[limit], defaultLimits[limit]];
    return limit.startsWith('max') && typeof own === 'number' && typeof usual === 'number' && own < usual;
  });
  if (lacking.length === 0)
    return good(
      'limits',
      `${name}: ${has.maxComputeInvocationsPerWorkgroup} invocations and ${has.maxComputeWorkgroupStorageSize} bytes a workgroup, ${has.maxStorageBufferBindingSize} bytes a binding`,
    );
  return poor(
    'limits',
    `${name} has less than WebGPU's defaults of ${lacking.join(', ')}`,
    'kernels tuned elsewhere may not fit it',
  );
}

function clockOf(name: string, clock: 'timestamp' | 'wall' | null): Finding {
  if (clock === 'timestamp') return good('clock', `${name} has a clock of its own`);
  return poor(
    'clock',
    `${name} has no usable clock of its own: kernels are timed by the wall, and never in turn`,
    'update its driver',
  );
}

function booster(): Finding {
  try {
    const { description, missing, broken } = findBooster();
    if (missing === null) return good('booster', description);
    const text = `${description}, since ${missing.message()}`;
    return broken ? poor('booster', text, missing.legal?.() ?? null) : good('booster', text);
  } catch (error) {
    return poor('booster', (error as Error).message, 'set WGTUNE_BOOSTER to own or xgboost, or not at all');
  }
}

/** Commands of browsers with WebGPU. */
const browserCommands = ['google-chrome', 'chromium', 'chromium-browser', 'microsoft-edge', 'chrome'] as const;

function browser(): Finding {
  if (packagedBrowserReason() === null) return good('browser', `Chromium of the optional package ${packageName}`);
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = browserCommands.flatMap((command) => folders.map((folder) => join(folder, command))).find(existsSync);
  if (found !== undefined) return good('browser', found);
  return poor(
    'browser',
    'no browser was found to try exported kernels in',
    `install Chrome, Chromium or Edge, or npm install ${packageName} (Linux on x64)`,
  );
}

const leastFree = gib / 4;

function disks(logFolder: string): readonly Finding[] {
  const places = [
    { what: 'tuning logs', path: resolve(logFolder) },
    { what: 'cached drivers', path: cachePlace() },
    { what: 'temporary files', path: tmpdir() },
  ];
  return places.map(({ what, path }) => {
    if (path === null)
      return poor('disk', `no folder can be written for ${what}`, 'set XDG_CACHE_HOME to one that can be');
    const folder = existing(path);
    try {
      accessSync(folder, constants.W_OK);
    } catch {
      return poor(
        'disk',
        `${path}, for ${what}, cannot be written`,
        'change its permissions, or name another folder (--log, XDG_CACHE_HOME, TMPDIR)',
      );
    }
    const { bavail, bsize } = statfsSync(folder);
    const free = bavail * bsize;
    const text = `${(free / gib).toFixed(1)} GiB free for ${what} (${path})`;
    return free < leastFree
      ? poor('disk', text, 'make room: a run of 64 trials takes about 1 MB, compiled kernels a hundred times as much')
      : good('disk', text);
  });
}

function cachePlace(): string | null {
  try {
    return cacheFolder();
  } catch {
    return null;
  }
}

/** The folder, or the nearest above it that is there. */
function existing(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existing(dirname(path));
}

function machine(): Finding {
  const cores = availableParallelism();
  const [load = 0] = loadavg();
  const memory = totalmem() / gib;
  const said = `${cores} ${cores === 1 ? 'core' : 'cores'}, ${memory.toFixed(0)} GiB of memory, load ${load.toFixed(1)}`;
  if (memory < 2) return poor('machine', said, 'measuring and building take some 300 MB a process');
  if (load > cores)
    return poor('machine', said, 'others use this machine: runs wait for quiet moments (WGTUNE_QUIET_WAIT=0 for none)');
  return good('machine', said);
}
