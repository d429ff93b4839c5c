import { forkBeside } from '../../src/device/child.ts';

const environment = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
);
const child = forkBeside(import.meta.url, 'blocked-child', environment);
child.process.once('message', () => process.send?.(child.process.pid));
