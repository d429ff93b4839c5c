import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCode, UserError } from '../../support/errors.ts';
import { cacheFolder } from '../cache-folder.ts';
import { chromiumPackage, decompressed, filesOfTar, packageName, unpackOnce } from '../chromium-package.ts';

/** A browser that can be started. */
interface Browser {
  readonly path: string;
  /** Whether it is the one of the optional package, which has SwiftShader alone and no window. */
  readonly isPackaged: boolean;
}

export interface RunningBrowser {
  /** Resolves when it has ended, with its last words. */
  readonly ended: Promise<string>;
  close(): void;
}

const packagedFiles = ['chromium', 'libvk_swiftshader.so', 'libvulkan.so.1', 'vk_swiftshader_icd.json'] as const;

/** Why there is no browser to start, as part of a sentence; null where there is one. */
export function packagedBrowserReason(): string | null {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return `the Chromium of the npm package ${packageName} is for Linux on x64`;
  return chromiumPackage() === null ? `the optional npm package ${packageName} is not installed` : null;
}

/**
 * The browser at a path, or the Chromium of the optional package, unpacked once per user (190 MB). Throws UserError (exit code 3) where there
 * is none.
 */
export function findBrowser(path: string | undefined, folder: () => string = cacheFolder): Browser {
  if (path !== undefined) {
    if (!existsSync(path))
      throw new UserError(`there is no browser at ${path}; give the path of one`, exitCode.noDevice);
    return { path, isPackaged: false };
  }
  const reason = packagedBrowserReason();
  const found = chromiumPackage();
  if (reason !== null || found === null)
    throw new UserError(`no browser to start: ${reason}; name one with --browser <path>`, exitCode.noDevice);
  const { bin, version } = found;
  const home = unpackOnce(join(folder(), `chromium-${version}`), packagedFiles, () => [
    { name: 'chromium', bytes: decompressed(join(bin, 'chromium.br')) },
    ...filesOfTar(join(bin, 'swiftshader.tar.br')),
  ]);
  return { path: join(home, 'chromium'), isPackaged: true };
}

/** Flags with which Chromium has WebGPU, and a clock that does not round; other browsers ignore them. */
function flagsFor({ isPackaged }: Browser, profile: string): readonly string[] {
  const hasScreen = process.platform !== 'linux' || (process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY) !== undefined;
  return [
    // With nobody at the other end of this pipe the browser ends too, also where this process is killed.
    '--remote-debugging-pipe',
    '--enable-unsafe-webgpu',
    '--disable-dawn-features=timestamp_quantization',
    // A page that is measured must not be slowed down because nobody looks at it.
    '--disable-background-timer-throttling',
    '--disable-renderer-backgrounding',
    '--disable-backgrounding-occluded-windows',
    '--no-first-run',
    '--no-default-browser-check',
    `--user-data-dir=${profile}`,
    ...(process.platform === 'linux' ? ['--enable-features=Vulkan'] : []),
    ...(isPackaged || !hasScreen ? ['--headless'] : []),
    ...(isPackaged ? ['--use-webgpu-adapter=swiftshader', '--disable-vulkan-surface', '--disable-gpu-watchdog'] : []),
    // Chromium's sandbox does not start for root, nor in the package's build.
    ...(isPackaged || process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ];
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a browser on a page, with a profile of its own that is removed when it ends. */
export function launchBrowser(browser: Browser, url: string): RunningBrowser {
  const profile = mkdtempSync(join(tmpdir(), 'wgtune-browser-'));
  const child = spawn(browser.path, [...flagsFor(browser, profile), url], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
  });
  // Those who wait for a page keep this process alive; a browser alone does not.
  child.unref();
  for (const stream of child.stdio) (stream as { unref?: () => void } | null)?.unref?.();
  running.add(child);
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  const ended = new Promise<string>((resolve) => {
    const end = (how: string): void => {
      running.delete(child);
      rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
      resolve(how);
    };
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signal) => end(`${signal ?? `exit code ${code}`}; it said last: ${said.trim()}`));
  });
  return { ended, close: () => child.kill('SIGKILL') };
}
