import { startPageWorker } from '../../device/browser/page-device.ts';
import { pageHostOf } from '../../device/browser/page-host.ts';
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
  /** Of a page that was closed, reloaded or cut off, for which no candidate is to blame. */
  readonly isLost?: true;
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
  return device.driver.kind === 'browser' ? startPage(device) : startChild(device, program);
}

function startChild(device: Device, program: 'trial-child' | 'build-child'): DeviceProcess {
  const ownSession = program === 'trial-child';
  const child: Child = forkBeside(import.meta.url, program, deviceEnvironment(device), { ownSession });
  const events = createEvents();
  child.process.on('message', (message) => events.arrive({ kind: 'message', message: message as FromChild }));
  child.process.on('error', (error) => {
    // A failed send to a dying process is followed by its `close` event, which only a process that never started lacks.
    if (child.process.pid === undefined)
      events.arrive({ kind: 'death', death: { signal: null, code: null, tail: error.message } });
  });
  // `close` comes after the last output was read, `exit` may come before.
  child.process.on('close', (code, signal) =>
    events.arrive({ kind: 'death', death: { code, signal, tail: child.tail() } }),
  );
  return {
    ...events,
    send: (message) => {
      if (child.process.connected) child.process.send(message, () => {});
    },
    kill: () => {
      child.process.kill('SIGKILL');
    },
  };
}

/** The same for a worker of a page. Killing it ends its browser, if that was started here: nothing less ends a kernel that hangs. */
function startPage({ driver: { label } }: Device): DeviceProcess {
  const events = createEvents();
  const die = (how: string): void =>
    events.arrive({ kind: 'death', death: { signal: null, code: null, tail: how, isLost: true } });
  const started = startPageWorker(label, {
    onMessage: (message) => events.arrive({ kind: 'message', message: message as FromChild }),
    onGone: die,
  });
  started.catch((error: Error) => die(error.message));
  return {
    ...events,
    send: (message) => void started.then((worker) => worker.send(message)).catch(() => {}),
    kill: () => {
      void started.then((worker) => worker.stop()).catch(() => {});
      die('it was ended');
      pageHostOf(label).endBrowser();
    },
  };
}

/** What has arrived from a process; nothing arrives after its death. */
function createEvents(): Pick<DeviceProcess, 'arrival' | 'pending' | 'take'> & { arrive(event: Event): void } {
  const arrived: Event[] = [];
  let wake: (() => void) | null = null;
  let dead = false;
  return {
    arrive: (event) => {
      if (dead) return;
      dead = event.kind === 'death';
      arrived.push(event);
      wake?.();
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
  };
}

/** `SIGSEGV`, or `exit code 134`, with the last words of the process. */
export function describeDeath({ signal, code, tail, isLost }: Death): string {
  if (isLost) return tail;
  const how = signal ?? `exit code ${code}`;
  const said = tail.replace(emptyDispatchWarning, '').trim();
  return said === '' ? how : `${how}; it said last: ${said}`;
}

/** Dawn prints this in every process of ours (see compileByEmptyDispatch), so it explains no death. */
const emptyDispatchWarning =
  /(warning:\s*)?Calling \S+ \([^)]*\)\]\.DispatchWorkgroups with a workgroup count of 0 is unusual\.\s*/g;
