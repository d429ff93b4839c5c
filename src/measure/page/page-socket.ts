import { decodeMessage, encodeMessage } from '../../device/browser/wire.ts';

/** The socket by which a page speaks to the process that served it. Runs in pages, whose types Node's do not know. */

interface Socket {
  binaryType: string;
  send(bytes: Uint8Array): void;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: ArrayBuffer }) => void) | null;
  onclose: (() => void) | null;
}

const page = globalThis as unknown as {
  readonly location: { readonly href: string };
  readonly WebSocket: new (url: URL) => Socket;
};

export type Send = (message: unknown) => void;

interface SocketListener {
  readonly onOpen?: (send: Send) => void;
  readonly onMessage: (message: unknown, send: Send) => void;
  readonly onClose: () => void;
}

export function openSocket({ onOpen, onMessage, onClose }: SocketListener): void {
  const url = new URL('socket', page.location.href);
  url.protocol = 'ws:';
  const socket = new page.WebSocket(url);
  socket.binaryType = 'arraybuffer';
  const send: Send = (message) => socket.send(encodeMessage(message));
  socket.onopen = () => onOpen?.(send);
  socket.onmessage = ({ data }) => onMessage(decodeMessage(new Uint8Array(data)), send);
  socket.onclose = onClose;
}
