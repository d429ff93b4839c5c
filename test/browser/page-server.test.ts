import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { type PageServer, servePage } from '../../src/device/browser/page-server.ts';
import { decodeMessage, encodeMessage } from '../../src/device/browser/wire.ts';

let server: PageServer;
afterEach(() => server.close());

const served = async (): Promise<PageServer> => {
  server = await servePage((path) => (path === '' ? { type: 'text/html', body: 'the page' } : null));
  return server;
};
interface Connected {
  readonly socket: WebSocket;
  readonly status: string;
  /** The first message of the server. */
  readonly heard: Promise<unknown>;
}

/** Connects as a page with this origin and token would. */
function connect(url: string, origin: string): Promise<Connected> {
  const socket = new WebSocket(new URL('socket', url.replace('http', 'ws')), { headers: { origin } });
  const heard = new Promise((resolve) => socket.once('message', (data: Buffer) => resolve(decodeMessage(data))));
  return new Promise((resolve) => {
    socket.once('open', () => resolve({ socket, status: 'open', heard }));
    socket.once('error', (error) => resolve({ socket, status: error.message, heard }));
  });
}

describe('the server of a page', () => {
  it('gives nothing without its token', async () => {
    const { url, port } = await served();
    expect(await (await fetch(url)).text()).toBe('the page');
    for (const other of [
      `http://localhost:${port}/`,
      `http://localhost:${port}/${'0'.repeat(32)}/`,
      `${url}../`,
      `${url}x`,
    ])
      expect((await fetch(other)).status).toBe(404);
    expect(url).toMatch(/^http:\/\/localhost:\d+\/[0-9a-f]{32}\/$/);
  });

  it('takes a socket only of its own page, and one page at a time', async () => {
    const { url, port } = await served();
    const origin = `http://localhost:${port}`;
    expect((await connect(url, 'http://evil.example')).status).toMatch(/403/);
    expect((await connect(`${origin}/${'0'.repeat(32)}/`, origin)).status).toMatch(/403/);
    const first = await connect(url, origin);
    expect(first.status).toBe('open');
    const link = await server.page();
    const second = await connect(url, origin);
    expect(await second.heard).toMatchObject({ kind: 'refused' });
    const heard = new Promise((resolve) => link.onMessage(resolve));
    first.socket.send(encodeMessage({ kind: 'hello', bytes: new Uint8Array([5]) }));
    expect(await heard).toEqual({ kind: 'hello', bytes: new Uint8Array([5]) });
    first.socket.close();
    await link.gone;
    // A page that is loaded again takes its place.
    expect((await connect(url, origin)).status).toBe('open');
    expect(await server.page()).not.toBe(link);
  });
});
