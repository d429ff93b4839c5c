import { fork } from 'node:child_process';
import { type Device, deviceEnvironment } from '../../src/device/devices.ts';
import type { Driver } from '../../src/device/driver.ts';
import type { Workload } from '../../src/operators/workload.ts';
import type { Verification } from '../../src/records/outcome.ts';

/** A bundle's folder, and what it computes. */
export interface LoadRequest {
  readonly driver: Driver;
  readonly bundles: readonly { readonly folder: string; readonly workload: Workload }[];
}

/** What a bundle's own loader says of one device, and what the kernel computes there. */
export interface LoadedOn {
  readonly reason: string | null;
  /** What `createKernel` rejects with; null where it does not. */
  readonly rejected: string | null;
  readonly verification: Verification | null;
}

export interface LoadAnswer {
  readonly folder: string;
  /** What the loader says of the adapter, before any device is asked for. */
  readonly onAdapter: string | null;
  /** On a device with default limits and no features; on one with the feature subgroups too; on one with all that the bundles ask for. */
  readonly onBare: LoadedOn;
  readonly onDefault: LoadedOn;
  readonly onAsked: LoadedOn;
  /** Where subgroups are of the wrong size: what the kernel gives when its loader is told that the size does not matter. */
  readonly regardless: Verification | null;
}

export interface LoadResult {
  readonly answers: readonly LoadAnswer[];
  /** The first bundle with several dispatches that runs, recorded in a pass of the caller's on parts of larger buffers. Null where there is none. */
  readonly inParts: Verification | null;
  /** Runs of a kernel with constant inputs, see `packedOnce`; none where there is none. */
  readonly packed: readonly Verification[];
  /** What `encode` throws without one of the buffers, and with one that is too small. */
  readonly complaints: readonly string[];
}

/** Loads bundles as an app would, each by its own `kernel.mjs`, in a process that sees only one device. */
export async function loadOn(device: Device, bundles: LoadRequest['bundles']): Promise<LoadResult> {
  const child = fork(new URL('./load-child.ts', import.meta.url), {
    env: deviceEnvironment(device),
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString('utf8');
  });
  const answers = new Promise<LoadResult>((resolve, reject) => {
    child.once('message', (message) => resolve(message as LoadResult));
    child.once('close', (code) => reject(new Error(`the loading process ended with ${code}: ${errors}`)));
  });
  const request: LoadRequest = { driver: device.driver, bundles };
  child.send(request);
  return answers;
}
