import { fork } from 'node:child_process';
import { chooseDevice, deviceEnvironment } from '../../src/device/devices.ts';
import type { Driver } from '../../src/device/driver.ts';

export interface OutputRequest {
  readonly driver: Driver;
  readonly kernels: readonly string[];
}
/** The line that ends Dawn's output for one kernel. */
export const endOfKernel = '---- end of kernel ----';

/** The SPIR-V, disassembled, that Dawn makes of each kernel's WGSL on SwiftShader, which is always installed. */
export async function dawnOutput(kernels: readonly string[]): Promise<readonly string[]> {
  const device = await chooseDevice('swiftshader');
  const child = fork(new URL('./dawn-output-child.ts', import.meta.url), {
    env: deviceEnvironment(device),
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString('utf8');
  });
  const request: OutputRequest = { driver: device.driver, kernels };
  child.send(request);
  await new Promise((resolve) => child.once('close', resolve));
  const dumps = output.split(endOfKernel).slice(0, -1);
  if (dumps.length !== kernels.length) throw new Error(`Dawn compiled ${dumps.length} of ${kernels.length}: ${errors}`);
  return dumps.map((dump) => dump.slice(dump.indexOf('; SPIR-V')));
}
