import { openSocket, type Send } from './page-socket.ts';

/**
 * The page that is a device: connects back to the wgtune that served it, and hands messages on to a worker that measures. It executes what it was
 * served, and of what it is sent WGSL alone.
 */

/** As much of a page's environment as is used here; Node's types know none of it. */
const page = globalThis as unknown as {
  readonly document: {
    getElementById(id: string): { textContent: string | null } | null;
    addEventListener(name: 'visibilitychange', listener: () => void): void;
    readonly visibilityState: string;
  };
  readonly Worker: new (url: URL, options: { readonly type: 'module' }) => PageThread;
};
interface PageThread {
  postMessage(message: unknown): void;
  terminate(): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: ((event: { readonly message?: string }) => void) | null;
}

const retryMs = 1_000;
let worker: PageThread | null = null;
let connected: Send | null = null;
let isRefused = false;

const show = (text: string): void => {
  const line = page.document.getElementById('state');
  if (line !== null) line.textContent = text;
};
const tellVisibility = (): void => connected?.({ kind: 'visibility', state: page.document.visibilityState });
page.document.addEventListener('visibilitychange', tellVisibility);

function connect(): void {
  openSocket({
    onOpen: (send) => {
      connected = send;
      show('connected; keep this tab in front');
      tellVisibility();
    },
    onMessage: (raw, send) => {
      const { kind, message, why } = raw as {
        readonly kind: string;
        readonly message?: unknown;
        readonly why?: string;
      };
      if (kind === 'refused') {
        isRefused = true;
        connected = null;
        show(`this tab is not used: ${why}`);
      } else if (kind === 'start') start(send);
      else if (kind === 'stop') stop();
      else if (kind === 'to') worker?.postMessage(message);
    },
    onClose: () => {
      connected = null;
      stop();
      if (isRefused) return;
      show('wgtune has ended, or cannot be reached; this tab may be closed');
      setTimeout(connect, retryMs);
    },
  });
}

function start(send: Send): void {
  stop();
  const started = new page.Worker(new URL('./page-worker.js', import.meta.url), { type: 'module' });
  worker = started;
  show('measuring; keep this tab in front');
  started.onmessage = ({ data }) => {
    if (worker === started) send(data);
  };
  started.onerror = ({ message }) => send({ kind: 'unusable', error: message ?? 'the worker could not be started' });
}

function stop(): void {
  worker?.terminate();
  worker = null;
}

connect();
