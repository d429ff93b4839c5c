import type { DeviceDescription, Profile } from '../ir/limits.ts';
import type { ListedAdapter } from './dawn.ts';
import type { Driver } from './driver.ts';

export interface ProbeRequest {
  readonly driver: Driver;
  readonly profile: Profile;
}

export interface ProbedAdapter {
  readonly adapter: ListedAdapter;
  readonly description: DeviceDescription;
}

/** `errors`: what Dawn threw. An answer with neither devices nor errors is a driver without a device. */
export interface ProbeAnswer {
  readonly devices: readonly ProbedAdapter[];
  readonly errors: readonly string[];
}
