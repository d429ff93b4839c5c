import type { DeviceDescription } from '../ir/limits.ts';
import { hashJson } from '../support/hash.ts';
import { stableJson } from '../support/stable-json.ts';

/** How the device of a record relates to the one at hand, nearest first. */
const kinships = ['same-device', 'same-architecture', 'other-device'] as const;
export type Kinship = (typeof kinships)[number];

/**
 * What a device is: the adapter facts that decide how fast a kernel runs. Two devices are the same when all of these are:
 *
 * - the hardware: `vendor`, `architecture`, `device`, `description`, `type`;
 * - what compiles for it: `backend`, `driver` (name and version), `dawnVersion`, `toggles` in any order;
 * - the `profile` (bounds checks or none);
 * - the `environment` (threads of a CPU device, its native vector width; whether kernels are timed with cold caches).
 *
 * Not among them: `name`, which is what a person calls it; `features` and `limits`, which decide what may run and not how
 * fast, and grow with what a version of wgtune asks for. A new driver or Dawn thus makes another device on the same hardware, its nearest
 * relative: its old times are a place to start, not an answer.
 */
function facts(device: DeviceDescription): Record<string, unknown> {
  const { vendor, architecture, type, backend, driver, dawnVersion, profile, environment } = device;
  return {
    vendor,
    architecture,
    device: device.device,
    description: device.description,
    type,
    backend,
    driver,
    dawnVersion,
    profile,
    toggles: [...device.toggles].sort(),
    environment,
  };
}

/** Hash of the facts that make a device the same. */
export function deviceKey(device: DeviceDescription): string {
  return hashJson(facts(device));
}

/**
 * Key of the architecture: vendor, type, backend and architecture. Where an adapter does not tell its architecture, the device stands in for it,
 * and where that is not told either the description, or two unknown adapters would be kin.
 */
export function architectureKey({
  vendor,
  architecture,
  type,
  backend,
  device,
  description,
}: DeviceDescription): string {
  const family = architecture !== '' ? { architecture } : device !== '' ? { device } : { description };
  return hashJson({ vendor, type, backend, ...family });
}

/** Key of the hardware: its architecture and its own name. The driver is not in it; `description` often names one, so it is not either. */
function hardwareKey(device: DeviceDescription): string {
  return hashJson({ architecture: architectureKey(device), device: device.device });
}

/**
 * How far `there` is from `here`, least first: 0 the same device; 1 the same hardware with another driver, Dawn, profile or environment; 2 another
 * of the same architecture; from 3 on another device, of the same type and backend before others.
 */
export function distanceBetween(here: DeviceDescription, there: DeviceDescription): number {
  if (stableJson(facts(here)) === stableJson(facts(there))) return 0;
  if (hardwareKey(here) === hardwareKey(there)) return 1;
  if (architectureKey(here) === architectureKey(there)) return 2;
  return 3 + (here.type === there.type ? 0 : 2) + (here.backend === there.backend ? 0 : 1);
}

export function kinshipOf(here: DeviceDescription, there: DeviceDescription): Kinship {
  const distance = distanceBetween(here, there);
  return distance === 0 ? 'same-device' : distance <= 2 ? 'same-architecture' : 'other-device';
}

/** The names of the facts in which two devices differ: what a person must know of a record that is not this device's. */
export function differingFacts(here: DeviceDescription, there: DeviceDescription): readonly string[] {
  const [ours, theirs] = [facts(here), facts(there)];
  return Object.keys(ours).filter((name) => stableJson(ours[name]) !== stableJson(theirs[name]));
}
