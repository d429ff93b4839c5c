import { expect, test } from 'vitest';
import { lanesAreInOrder } from '../../bundle/subgroups.mjs';
import { chooseDevice } from '../../src/device/devices.ts';

const pairs = (lanes: readonly (readonly [lane: number, size: number])[]): Uint32Array =>
  Uint32Array.from(lanes.flat());

test.each([
  [
    'lanes that follow the local index',
    [
      [0, 2],
      [1, 2],
      [0, 2],
      [1, 2],
      [0, 2],
    ],
    true,
  ],
  [
    'lanes in another order',
    [
      [1, 2],
      [0, 2],
      [0, 2],
      [1, 2],
    ],
    false,
  ],
  [
    'subgroups of different sizes',
    [
      [0, 2],
      [1, 2],
      [0, 4],
      [1, 4],
    ],
    false,
  ],
  [
    'a size that is no power of two',
    [
      [0, 3],
      [1, 3],
      [2, 3],
    ],
    false,
  ],
  [
    'lanes that take turns',
    [
      [0, 2],
      [0, 2],
      [1, 2],
      [1, 2],
    ],
    false,
  ],
  ['no answer', [[0, 0]], false],
] as const)('%s', (_, lanes, linear) => expect(lanesAreInOrder(pairs(lanes))).toBe(linear));

test('the device that is always there has subgroups in that order', { timeout: 60_000 }, async () => {
  const { description } = await chooseDevice('swiftshader');
  expect(description.features).toContain('subgroups');
  expect(description.limits.subgroupMinSize).toBe(4);
  expect(description.limits.subgroupMaxSize).toBe(4);
});
