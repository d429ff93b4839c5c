import type { DeviceDescription, Profile } from '../ir/limits.ts';
import { exitCode, UserError } from '../support/errors.ts';
import { isPageWish, pageDevice } from './browser/page-device.ts';
import { withColdCaches } from './caches.ts';
import type { ListedAdapter } from './dawn.ts';
import type { Driver, RefusedDriver } from './driver.ts';
import { driverEnvironment, type LavapipeWidth, lavapipeWidths } from './environment.ts';
import { findDrivers } from './find-drivers.ts';
import { type Probe, probeDriver } from './probe.ts';

/** A usable device: what it is, and what a child process needs to open it. Plain data. */
export interface Device {
  readonly description: DeviceDescription;
  readonly driver: Driver;
  readonly adapter: ListedAdapter;
  /** The vector width lavapipe is told to compile for; null for its own default and for every other driver. */
  readonly width: LavapipeWidth | null;
}

export interface DeviceList {
  /** Preferred first: GPUs, then lavapipe, then SwiftShader. */
  readonly devices: readonly Device[];
  readonly refused: readonly RefusedDriver[];
  /** Further names that can be chosen: the same driver told to compile for another vector width. */
  readonly variants: readonly string[];
}

/** The whole environment of a process that is to open this device and see no other driver. */
export function deviceEnvironment({ driver, width }: Device): Record<string, string> {
  return driverEnvironment(driver, width);
}

/** Probes every driver of this machine, each in a process of its own, all at once. */
export async function listDevices(profile: Profile = 'browser'): Promise<DeviceList> {
  const found = findDrivers();
  const probes = await Promise.all(found.drivers.map((driver) => probeDriver(driver, profile, null)));
  return catalog(probes, found.refused);
}

/**
 * The device of a name, or the best there is: a GPU, else lavapipe, else SwiftShader. Probes no more drivers than the
 * answer needs. `browser`, `browser:<path>` and `browser:none` are a page of the packaged browser, of another, or one that a person opens. `cold`: kernels are to be timed with cold caches. Throws UserError (exit code 3) with the names there are.
 */
export async function chooseDevice(
  name: string | undefined,
  profile: Profile = 'browser',
  cold = false,
): Promise<Device> {
  if (isPageWish(name)) {
    if (cold) throw new UserError('a page has no way to empty the caches of its device; leave out --cold');
    if (profile === 'native')
      throw new UserError('a page is always checked as browsers do; leave out --profile native');
    return { ...(await pageDevice(name)), width: null };
  }
  const found = findDrivers();
  const width = lavapipeWidths.find((bits) => name === `lavapipe-${bits}`) ?? null;
  const probes: Probe[] = [];
  for (const group of probeOrder(found.drivers, name)) {
    const answers = await Promise.all(group.map((driver) => probeDriver(driver, profile, width)));
    probes.push(...answers);
    const { devices } = catalog(answers, [], width);
    const device = name === undefined ? devices[0] : devices.find(({ description }) => description.name === name);
    if (device !== undefined) return cold ? { ...device, description: withColdCaches(device.description) } : device;
  }
  throw noSuchDevice(name, catalog(probes, found.refused, width));
}

function noSuchDevice(name: string | undefined, { devices, refused, variants }: DeviceList): UserError {
  if (devices.length === 0) {
    const why = refused.map(({ label, reason }) => `${label}: ${reason}`).join('; ');
    const asked =
      name === undefined ? 'no WebGPU device can be used here' : `there is no device "${name}", nor any other`;
    return new UserError(`${asked}${why === '' ? '' : ` (${why})`}; see \`wgtune devices\``, exitCode.noDevice);
  }
  const names = [...devices.map(({ description }) => description.name), ...variants];
  return new UserError(
    `there is no device "${name}"; choose one of ${[...new Set(names)].join(', ')}`,
    exitCode.noDevice,
  );
}

/**
 * Groups of drivers to try one after the other, first those whose file name suggests the wanted device. Where no device is
 * named, SwiftShader comes last, so that it is not even started where something faster is present.
 */
function probeOrder(drivers: readonly Driver[], name: string | undefined): readonly (readonly Driver[])[] {
  const likely = drivers.filter((driver) =>
    name === undefined ? driver.kind !== 'swiftshader' : mayOffer(driver, name),
  );
  const others = drivers.filter((driver) => !likely.includes(driver));
  return [likely, others].filter((group) => group.length > 0);
}

function mayOffer(driver: Driver, name: string): boolean {
  if (name === 'swiftshader') return driver.kind === 'swiftshader';
  const [family = ''] = name.split('-');
  const words = fileWords[family] ?? [family];
  return driver.kind === 'platform' || words.some((word) => driver.label.includes(word));
}

/** Words in the file names of driver manifests for devices that adapters name differently. */
const fileWords: Readonly<Record<string, readonly string[]>> = {
  lavapipe: ['lvp', 'lavapipe'],
  amd: ['radeon', 'amd'],
  intel: ['intel'],
  arm: ['panfrost', 'mali'],
  qualcomm: ['freedreno', 'adreno'],
  apple: ['asahi'],
};

function catalog(
  probes: readonly Probe[],
  refused: readonly RefusedDriver[],
  width: LavapipeWidth | null = null,
): DeviceList {
  const devices: Device[] = [];
  for (const { driver, devices: probed } of probes)
    for (const { adapter, description } of probed) {
      const name = uniqueName(description, width, devices);
      if (name !== null) devices.push({ description: { ...description, name }, driver, adapter, width });
    }
  return {
    devices: devices.sort((a, b) => preference(a) - preference(b)),
    refused: [
      ...refused,
      ...probes.flatMap(({ driver, refusal }) => (refusal === null ? [] : [{ label: driver.label, reason: refusal }])),
    ],
    variants: devices.some(isLavapipe) ? lavapipeWidths.map((bits) => `lavapipe-${bits}`) : [],
  };
}

/** A name that no other device has; null for a device that another manifest of the same driver already gave. */
function uniqueName(
  description: DeviceDescription,
  width: LavapipeWidth | null,
  known: readonly Device[],
): string | null {
  const base = description.name === 'lavapipe' && width !== null ? `lavapipe-${width}` : description.name;
  for (let count = 1; ; count++) {
    const name = count === 1 ? base : `${base}-${count}`;
    const taken = known.find((device) => device.description.name === name);
    if (taken === undefined) return name;
    if (taken.description.driver === description.driver && taken.description.device === description.device) return null;
  }
}

function preference({ description }: Device): number {
  return description.type === 'gpu' ? 0 : description.name === 'swiftshader' ? 2 : 1;
}

function isLavapipe({ description }: Device): boolean {
  return description.name.startsWith('lavapipe');
}
