import { type Child, forkBeside } from '../../device/child.ts';
import { type Device, deviceEnvironment } from '../../device/devices.ts';
import { assert } from '../../support/errors.ts';
import type { FromChild, ToChild } from './protocol.ts';

/** How a process ended, by itself or killed by us. */
interface Death {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  /** What native code said last. */
  readonly tail: string;
}

type Event =
  | { readonly kind: 'message'; readonly message: FromChild }
  | { readonly kind: 'death'; readonly death: Death };

/** One measuring or building process, seen as a sender and a stream of events that ends with its death. */
export interface DeviceProcess {
  send(message: ToChild): void;
  /** Resolves when there is an event that has not been taken yet. */
  arrival(): Promise<void>;
  pending(): boolean;
  /** Takes the oldest event, which must have arrived. */
  take(): Event;
  kill(): void;
}

export function startDeviceProcess(device: Device, program: 'trial-child' | 'build-child'): DeviceProcess {
  const child: Child = forkBeside(import.meta.url, program, deviceEnvironment(device));
  const arrived: Event[] = [];
  let wake: (() => void) | null = null;
  let dead = false;
  const arrive = (event: Event): void => {
    if (dead) return;
    dead = event.kind === 'death';
    arrived.push(event);
    wake?.();
  };
  child.process.on('message', (message) => arrive({ kind: 'message', message: message as FromChild }));
  child.process.on('error', (error) => {
    // A failed send to a dying process is followed by its `close` event, which only a process that never started lacks.
    if (child.process.pid === undefined)
      arrive({ kind: 'death', death: { signal: null, code: null, tail: error.message } });
  });
  // `close` comes after the last output was read, `exit` may come before.
  child.process.on('close', (code, signal) => arrive({ kind: 'death', death: { code, signal, tail: child.tail() } }));
  return {
    send: (message) => {
      if (child.process.connected) child.process.send(message, () => {});
    },
    arrival: () =>
      new Promise<void>((resolve) => {
        if (arrived.length > 0) resolve();
        else wake = resolve;
      }),
    pending: () => arrived.length > 0,
    take: () => {
      const event = arrived[0];
      assert(event !== undefined, 'no event has arrived');
      // A death stays in the list, so that later calls see it too.
      if (event.kind !== 'death') arrived.shift();
      return event;
    },
    kill: () => {
      child.process.kill('SIGKILL');
    },
  };
}

/** `SIGSEGV`, or `exit code 134`, with the last words of the process. */
export function describeDeath({ signal, code, tail }: Death): string {
  const how = signal ?? `exit code ${code}`;
  const said = tail.replace(emptyDispatchWarning, '').trim();
  return said === '' ? how : `${how}; it said last: ${said}`;
}

/** Dawn prints this in every process of ours (see compileByEmptyDispatch), so it explains no death. */
const emptyDispatchWarning =
  /(warning:\s*)?Calling \S+ \([^)]*\)\]\.DispatchWorkgroups with a workgroup count of 0 is unusual\.\s*/g;
