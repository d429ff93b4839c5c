import { type DeviceDescription, defaultLimits } from '../../src/ir/limits.ts';
import type { Workload } from '../../src/operators/workload.ts';
import type { TuningRecord } from '../../src/records/record.ts';

export const matmul: Workload = {
  operator: 'matmul',
  params: { m: 128, n: 128, k: 128 },
  attributes: {},
  dtype: 'f32',
};

export function makeDevice(changes: Partial<DeviceDescription> = {}): DeviceDescription {
  return {
    name: 'lavapipe',
    vendor: 'mesa',
    architecture: 'llvmpipe',
    device: 'llvmpipe',
    description: 'llvmpipe (LLVM 19.1.7, 256 bits)',
    backend: 'vulkan',
    driver: 'Mesa 25.0.7',
    type: 'cpu',
    dawnVersion: '0.6.2',
    profile: 'browser',
    toggles: ['timestamp_quantization=off'],
    features: ['timestamp-query'],
    limits: defaultLimits,
    environment: { LP_NUM_THREADS: '2' },
    ...changes,
  };
}

export function makeRecord(changes: Partial<TuningRecord> = {}): TuningRecord {
  return {
    version: 2,
    id: '20261120-101530-matmul-lavapipe-1f0c2a.0',
    run: '20261120-101530-matmul-lavapipe-1f0c2a',
    trial: 0,
    startedAt: '2026-11-20T10:15:30.123Z',
    durationMs: 812.5,
    phasesMs: { build: 400, verify: 12, time: 390, total: 805 },
    tool: { version: '0.1.0', node: '20.20.0', platform: 'linux', arch: 'x64' },
    workload: matmul,
    device: makeDevice(),
    origin: 'search',
    search: { name: 'beam', model: 'xgboost', round: 3, score: 0.25 },
    seed: 1,
    sketch: 'tiled',
    decisions: { 'tile.m': 16, 'tile.n': 32, cacheA: 'workgroup' },
    trace: {
      version: 1,
      steps: [
        { primitive: 'split', args: { loop: 'i', factors: [8, 16] } },
        { primitive: 'bind', args: { loop: 'i.0', axis: 'workgroup_id.x' } },
      ],
    },
    kernelHash: '0123456789abcdef',
    outcome: 'ok',
    error: '',
    refusal: null,
    samplesNs: [10_500, 10_000, 11_000],
    medianNs: 10_500,
    clock: 'timestamp',
    stoppedEarly: false,
    verification: { checked: 16_384, wrong: 0, maxError: 0 },
    refutes: null,
    peaks: null,
    relative: null,
    references: null,
    race: null,
    ...changes,
  };
}

/** The record of a trial that ended badly. */
export function failedRecord(outcome: TuningRecord['outcome'], error: string): TuningRecord {
  return makeRecord({ outcome, error, samplesNs: [], medianNs: null, clock: null, verification: null });
}
