import { describe, expect, it } from 'vitest';
import { listOperators } from '../../src/operators/catalog.ts';
import { wgtune } from './wgtune.ts';

describe.concurrent('lists', () => {
  it('ops --json is every operator with its parameters', async () => {
    const { code, stdout } = await wgtune(['ops', '--json']);
    expect(code).toBe(0);
    const operators = JSON.parse(stdout) as { name: string; parameters: Record<string, { default: number }> }[];
    expect(operators.map(({ name }) => name)).toEqual(listOperators().map(({ name }) => name));
    expect(operators[0]?.parameters).toEqual(listOperators()[0]?.parameters);
  });

  it('ops with a name shows its parameters', async () => {
    const { code, stdout } = await wgtune(['ops', 'conv2d']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^dilation +1 /m);
    expect(stdout).toMatch(/^ {2}wgtune tune conv2d -s n=1,c=16/m);
  });

  it('devices --json has SwiftShader, and one default', async () => {
    const { code, stdout } = await wgtune(['devices', '--json']);
    expect(code).toBe(0);
    const { devices } = JSON.parse(stdout) as { devices: { name: string; default: boolean; limits: object }[] };
    expect(devices.map(({ name }) => name)).toContain('swiftshader');
    expect(devices.map((device) => device.default)).toEqual(devices.map((_, index) => index === 0));
    expect(devices[0]?.limits).toHaveProperty('maxComputeInvocationsPerWorkgroup');
  });

  it('devices is a table with the default marked', async () => {
    const { code, stdout } = await wgtune(['devices']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\* +\S+ +(cpu|gpu) /m);
    expect(stdout).toMatch(/^[* ] +swiftshader +cpu +google\/swiftshader +256 +32 KiB +no +4 +yes/m);
  });
});
