import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { findBrowser, packagedBrowserReason } from '../../src/device/browser/launch.ts';

/** A page in a browser that a test drives. */
export interface BrowserPage {
  /** Evaluates an expression, awaits it, and returns its value, which must be JSON. */
  evaluate<Value>(expression: string): Promise<Value>;
  /** PNG of the window. */
  screenshot(): Promise<Buffer>;
  emulate(how: {
    readonly width?: number;
    readonly height?: number;
    readonly scheme?: 'light' | 'dark';
    readonly media?: 'screen' | 'print';
  }): Promise<void>;
  /** Has the page's processor take so many times as long. */
  throttle(rate: number): Promise<void>;
  /** Loads it again; resolves when it has begun. */
  reload(): Promise<void>;
  close(): Promise<void>;
  /** Errors and warnings of its console, exceptions that nobody caught, and requests it made, but for the file itself. */
  readonly complaints: readonly string[];
  readonly requests: readonly string[];
}

export interface PageBrowser {
  open(url: string, options?: { readonly scripts?: boolean }): Promise<BrowserPage>;
  close(): void;
}

/** The Chromium of the optional package, unpacked; null where there is none for this machine. */
export function chromiumPath(): string | null {
  return packagedBrowserReason() === null ? findBrowser(undefined).path : null;
}

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** Without a network and without a GPU, as a report is read; with WebGPU on SwiftShader and this machine's servers, as a person opens the page of a device. */
const flags = {
  offline: ['--disable-gpu', '--host-resolver-rules=MAP * ~NOTFOUND'],
  webgpu: [
    ...['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--use-webgpu-adapter=swiftshader'],
    ...['--disable-vulkan-surface', '--disable-gpu-watchdog'],
  ],
} as const;

/** Starts it, and speaks with it through a pipe, so that no port is opened. */
export function startChromium(path: string, how: keyof typeof flags = 'offline'): PageBrowser {
  const profile = mkdtempSync(join(tmpdir(), 'wgtune-chromium-'));
  const child: ChildProcess = spawn(
    path,
    [
      ...['--headless', '--no-sandbox', '--no-first-run', '--hide-scrollbars', '--disable-dev-shm-usage'],
      ...['--remote-debugging-pipe', `--user-data-dir=${profile}`, ...flags[how]],
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  );
  const [to, from] = [child.stdio[3] as Writable, child.stdio[4] as unknown as Readable];
  const waiting = new Map<number, { resolve(result: Record<string, unknown>): void; reject(error: Error): void }>();
  const listeners: ((message: Message) => void)[] = [];
  let next = 0;
  let rest = '';
  from.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\0');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const message = JSON.parse(part) as Message;
      const asked = message.id === undefined ? undefined : waiting.get(message.id);
      if (asked === undefined) for (const listener of listeners) listener(message);
      else if (message.error !== undefined) asked.reject(new Error(message.error.message));
      else asked.resolve(message.result ?? {});
    }
  });
  child.once('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('the browser ended'));
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
  });
  const send = (
    method: string,
    params: Record<string, unknown> = {},
    sessionId?: string,
  ): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      next += 1;
      waiting.set(next, { resolve, reject });
      to.write(`${JSON.stringify({ id: next, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`);
    });

  return {
    close: () => child.kill('SIGKILL'),
    open: async (url, { scripts = true } = {}) => {
      const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
      const { sessionId } = (await send('Target.attachToTarget', { targetId, flatten: true })) as { sessionId: string };
      const call = (method: string, params?: Record<string, unknown>) => send(method, params, sessionId);
      const complaints: string[] = [];
      const requests: string[] = [];
      const loaded = new Promise<void>((resolve) => {
        listeners.push(({ sessionId: of, method, params = {} }) => {
          if (of !== sessionId) return;
          if (method === 'Page.loadEventFired') resolve();
          if (method === 'Runtime.exceptionThrown') complaints.push(JSON.stringify(params.exceptionDetails));
          if (method === 'Runtime.consoleAPICalled' && ['error', 'warning', 'assert'].includes(String(params.type)))
            complaints.push(JSON.stringify(params.args));
          if (method === 'Log.entryAdded') complaints.push(JSON.stringify(params.entry));
          if (method === 'Network.requestWillBeSent') {
            const { url: asked } = params.request as { url: string };
            if (asked !== url) requests.push(asked);
          }
        });
      });
      for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await call(`${domain}.enable`);
      if (!scripts) await call('Emulation.setScriptExecutionDisabled', { value: true });
      await call('Page.navigate', { url });
      await loaded;
      return {
        complaints,
        requests,
        evaluate: async <Value>(expression: string) => {
          const { result, exceptionDetails } = (await call('Runtime.evaluate', {
            expression,
            awaitPromise: true,
            returnByValue: true,
          })) as {
            result: { value: Value };
            exceptionDetails?: unknown;
          };
          if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
          return result.value;
        },
        screenshot: async () => {
          const { data } = await call('Page.captureScreenshot', { format: 'png' });
          return Buffer.from(String(data), 'base64');
        },
        throttle: async (rate) => void (await call('Emulation.setCPUThrottlingRate', { rate })),
        reload: async () => void (await call('Page.reload')),
        close: async () => void (await send('Target.closeTarget', { targetId })),
        emulate: async ({ width, height, scheme, media }) => {
          if (width !== undefined && height !== undefined)
            await call('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
          const features = scheme === undefined ? [] : [{ name: 'prefers-color-scheme', value: scheme }];
          await call('Emulation.setEmulatedMedia', { media: media ?? '', features });
        },
      };
    },
  };
}
