import { readFileSync } from 'node:fs';
import { type DeviceLimits, defaultLimits, type SubgroupMatrixConfig } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { bind, cacheWrite, computeAt, reorder, split, subgroupMatrix } from '../../src/schedule/steps.ts';
import type { Trace } from '../../src/schedule/trace.ts';
import { scheduleProgram } from '../../src/tuner/build.ts';
import { plain, scheduled } from '../support/schedule.ts';

const file = new URL('../../schedules/matmul-64x64-subgroup-matrix-f16.json', import.meta.url);

/** The hand-made schedule of f16 subgroup matrices on a shape small enough to execute lane by lane. */
export function f16MatrixProgram(shape = 'm=128,n=64,k=64'): Program {
  const { trace } = JSON.parse(readFileSync(file, 'utf8')) as { readonly trace: Trace };
  return scheduleProgram(makeWorkload('matmul', { shape, dtype: 'f16' }), trace);
}

/** Tiles of 8 x 8 x 8: one subgroup per tile, sums in a buffer of their own, operands from storage. */
export function f32MatrixProgram(shape: string, factors: readonly [number, number] = [1, 1]): Program {
  const [down, across] = factors;
  return scheduled(plain('matmul', shape), [
    cacheWrite('matmul', 'workgroup'),
    split('store_C_vi', null, down, 8),
    split('store_C_vj', null, across, 8),
    reorder('store_C_vi_0', 'store_C_vj_0', 'store_C_vi_1', 'store_C_vj_1', 'store_C_vi_2', 'store_C_vj_2'),
    bind('store_C_vb', 'workgroup.z'),
    bind('store_C_vi_0', 'workgroup.y'),
    bind('store_C_vj_0', 'workgroup.x'),
    bind('store_C_vi_1', 'invocation.z'),
    bind('store_C_vj_1', 'invocation.y'),
    subgroupMatrix('store_C_vi_2'),
    computeAt('matmul', 'store_C_vj_0'),
    split('matmul_vi', down, 8),
    split('matmul_vj', across, 8),
    split('matmul_vk', null, 8),
    reorder('matmul_vi_0', 'matmul_vj_0', 'matmul_vk_0', 'matmul_vi_1', 'matmul_vj_1', 'matmul_vk_1'),
    bind('matmul_vi_0', 'invocation.z'),
    bind('matmul_vj_0', 'invocation.y'),
    subgroupMatrix('matmul_vi_1'),
  ]);
}

export const eight: SubgroupMatrixConfig = { component: 'f32', result: 'f32', m: 8, n: 8, k: 8 };
export const sixteen: SubgroupMatrixConfig = { component: 'f16', result: 'f32', m: 16, n: 16, k: 16 };

export function limitsWith(configs: readonly SubgroupMatrixConfig[], size = 8): DeviceLimits {
  return {
    ...defaultLimits,
    maxComputeWorkgroupStorageSize: 32768,
    subgroupMinSize: size,
    subgroupMaxSize: size,
    ...(configs.length === 0 ? {} : { subgroupMatrix: { orderAs: 'template' as const, configs } }),
  };
}
