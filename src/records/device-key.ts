import type { DeviceDescription } from '../ir/limits.ts';
import { hashJson } from '../support/hash.ts';
import { stableJson } from '../support/stable-json.ts';

/** How the device of a record relates to the one at hand, nearest first. */
export const kinships = ['same-device', 'same-architecture', 'other-device'] as const;
export type Kinship = (typeof kinships)[number];

/**
 * The facts that decide how fast a kernel runs. Two devices are the same when all of these are: the hardware (vendor,
 * architecture, device, description, type), what compiles for it (backend, driver with its version, Dawn's version, toggles), the
 * profile (bounds checks or none), and the environment (threads of a CPU device, native vector width).
 *
 * Not among them: `name`, which is what a person calls it; `features` and `limits`, which decide what may run and not how
 * fast, and grow with what a version of wgtune asks for. A new driver or Dawn thus makes another device of the same
 * architecture: its old times are a place to start, not an answer.
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
 * Key of the architecture: vendor, architecture, type and backend. An adapter that does not tell its architecture is its
 * own: then the device's name stands in, or two unknown ones would be kin.
 */
export function architectureKey(device: DeviceDescription): string {
  const { vendor, architecture, type, backend } = device;
  const family = architecture === '' ? { device: device.device, description: device.description } : { architecture };
  return hashJson({ vendor, type, backend, ...family });
}

export function kinshipOf(here: DeviceDescription, there: DeviceDescription): Kinship {
  if (stableJson(facts(here)) === stableJson(facts(there))) return 'same-device';
  return architectureKey(here) === architectureKey(there) ? 'same-architecture' : 'other-device';
}
