import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { decodeMessage, encodeMessage } from './wire.ts';

/** A page that has connected back. */
export interface PageLink {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Resolves when the page is gone: closed, reloaded or cut off. */
  readonly gone: Promise<void>;
  close(): void;
}

export interface PageServer {
  /** With the token: who has the address may be the page. */
  readonly url: string;
  readonly port: number;
  /** The page, as soon as there is one. A further page is turned away while one is connected. */
  page(): Promise<PageLink>;
  /** Has done with the page that is connected, so that another may be. */
  drop(): void;
  close(): void;
}

export interface ServedFile {
  readonly type: string;
  readonly body: string | Uint8Array;
}

/** Messages hold a workload's inputs. */
const mostMessageBytes = 2 ** 30;
/** So that clocks of the page are as fine as browsers allow, and that nothing of another origin gets in. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Content-Security-Policy': "default-src 'self' 'unsafe-inline'; connect-src 'self' ws:",
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

/**
 * Serves a page on this machine alone and waits for it to connect back. Every path begins with a random token, so that no other page and no other user can ask; the
 * socket is also asked for its origin. `fileAt` gives what lies at a path behind the token, `''` being the page itself.
 */
export async function servePage(fileAt: (path: string) => ServedFile | null): Promise<PageServer> {
  const token = randomBytes(16).toString('hex');
  const http = createServer((request, response) => answer(request, response, token, fileAt));
  const port = await listen(http);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: mostMessageBytes });
  let current: PageLink | null = null;
  const waiting: ((page: PageLink) => void)[] = [];
  http.on('upgrade', (request, socket, head) => {
    const origins = [`http://localhost:${port}`, `http://127.0.0.1:${port}`];
    if (pathBehind(request.url, token) !== 'socket' || !origins.includes(request.headers.origin ?? '')) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      const link = linkOf(opened);
      if (current !== null) {
        link.send({ kind: 'refused', why: 'another tab is the device already' });
        link.close();
        return;
      }
      current = link;
      void link.gone.then(() => {
        if (current === link) current = null;
      });
      for (const resolve of waiting.splice(0)) resolve(link);
    });
  });
  // The server alone keeps no process alive.
  http.unref();
  return {
    url: `http://localhost:${port}/${token}/`,
    port,
    page: async () => current ?? new Promise((resolve) => waiting.push(resolve)),
    drop: () => {
      current?.close();
      current = null;
    },
    close: () => {
      current?.close();
      sockets.close();
      http.closeAllConnections();
      http.close();
    },
  };
}

function listen(http: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen(0, '127.0.0.1', () => resolve((http.address() as AddressInfo).port));
  });
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  fileAt: (path: string) => ServedFile | null,
): void {
  const path = request.method === 'GET' ? pathBehind(request.url, token) : null;
  const file = path === null ? null : fileAt(path);
  if (file === null) {
    response.writeHead(404, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, 'Content-Type': file.type }).end(file.body);
}

/** What follows the token; null where the token is another. */
function pathBehind(url: string | undefined, token: string): string | null {
  const [, given = '', path = ''] = /^\/([0-9a-f]*)\/([\w./@-]*)$/.exec(url ?? '') ?? [];
  const same = given.length === token.length && timingSafeEqual(Buffer.from(given), Buffer.from(token));
  return same ? path : null;
}

function linkOf(socket: WebSocket): PageLink {
  socket.binaryType = 'nodebuffer';
  // What is wrong with a link ends it, and `close` follows.
  socket.on('error', () => {});
  return {
    send: (message) => {
      if (socket.readyState === socket.OPEN) socket.send(encodeMessage(message));
    },
    onMessage: (listener) => {
      socket.removeAllListeners('message');
      socket.on('message', (bytes: Buffer) => {
        let message: unknown;
        try {
          message = decodeMessage(bytes);
        } catch {
          socket.close(1003);
          return;
        }
        listener(message);
      });
    },
    gone: new Promise((resolve) => socket.once('close', () => resolve())),
    close: () => socket.close(),
  };
}
