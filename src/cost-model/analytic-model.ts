import { featureNames, planSlots } from '../features/extractor.ts';
import { assert } from '../support/errors.ts';
import type { CostModel } from './cost-model.ts';

/** Relative costs, in units of one arithmetic operation of one invocation. Rough on purpose: they rank, they do not predict. */
interface Costs {
  /** A load from storage at an address of its own, the same address for all neighbours, and from workgroup memory. */
  readonly load: number;
  readonly uniformLoad: number;
  readonly workgroupLoad: number;
  readonly workgroupStore: number;
  /** A barrier, paid by every invocation, and starting a workgroup or a kernel. */
  readonly barrier: number;
  readonly workgroup: number;
  readonly kernel: number;
  readonly iteration: number;
  /** Invocations that run in step, and invocations that keep the device busy. */
  readonly lanes: number;
  readonly busy: number;
  /** Registers an invocation may hold before they spill or crowd others out. */
  readonly registers: number;
}

// A software device loads lane by lane unless the address is the same for all, and switches stacks at a barrier.
const cpu: Costs = {
  load: 2,
  uniformLoad: 0.3,
  workgroupLoad: 2.2,
  workgroupStore: 2,
  barrier: 12,
  workgroup: 150,
  kernel: 20_000,
  iteration: 3,
  lanes: 8,
  busy: 16,
  registers: 96,
};
const gpu: Costs = {
  load: 8,
  uniformLoad: 2,
  workgroupLoad: 1,
  workgroupStore: 1,
  barrier: 20,
  workgroup: 200,
  kernel: 100_000,
  iteration: 3,
  lanes: 32,
  busy: 65_536,
  registers: 128,
};

/**
 * A model from first principles for the time before there is data: instructions by kind, idle lanes, wave quantisation, register
 * pressure. Reads finished programs; of an unfinished one it judges what is decided, as if the rest cost nothing.
 * The score is minus the log2 of the cost.
 */
export function createAnalyticModel(type: 'cpu' | 'gpu'): CostModel {
  const costs = type === 'cpu' ? cpu : gpu;
  const slots = Array.from({ length: planSlots }, (_, slot) => columnsOf(slot));
  const kernels = featureNames.indexOf('kernels');
  return {
    name: 'analytic',
    trained: false,
    score: (rows, count, columns, into) => {
      for (let row = 0; row < count; row++) {
        const offset = row * columns;
        let cost = (rows[offset + kernels] as number) * costs.kernel;
        for (const slot of slots) cost += kernelCost(rows, offset, slot, costs);
        into[row] = -Math.log2(cost);
      }
    },
    fit: () => {},
  };
}

type Columns = { readonly [name in (typeof wanted)[number]]: number };
const wanted = [
  'log2(1+workgroups)',
  'log2(1+invocations)',
  'log2(1+flops)',
  'useful',
  'log2(1+storageReadBytes)',
  'log2(1+storageUniformBytes)',
  'log2(1+storageWriteBytes)',
  'log2(1+workgroupReadBytes)',
  'log2(1+workgroupWriteBytes)',
  'log2(1+barriers)',
  'log2(1+iterations)',
  'log2(1+registers)',
  'idle',
  'log2(1+lanesX)',
] as const;

function columnsOf(slot: number): Columns {
  const entries = wanted.map((name) => {
    const index = featureNames.indexOf(`kernel ${slot}: ${name}`);
    assert(index >= 0, () => `the analytic model reads the feature "${name}", which is not there`);
    return [name, index] as const;
  });
  return Object.fromEntries(entries) as Columns;
}

function kernelCost(rows: Float32Array, offset: number, at: Columns, costs: Costs): number {
  const flops = power(rows, offset + at['log2(1+flops)'], 0);
  if (flops === 0) return 0;
  const workgroups = power(rows, offset + at['log2(1+workgroups)'], 1);
  const invocations = power(rows, offset + at['log2(1+invocations)'], costs.lanes);
  const useful = Math.max(1e-3, known(rows[offset + at.useful] as number, 1));
  const elements = (bytes: number): number => bytes / 4;
  const uniform = elements(power(rows, offset + at['log2(1+storageUniformBytes)'], 0));
  const reads = Math.max(0, elements(power(rows, offset + at['log2(1+storageReadBytes)'], 0)) - uniform);
  const threads = workgroups * invocations;
  let work = flops / useful / 2;
  work += reads * costs.load + uniform * costs.uniformLoad;
  work += elements(power(rows, offset + at['log2(1+storageWriteBytes)'], 0)) * costs.load;
  work += elements(power(rows, offset + at['log2(1+workgroupReadBytes)'], 0)) * costs.workgroupLoad;
  work += elements(power(rows, offset + at['log2(1+workgroupWriteBytes)'], 0)) * costs.workgroupStore;
  work += threads * power(rows, offset + at['log2(1+barriers)'], 0) * costs.barrier;
  work += threads * power(rows, offset + at['log2(1+iterations)'], 0) * costs.iteration;
  work += workgroups * costs.workgroup;
  const registers = power(rows, offset + at['log2(1+registers)'], 0);
  if (registers > costs.registers) work *= registers / costs.registers;
  const laneUse = invocations / (Math.ceil(invocations / costs.lanes) * costs.lanes);
  const busy = Math.min(1, threads / costs.busy);
  return work / (laneUse * Math.max(busy, 1 / costs.busy));
}

function known(value: number, missing: number): number {
  return Number.isNaN(value) ? missing : value;
}

/** What a column of logarithms says was counted. */
function power(rows: Float32Array, column: number, missing: number): number {
  return known(2 ** (rows[column] as number) - 1, missing);
}
