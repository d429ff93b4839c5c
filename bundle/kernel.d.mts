/** The kernel of this bundle with its own manifest and text; `load.d.mts` says what each function does. */
import type { DeviceNeeds, Target } from './core.d.mts';
import type { LoadedKernel, Manifest } from './load.d.mts';

export declare const manifest: Manifest;
/** For `requestDevice`: `{ requiredFeatures, requiredLimits }`. */
export declare const deviceNeeds: GPUDeviceDescriptor & DeviceNeeds;
/** Why the kernel would fail or be wrong on an adapter or a device; null where it runs. */
export declare function unsupportedReason(target: GPUAdapter | GPUDevice | Target): string | null;
/** Compiles it. Rejects with one sentence where the device does not meet its requirements. */
export declare function createKernel(device: GPUDevice): Promise<LoadedKernel>;
