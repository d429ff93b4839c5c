import { dieWithParent } from '../../src/device/watchdog.ts';

/** A child whose main thread never again looks at its messages, like one in a hung native call. */
dieWithParent();
process.send?.('blocked');
setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 50);
