import { createRequire } from 'node:module';
import type { DeviceDescription, Profile } from '../ir/limits.ts';
import { assert } from '../support/errors.ts';
import { requestAll } from './adapter-device.ts';
import { type AdapterFacts, adapterName, adapterType } from './adapter-name.ts';
import type { Driver } from './driver.ts';
import { softwareEnvironment } from './environment.ts';
import { describeToggles, togglesFor } from './toggles.ts';

/**
 * Runs in child processes only: a process sees one driver, fixed by its environment (see driverEnvironment).
 *
 * What `create()` and `koffi.load` returned is kept here for the life of the process: once Dawn's instance is garbage
 * collected the process crashes or hangs, even while its devices are in use.
 */
const kept: unknown[] = [];

type Create = (options: string[]) => GPU;

/** An adapter as Dawn's own list names it. */
export interface ListedAdapter {
  readonly backend: string;
  readonly name: string;
}

interface OpenedDevice {
  readonly gpu: GPUDevice;
  readonly description: DeviceDescription;
}

/** Brings Dawn up on a driver. Throws with the dynamic linker's words when a library is missing. */
export async function loadDawn(driver: Driver): Promise<Create> {
  // Dawn opens `libvulkan.so.1` by name and gets the one that is already in the process.
  if (driver.loader !== null) await loadVulkan(driver.kind === 'swiftshader' ? null : 'libvulkan.so.1', driver.loader);
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  return create;
}

async function loadVulkan(preferred: string | null, fallback: string): Promise<void> {
  const { load } = await import('koffi');
  if (preferred !== null) {
    try {
      kept.push(load(preferred));
      return;
    } catch {
      // The system has no loader.
    }
  }
  try {
    kept.push(load(fallback));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`the Vulkan loader ${fallback} cannot be loaded: ${why}`);
  }
}

/** Adapters Dawn sees on this driver, each once. Its list is only to be had by asking for one that does not exist. */
export async function listAdapters(create: Create): Promise<readonly ListedAdapter[]> {
  const gpu = create([`backend=${platformBackend()}`, 'adapter=(none of this name)']);
  kept.push(gpu);
  const text = await gpu.requestAdapter().then(
    () => '',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const adapters = new Map<string, ListedAdapter>();
  for (const [, backend = '', name = ''] of text.matchAll(/backend: '([^']*)', name: '(.*)'$/gm)) {
    if (backend === platformBackend()) adapters.set(name, { backend, name });
  }
  return [...adapters.values()];
}

function platformBackend(): string {
  return process.platform === 'darwin' ? 'metal' : process.platform === 'win32' ? 'd3d12' : 'vulkan';
}

/** Opens an adapter under a profile, with all its limits and every useful feature it has. Throws with Dawn's words. */
export async function openDevice(
  create: Create,
  driver: Driver,
  listed: ListedAdapter,
  profile: Profile,
): Promise<OpenedDevice> {
  const toggles = togglesFor(profile, listed.name);
  const gpu = create([
    `backend=${listed.backend}`,
    `adapter=${listed.name}`,
    ...(toggles.enable.length > 0 ? [`enable-dawn-features=${toggles.enable.join(',')}`] : []),
    `disable-dawn-features=${toggles.disable.join(',')}`,
  ]);
  kept.push(gpu);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new Error(`Dawn refused the adapter ${listed.name}`);
  const { gpu: device, features, limits } = await requestAll(adapter);
  const info = adapter.info;
  const facts: AdapterFacts = {
    vendor: info.vendor,
    architecture: info.architecture,
    device: info.device.replace(/-+$/, ''),
    description: info.description,
    isFallback: info.isFallbackAdapter === true,
  };
  const type = adapterType(facts);
  const description: DeviceDescription = {
    name: adapterName(facts),
    vendor: facts.vendor,
    architecture: facts.architecture,
    device: facts.device,
    description: facts.description,
    backend: listed.backend,
    // Vulkan's description is the driver's own name and version; other backends tell no more about the driver.
    driver: driver.packageVersion === null ? facts.description : `${facts.description} (${driver.packageVersion})`,
    type,
    dawnVersion: dawnVersion(),
    profile,
    toggles: describeToggles(toggles),
    features,
    limits,
    environment: type === 'cpu' ? softwareEnvironment(driver, facts.device) : {},
  };
  return { gpu: device, description };
}

function dawnVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('webgpu/package.json');
  assert(
    typeof manifest === 'object' && manifest !== null && 'version' in manifest,
    'webgpu/package.json has no version',
  );
  return `webgpu ${String(manifest.version)}`;
}
