import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Requirements, unmetNeed } from '../../bundle/core.mjs';
import { createKernel, deviceNeedsOf, type Manifest, unsupportedReason } from '../../bundle/load.mjs';
import { defaultLimits } from '../../src/ir/limits.ts';

const nothing: Requirements = {
  requiredFeatures: [],
  requiredLimits: {},
  limits: {
    maxComputeInvocationsPerWorkgroup: 64,
    maxComputeWorkgroupSizeX: 64,
    maxComputeWorkgroupSizeY: 1,
    maxComputeWorkgroupSizeZ: 1,
    maxComputeWorkgroupStorageSize: 0,
    maxComputeWorkgroupsPerDimension: 1,
    maxStorageBufferBindingSize: 4,
    maxBufferSize: 4,
    maxStorageBuffersPerShaderStage: 2,
  },
  subgroups: null,
  subgroupMatrix: null,
};
const manifestWith = (changes: Partial<Requirements>): Manifest => ({
  version: 2,
  title: 'softmax rows=2 cols=8 f32',
  requirements: { ...nothing, ...changes },
  buffers: [],
  kernels: [],
});
const adapter = (info: object = {}, features: readonly string[] = ['subgroups'], limits: object = {}): object => ({
  features: new Set(features),
  limits: { ...defaultLimits, ...limits },
  info,
});
const onSizes = (minSize: number, maxSize: number | null, info: object): string | null =>
  unmetNeed(
    { ...nothing, requiredFeatures: ['subgroups'], subgroups: { minSize, maxSize, laneOrder: 'local-index' } },
    adapter(info) as never,
  );

describe('the loader refuses', () => {
  it.each<[number, number | null, object, string | null]>([
    [8, null, { subgroupMinSize: 8, subgroupMaxSize: 8 }, null],
    [8, null, { subgroupMinSize: 8, subgroupMaxSize: 32 }, null],
    [
      8,
      null,
      { subgroupMinSize: 4, subgroupMaxSize: 4 },
      'it is right for subgroups of at least 8 lanes, and those of this adapter have 4',
    ],
    // A device that has several sizes may choose the smallest.
    [
      8,
      null,
      { subgroupMinSize: 4, subgroupMaxSize: 128 },
      'it is right for subgroups of at least 8 lanes, and those of this adapter have 4 to 128',
    ],
    [8, 8, { subgroupMinSize: 8, subgroupMaxSize: 8 }, null],
    [
      8,
      8,
      { subgroupMinSize: 8, subgroupMaxSize: 32 },
      'it is right for subgroups of exactly 8 lanes, and those of this adapter have 8 to 32',
    ],
    [
      8,
      8,
      { subgroupMinSize: 32, subgroupMaxSize: 32 },
      'it is right for subgroups of exactly 8 lanes, and those of this adapter have 32',
    ],
    [
      1,
      32,
      { subgroupMinSize: 64, subgroupMaxSize: 64 },
      'it is right for subgroups of 1 to 32 lanes, and those of this adapter have 64',
    ],
    [1, 32, { subgroupMinSize: 8, subgroupMaxSize: 32 }, null],
    [8, null, {}, 'it depends on the size of subgroups, and this adapter does not say which sizes it has'],
  ])('subgroups of %j to %j lanes on %j: %j', (least, most, info, reason) => {
    expect(onSizes(least, most, info)).toBe(reason);
  });

  it('an adapter without a feature', () => {
    const reason = unsupportedReason(manifestWith({ requiredFeatures: ['shader-f16'] }), adapter() as never);
    expect(reason).toBe(
      'softmax rows=2 cols=8 f32 cannot run here: it needs the feature shader-f16, which this adapter does not have',
    );
  });

  it('an adapter without a product of matrices', () => {
    const configs = [{ component: 'f16', result: 'f32', m: 16, n: 16, k: 16 }];
    const needs = { ...nothing, subgroupMatrix: { orderAs: 'template' as const, configs } };
    const has = { componentType: 'f16', resultComponentType: 'f32', M: 16, N: 16, K: 16 };
    expect(unmetNeed(needs, adapter({ subgroupMatrixConfigs: [has] }) as never)).toBeNull();
    for (const info of [{}, { subgroupMatrixConfigs: [{ ...has, K: 8 }] }])
      expect(unmetNeed(needs, adapter(info) as never)).toBe(
        'it needs subgroup matrices of 16x16x16, f16 into f32, which this adapter does not have',
      );
  });

  it('a device whose limits are below the default, as compatibility mode has them', () => {
    const needs = { ...nothing, limits: { ...nothing.limits, maxComputeInvocationsPerWorkgroup: 256 } };
    expect(unmetNeed(needs, adapter({}, [], { maxComputeInvocationsPerWorkgroup: 128 }) as never)).toBe(
      'it needs 256 invocations a workgroup, and this adapter allows 128',
    );
  });

  it('a manifest of another version, or from before there were versions', () => {
    const of = (version: number | undefined): string | null =>
      unsupportedReason({ ...manifestWith({}), version } as never, adapter() as never);
    expect(of(2)).toBeNull();
    expect(of(1)).toMatch(/^manifest.json is of version 1, and this loader knows 2: export the bundle again/);
    expect(of(undefined)).toMatch(/^manifest.json is of a version before versions/);
  });
});

