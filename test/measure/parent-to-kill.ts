import { chooseDevice } from '../../src/device/devices.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import { endless, vectorAddData } from './kernels.ts';

/** A process that is in the middle of measuring an endless kernel when the test kills it. */
async function main(): Promise<void> {
  const runner = await createDawnRunner({ device: await chooseDevice('swiftshader') });
  await runner.prepare(vectorAddData());
  process.send?.('measuring');
  await runner.measure({ artifact: endless(), bestNs: null });
}

void main();
