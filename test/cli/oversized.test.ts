import { describe, expect, it, vi } from 'vitest';
import { exitCode } from '../../src/support/errors.ts';
import { device } from '../report/fixtures.ts';
import { wgtuneHere } from './wgtune.ts';

/** A device that does not exist, with the limits that every device grants: none of these commands may get as far as running anything. */
vi.mock('../../src/device/devices.ts', () => ({ chooseDevice: async () => ({ description: device('anvil') }) }));

const attention = ['attention', '-s', 'h=16,m=2048,n=2048,d=8,dv=8'];
const operands = Array.from({ length: 22 }, (_, i) => `p${i}`).join(' + ');
const epilogue = ['matmul', '-s', 'm=8,n=8,k=8', '--epilogue', `x + ${operands}`];
const input = ['matmul', '-s', 'm=32,n=64,k=2000000'];
const output = ['matmul', '-s', 'm=8192,n=8192,k=4'];

const scratch =
  /^error: .*products of 1 x 16 x 2048 x 2048 elements takes 268435456 bytes; .* at most 134217728 .*maxStorageBufferBindingSize.*; it fits with h=8 or m=1024 or n=1024; split the work so, or choose another device\n$/;
const bindings =
  /^error: .*binds \d+ storage buffers; .*allows \d+ \(maxStorageBuffersPerShaderStage\); use fewer operands/;

describe.each([['run'], ['show', '--as', 'wgsl'], ['export', '-o', 'nowhere'], ['explain'], ['best'], ['tune']])(
  '%s, asked for what a device cannot hold',
  (command, ...rest) => {
    const told = async (workload: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await wgtuneHere([command, ...workload, ...rest, '--log', 'nowhere']);
      expect(code).toBe(exitCode.usage);
      expect(stdout).toBe('');
      return stderr
        .split('\n')
        .filter((line) => !/^(tuning|device) /.test(line))
        .join('\n');
    };

    it('names the intermediate result, its bytes, the limit, and shapes that fit', async () => {
      expect(await told(attention)).toMatch(scratch);
    });

    it('counts the storage buffers of an epilogue of 22 operands', async () => {
      expect(await told(epilogue)).toMatch(bindings);
    });

    it('names an input and an output that are too large, and shapes that fit', async () => {
      expect(await told(input)).toMatch(
        /^error: A takes 256000000 bytes, .* at most 134217728 .*; it fits with k=500000/,
      );
      expect(await told(output)).toMatch(
        /^error: C takes 268435456 bytes, .* at most 134217728 .*; it fits with m=4096 or n=4096/,
      );
    });
  },
);

describe('the naive schedule, asked for by name', () => {
  it.each([
    ['run', '--naive'],
    ['show', '--naive', '--as', 'wgsl'],
  ])('%s %s says the same', async (command, ...rest) => {
    const { code, stderr } = await wgtuneHere([command, ...attention, ...rest]);
    expect(code).toBe(exitCode.usage);
    expect(stderr).toMatch(scratch);
  });
});
