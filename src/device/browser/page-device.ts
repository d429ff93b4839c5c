import type { DeviceDescription } from '../../ir/limits.ts';
import { exitCode, UserError } from '../../support/errors.ts';
import type { ListedAdapter } from '../dawn.ts';
import type { Driver } from '../driver.ts';
import { openedByHand, pageHostOf, tellPageNotice } from './page-host.ts';

/** A page's measuring worker, started anew. */
interface PageWorker {
  readonly description: DeviceDescription;
  send(message: unknown): void;
  /** Ends the worker; the page stays, and its next worker begins with nothing. */
  stop(): void;
}

interface PageListener {
  readonly onMessage: (message: unknown) => void;
  /** Called once: the page was closed or reloaded, its browser ended, or the worker failed. */
  readonly onGone: (how: string) => void;
}

type FromPage =
  | { readonly kind: 'ready'; readonly description: DeviceDescription }
  | { readonly kind: 'unusable'; readonly error: string }
  | { readonly kind: 'visibility'; readonly state: string }
  | { readonly kind: 'from'; readonly message: unknown };

/** Starts a worker in the page of a browser. Rejects with how the page or its browser ended before the worker was ready. */
export async function startPageWorker(browser: string, { onMessage, onGone }: PageListener): Promise<PageWorker> {
  // Nothing of the server keeps this process alive, but who waits for a page, or for its worker, does.
  const alive = setInterval(() => {}, 2 ** 30);
  const { link, browserEnded } = await pageHostOf(browser)
    .page()
    .catch((error: unknown) => {
      clearInterval(alive);
      throw error;
    });
  let isOver = false;
  const over = (how: string): void => {
    if (isOver) return;
    isOver = true;
    clearInterval(alive);
    onGone(how);
  };
  const stop = (): void => {
    isOver = true;
    clearInterval(alive);
    link.send({ kind: 'stop' });
  };
  return new Promise((resolve, reject) => {
    const fail = (how: string): void => {
      over(how);
      reject(new Error(how));
    };
    void link.gone.then(() => fail('the page was closed, reloaded or cut off'));
    void browserEnded.then((how) => fail(`the browser ended: ${how}`));
    link.onMessage((raw) => {
      // From a page that this process served, and that knows its token; a trial's numbers are checked when they become a record.
      const message = raw as FromPage;
      if (message.kind === 'ready')
        resolve({
          description: message.description,
          send: (to) => link.send({ kind: 'to', message: to }),
          stop,
        });
      else if (message.kind === 'unusable') fail(message.error);
      else if (message.kind === 'visibility')
        tellPageNotice({ kind: 'visibility', isHidden: message.state === 'hidden' });
      else if (message.kind === 'from' && !isOver) onMessage(message.message);
    });
    link.send({ kind: 'start' });
  });
}

/** The name of every device of this kind: `browser`, `browser:<path>`, `browser:none`. */
const wish = /^browser(?::(.*))?$/s;

export function isPageWish(name: string | undefined): name is string {
  return name !== undefined && wish.test(name);
}

/** How long a browser that was started here may take; a person who opens a page by hand has all the time there is. */
const openTimeoutMs = 60_000;

/** A browser on a busy machine may lose its process for the GPU while it starts. */
const attempts = 3;

/** The device that a page of a browser is. Throws UserError (exit code 3) where there is no browser, or it has no WebGPU. */
export async function pageDevice(
  name: string,
): Promise<{ readonly description: DeviceDescription; readonly driver: Driver; readonly adapter: ListedAdapter }> {
  const browser = wish.exec(name)?.[1] ?? '';
  let why = '';
  for (let attempt = 0; attempt < (browser === openedByHand ? 1 : attempts); attempt++) {
    try {
      const description = await describePage(browser);
      return {
        description,
        driver: { label: browser, kind: 'browser', manifest: null, loader: null, packageVersion: null },
        adapter: { backend: 'browser', name: description.name },
      };
    } catch (error) {
      pageHostOf(browser).endBrowser();
      if (error instanceof UserError) throw error;
      why = (error as Error).message;
    }
  }
  throw new UserError(
    `the browser cannot be used as a device: ${why}; choose another with --browser <path>`,
    exitCode.noDevice,
  );
}

async function describePage(browser: string): Promise<DeviceDescription> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    if (browser !== openedByHand)
      timer = setTimeout(() => reject(new Error(`no page within ${openTimeoutMs / 1000} s`)), openTimeoutMs);
  });
  try {
    const worker = await Promise.race([startPageWorker(browser, { onMessage: () => {}, onGone: () => {} }), late]);
    worker.stop();
    return worker.description;
  } finally {
    clearTimeout(timer);
  }
}
