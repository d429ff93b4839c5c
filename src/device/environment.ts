import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.ts';
import type { Driver } from './driver.ts';

/** Widths (bits) lavapipe can be told to compile for; each makes a different machine of it. */
export const lavapipeWidths = ['128', '256', '512'] as const;
export type LavapipeWidth = (typeof lavapipeWidths)[number];

/**
 * The environment a child must start with so that Dawn sees this driver and no other. `width` null leaves lavapipe's own
 * default, also where our own environment asks for another: a device's name must always mean the same.
 */
export function driverEnvironment(
  driver: Driver,
  width: LavapipeWidth | null,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && !driverSettings.has(name)) result[name] = value;
  if (driver.manifest === null) return result;
  result.VK_DRIVER_FILES = driver.manifest;
  // Loaders before 1.3.207 know only this name.
  result.VK_ICD_FILENAMES = driver.manifest;
  // Without these the loader keeps to itself why it ignored a driver.
  result.VK_LOADER_DEBUG ??= 'error';
  if (driver.kind === 'system') {
    result.LP_NUM_THREADS ??= String(availableParallelism());
    if (width !== null) result.LP_NATIVE_VECTOR_WIDTH = width;
    // Mesa's cache key ignores the vector width: kernels of one width must not be served to another.
    result.MESA_SHADER_CACHE_DIR = join(
      cacheFolder(),
      'mesa',
      `${driver.label.replace(/\.json$/, '')}-${width ?? 'default'}`,
    );
  }
  return result;
}

const driverSettings = new Set([
  'VK_DRIVER_FILES',
  'VK_ICD_FILENAMES',
  'VK_ADD_DRIVER_FILES',
  'LP_NATIVE_VECTOR_WIDTH',
  'MESA_SHADER_CACHE_DIR',
  'MESA_GLSL_CACHE_DIR',
]);

/** Further facts that decide a software device's speed, for its description. `deviceText` is what the adapter calls itself. */
export function softwareEnvironment(
  driver: Driver,
  deviceText: string,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const cpu = cpus()[0]?.model.trim() ?? 'unknown';
  if (driver.kind !== 'system') return { CPU: cpu, CPU_THREADS: String(availableParallelism()) };
  // lavapipe says its width in its name ("256 bits"), also when nobody asked for one.
  const width = env.LP_NATIVE_VECTOR_WIDTH ?? /(\d+)[ -]bits/.exec(deviceText)?.[1];
  return {
    CPU: cpu,
    LP_NUM_THREADS: env.LP_NUM_THREADS ?? String(availableParallelism()),
    ...(width === undefined ? {} : { LP_NATIVE_VECTOR_WIDTH: width }),
  };
}
