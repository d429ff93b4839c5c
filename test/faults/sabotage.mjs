import { existsSync, readFileSync, rmSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/*
 * Preloaded into measuring processes (NODE_OPTIONS) to make them fail at a known moment: the parent puts an order into a file, and the
 * process carries it out just after it announced the stage that the order names. What happens is real: a signal, a lost device, a blocked thread.
 *
 * An order is JSON: `at` is a stage, or `opened` (then it is carried out at every start, until the file is taken away), with
 * `signal` (sent to itself), `hang` (it blocks for ever), `say` (written to stderr before), `lose` (the device is destroyed) or `backwards` (the device's clock
 * runs backwards until the next build).
 */

const file = process.env.WGTUNE_TEST_ORDER;
const measuring = (process.argv[1] ?? '').includes('trial-child');

let device = null;
let backwards = false;

if (file !== undefined && measuring && isMainThread && process.send !== undefined) {
  const send = process.send.bind(process);
  process.send = (message, ...rest) => {
    const sent = send(message, ...rest);
    carryOut(message.kind === 'stage' ? message.stage : message.kind);
    return sent;
  };
  // Dawn's classes become globals when it is loaded.
  whenDefined('GPUAdapter', (prototype) => {
    const { requestDevice } = prototype;
    prototype.requestDevice = async function (...args) {
      device = await requestDevice.apply(this, args);
      return device;
    };
  });
  whenDefined('GPUCommandEncoder', (prototype) => {
    const { beginComputePass } = prototype;
    prototype.beginComputePass = function (descriptor) {
      const writes = descriptor?.timestampWrites;
      if (!backwards || writes === undefined) return beginComputePass.call(this, descriptor);
      const { beginningOfPassWriteIndex: end, endOfPassWriteIndex: begin } = writes;
      const swapped = { ...writes, beginningOfPassWriteIndex: begin, endOfPassWriteIndex: end };
      return beginComputePass.call(this, { ...descriptor, timestampWrites: swapped });
    };
  });
}

function carryOut(moment) {
  if (moment === 'build') backwards = false;
  if (!existsSync(file)) return;
  const order = JSON.parse(readFileSync(file, 'utf8'));
  if (order.at !== moment) return;
  if (moment !== 'opened') rmSync(file);
  if (order.say !== undefined) process.stderr.write(order.say);
  if (order.lose) device.destroy();
  if (order.backwards) backwards = true;
  if (order.hang) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (order.signal !== undefined) process.kill(process.pid, order.signal);
}

function whenDefined(name, patch) {
  Object.defineProperty(globalThis, name, {
    configurable: true,
    set: (value) => {
      Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
      patch(value.prototype);
    },
  });
}
