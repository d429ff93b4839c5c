import { listAdapters, loadDawn } from '../../src/device/dawn.ts';
import { dieWithParent } from '../../src/device/watchdog.ts';
import { endOfKernel, type OutputRequest } from './dawn-output.ts';

dieWithParent();

process.once('message', (message) => {
  void compile(message as OutputRequest).then(() => process.exit(0));
});

/** Compiles kernels one after the other on a device that prints what Dawn makes of them, with robustness as in browsers. */
async function compile({ driver, kernels }: OutputRequest): Promise<void> {
  const create = await loadDawn(driver);
  const [adapter] = await listAdapters(create);
  if (adapter === undefined) throw new Error('the driver has no adapter');
  const gpu = create([`backend=${adapter.backend}`, `adapter=${adapter.name}`, 'enable-dawn-features=dump_shaders']);
  // Dawn's instance must outlive its devices.
  Object.assign(globalThis, { gpu });
  const device = await (await gpu.requestAdapter())?.requestDevice();
  if (device === undefined) throw new Error('Dawn gave no device');
  for (const code of kernels) {
    const module = device.createShaderModule({ code });
    await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } });
    await new Promise((resolve) => process.stdout.write(`${endOfKernel}\n`, resolve));
  }
}
