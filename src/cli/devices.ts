import type { Command } from 'commander';
import { exitCode, UserError } from '../support/errors.ts';
import type { DeviceFlags } from './kernel-options.ts';
import { oneOf } from './option-values.ts';
import { print, printJson } from './output.ts';

type DevicesFlags = Pick<DeviceFlags, 'profile'> & { readonly json?: boolean };

export function addDevicesCommand(program: Command): void {
  program
    .command('devices')
    .summary('list the devices kernels can be tuned on')
    .description(
      'Lists every WebGPU device of this machine, best first: GPUs, then lavapipe (a fast software device), then SwiftShader, which comes with wgtune and is always there. Tells the limits and features that matter for kernels, and why a driver that is present was refused.',
    )
    .option(
      '--profile <name>',
      'browser: bounds checks as browsers have them; native: without',
      oneOf('--profile', ['browser', 'native']),
      'browser',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  wgtune devices
  wgtune devices --json
  wgtune tune matmul --device swiftshader`,
    )
    .action(async ({ profile, json }: DevicesFlags) => {
      const { listDevices } = await import('../device/devices.ts');
      const list = await listDevices(profile);
      if (json) {
        const devices = list.devices.map(({ description }, index) => ({ ...description, default: index === 0 }));
        printJson({ devices, variants: list.variants, refused: list.refused });
      } else {
        const { formatDeviceList } = await import('../report/device-list.ts');
        const { coloursFor } = await import('../report/terminal.ts');
        print(formatDeviceList(list, coloursFor(process.stdout)));
      }
      if (list.devices.length === 0)
        throw new UserError(
          'no WebGPU device can be used here; README.md, "Faster devices", says how to get one',
          exitCode.noDevice,
        );
    });
}
