import { expect, test } from 'vitest';
import { matrixFeature, matrixSyntaxOf, subgroupMatrixOf } from '../../src/device/subgroup-matrix.ts';

/** A device whose compiler accepts texts that contain one of these words. */
function deviceThatReads(words: readonly string[], listed: readonly object[], features = [matrixFeature]): GPUDevice {
  let failed = false;
  const device = {
    features: new Set(features),
    adapterInfo: { subgroupMatrixConfigs: listed },
    pushErrorScope: () => {},
    popErrorScope: () => Promise.resolve(null),
    createShaderModule: ({ code }: { readonly code: string }) => {
      failed = !words.some((word) => code.includes(word));
      const messages = failed ? [{ type: 'error', message: 'no' }] : [{ type: 'warning', message: 'deprecated' }];
      return { getCompilationInfo: () => Promise.resolve({ messages }) };
    },
  };
  return device as unknown as GPUDevice;
}

const config = { componentType: 'f16', resultComponentType: 'f32', M: 16, N: 16, K: 16 };
const small = { componentType: 'i8', resultComponentType: 'i32', M: 16, N: 16, K: 32 };

test.each([
  ['both', ['row_major', 'false'], 'template'],
  ['the newer', ['row_major'], 'template'],
  ['the older', ['false'], 'argument'],
  ['neither', [], null],
])('the syntax is found of a compiler that takes %s', async (_, words, expected) => {
  expect(await matrixSyntaxOf(deviceThatReads(words, []))).toBe(expected);
});

test('a device offers only products of types that kernels compute with', async () => {
  expect(await subgroupMatrixOf(deviceThatReads(['false'], [small, config]))).toEqual({
    orderAs: 'argument',
    configs: [{ component: 'f16', result: 'f32', m: 16, n: 16, k: 16 }],
  });
});

test.each([
  ['the feature', deviceThatReads(['row_major'], [config], [])],
  ['products it could use', deviceThatReads(['row_major'], [small])],
  ['a syntax we know', deviceThatReads([], [config])],
])('a device offers no products without %s', async (_, device) => {
  expect(await subgroupMatrixOf(device)).toBeNull();
});
