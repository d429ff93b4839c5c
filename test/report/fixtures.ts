import { type DeviceDescription, defaultLimits } from '../../src/ir/limits.ts';

/** A device that does not exist. */
export function device(name: string, more: Partial<DeviceDescription> = {}): DeviceDescription {
  return {
    name,
    vendor: 'acme',
    architecture: 'anvil',
    device: 'anvil-1',
    description: 'Acme Anvil',
    backend: 'vulkan',
    driver: 'anvil 1.2',
    type: 'cpu',
    dawnVersion: 'webgpu 0.6.2',
    profile: 'browser',
    toggles: [],
    features: ['timestamp-query'],
    limits: defaultLimits,
    environment: {},
    ...more,
  };
}