it('the needs of several bundles are joined for one device', () => {
  const joined = deviceNeedsOf([
    manifestWith({ requiredFeatures: ['subgroups'], requiredLimits: { maxComputeWorkgroupSizeX: 512 } }),
    manifestWith({
      requiredFeatures: ['shader-f16', 'subgroups'],
      requiredLimits: { maxComputeWorkgroupSizeX: 1024, maxBufferSize: 1 << 29 },
    }),
    manifestWith({}),
  ]);
  expect(joined).toEqual({
    requiredFeatures: ['subgroups', 'shader-f16'],
    requiredLimits: { maxComputeWorkgroupSizeX: 1024, maxBufferSize: 1 << 29 },
  });
});

describe('the order of lanes', () => {
  afterEach(() => vi.unstubAllGlobals());

  /** A device with the lanes given, as pairs of lane and size by local index. Everything else that is asked of it does nothing. */
  function deviceWith(pairs: readonly number[]): { readonly device: GPUDevice; readonly asked: () => number } {
    vi.stubGlobal('GPUBufferUsage', { STORAGE: 1, COPY_SRC: 2, COPY_DST: 4, MAP_READ: 8 });
    vi.stubGlobal('GPUMapMode', { READ: 1 });
    let asked = 0;
    const nothingDone = (): unknown => new Proxy(nothingDone, { get: () => nothingDone });
    const device = {
      ...adapter({ subgroupMinSize: 8, subgroupMaxSize: 8 }),
      createBuffer: () => ({
        mapAsync: async () => {
          asked += 1;
        },
        getMappedRange: () => Uint32Array.from(pairs).buffer,
        destroy: nothingDone,
      }),
      createComputePipeline: () => ({ getBindGroupLayout: nothingDone }),
      createShaderModule: nothingDone,
      createBindGroup: nothingDone,
      createCommandEncoder: nothingDone,
      queue: { submit: nothingDone },
    };
    return { device: device as unknown as GPUDevice, asked: () => asked };
  }
  const kernel: Manifest['kernels'][number] = {
    file: 'k.wgsl',
    entryPoint: 'main',
    runsOnce: false,
    workgroupSize: [4, 2, 1],
    dispatch: [1, 1, 1],
    bindings: [],
    usesSubgroups: true,
  };
  const manifest: Manifest = {
    ...manifestWith({ subgroups: { minSize: 8, maxSize: null, laneOrder: 'local-index' } }),
    kernels: [kernel, kernel],
  };
  const inOrder = Array.from({ length: 8 }, (_, i) => [i, 8]).flat();

  it('is asked before a kernel that depends on it is compiled, once per device and workgroup size', async () => {
    const reversed = Array.from({ length: 8 }, (_, i) => [7 - i, 8]).flat();
    const { device } = deviceWith(reversed);
    await expect(createKernel(device, manifest, {})).rejects.toThrow(
      'softmax rows=2 cols=8 f32 cannot run here: it takes lanes of subgroups to follow the local index, and this device orders them otherwise in workgroups of 4 x 2 x 1',
    );
    const good = deviceWith(inOrder);
    await expect(createKernel(good.device, manifest, {})).rejects.toThrow(/k.wgsl is missing; export the bundle again/);
    expect(good.asked()).toBe(1);
  });

  it('is not asked for kernels that do not depend on lanes', async () => {
    const { device, asked } = deviceWith(inOrder);
    const plain = { ...manifestWith({}), kernels: [{ ...kernel, usesSubgroups: false }] };
    await expect(createKernel(device, plain, {})).rejects.toThrow(/is missing/);
    expect(asked()).toBe(0);
  });
});
