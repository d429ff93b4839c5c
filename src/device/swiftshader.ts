import { basename, join } from 'node:path';
import { cacheFolder } from './cache-folder.ts';
import { chromiumPackage, filesOfTar, packageName, unpackOnce } from './chromium-package.ts';
import type { Driver, RefusedDriver } from './driver.ts';

const manifestName = 'vk_swiftshader_icd.json';
const loaderName = 'libvulkan.so.1';
const wanted: readonly string[] = ['libvk_swiftshader.so', loaderName, manifestName];

/**
 * SwiftShader out of the optional npm package, unpacked once per user. It needs nothing of the system: the archive has
 * its own Vulkan loader. `folder` is where to unpack, by default this user's cache.
 */
export function findSwiftShader(folder: () => string = cacheFolder): Driver | RefusedDriver {
  const refused = (reason: string): RefusedDriver => ({ label: 'swiftshader', reason });
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return refused(`the npm package holds it for Linux on x64 only, not for ${process.platform} on ${process.arch}`);
  const found = chromiumPackage();
  if (found === null) return refused(`the optional npm package ${packageName} is not installed`);
  const { bin, version } = found;
  try {
    const home = unpackOnce(join(folder(), `swiftshader-${version}`), wanted, () =>
      filesOfTar(join(bin, 'swiftshader.tar.br')).filter(({ name }) => wanted.includes(basename(name))),
    );
    return {
      label: 'swiftshader',
      kind: 'swiftshader',
      manifest: join(home, manifestName),
      loader: join(home, loaderName),
      packageVersion: `${packageName} ${version}`,
    };
  } catch (error) {
    return refused(`it could not be unpacked: ${error instanceof Error ? error.message : String(error)}`);
  }
}
