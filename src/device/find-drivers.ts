import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import type { Driver, FoundDrivers, RefusedDriver } from './driver.ts';
import { findSwiftShader } from './swiftshader.ts';

/**
 * Every driver this machine has, SwiftShader first. The standard folders are those the Vulkan loader itself searches, and
 * the one NVIDIA's container runtime mounts. `VK_DRIVER_FILES` (or the older `VK_ICD_FILENAMES`) replaces them when set.
 */
export function findDrivers(env: NodeJS.ProcessEnv = process.env): FoundDrivers {
  const swiftShader = findSwiftShader();
  const usable = 'reason' in swiftShader ? [] : [swiftShader];
  const refused: RefusedDriver[] = 'reason' in swiftShader ? [swiftShader] : [];
  if (process.platform === 'darwin' || process.platform === 'win32')
    return {
      drivers: [{ label: 'platform', kind: 'platform', manifest: null, loader: null, packageVersion: null }, ...usable],
      refused,
    };
  const loader = usable[0]?.loader ?? null;
  const system = systemManifests(env).map(
    (manifest): Driver => ({ label: basename(manifest), kind: 'system', manifest, loader, packageVersion: null }),
  );
  return { drivers: [...usable, ...system], refused };
}

/** Vulkan driver manifests, each once, in the order the loader would take them. */
function systemManifests(env: NodeJS.ProcessEnv): readonly string[] {
  const named = env.VK_DRIVER_FILES || env.VK_ICD_FILENAMES;
  const places = named ? named.split(delimiter) : standardFolders(env);
  const manifests = new Map<string, string>();
  for (const place of places.filter((path) => path !== ''))
    for (const manifest of manifestsAt(place)) {
      const real = existsSync(manifest) ? realpathSync(manifest) : manifest;
      if (!manifests.has(real)) manifests.set(real, manifest);
    }
  return [...manifests.values()];
}

function standardFolders(env: NodeJS.ProcessEnv): readonly string[] {
  const home = env.HOME ?? homedir();
  const list = (value: string | undefined, fallback: string): readonly string[] => (value || fallback).split(delimiter);
  const bases = [
    env.XDG_CONFIG_HOME || join(home, '.config'),
    ...list(env.XDG_CONFIG_DIRS, '/etc/xdg'),
    '/etc',
    env.XDG_DATA_HOME || join(home, '.local', 'share'),
    ...list(env.XDG_DATA_DIRS, ['/usr/local/share', '/usr/share'].join(delimiter)),
    '/usr/local/share',
    '/usr/share',
    '/usr/local/nvidia/share',
  ];
  return bases.map((base) => join(base, 'vulkan', 'icd.d'));
}

/** A place is a manifest or a folder of manifests. A named file that is missing stays: its probe then says so. */
function manifestsAt(place: string): readonly string[] {
  try {
    if (!statSync(place).isDirectory()) return [place];
    return readdirSync(place)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => join(place, name));
  } catch {
    return place.endsWith('.json') ? [place] : [];
  }
}
