import { type CostTermName, costTermNames } from '../features/cost-terms.ts';

/**
 * What each term of a kernel's time costs, relative to an arithmetic operation of one invocation. Rough on purpose: it ranks until measurements
 * say better. Costs of memory beyond its instructions (zero fill, lines that caches miss) start so small that they say nothing before that.
 */
const costs: Readonly<Record<CostTermName, { readonly cpu: number; readonly gpu: number }>> = {
  arithmetic: { cpu: 1, gpu: 1 },
  // A software device loads lane by lane unless the address is the same for all.
  'scattered loads': { cpu: 2, gpu: 8 },
  'contiguous loads': { cpu: 1.5, gpu: 6 },
  'contiguous load instructions': { cpu: 0.5, gpu: 2 },
  'uniform loads': { cpu: 1, gpu: 2 },
  stores: { cpu: 2, gpu: 8 },
  'loads from workgroup memory': { cpu: 2.2, gpu: 1 },
  'stores to workgroup memory': { cpu: 2, gpu: 1 },
  // A software device switches stacks at a barrier.
  'barriers of lane groups': { cpu: 90, gpu: 600 },
  'barriers of workgroups': { cpu: 30, gpu: 30 },
  'iterations of lane groups': { cpu: 24, gpu: 96 },
  'results of lane groups': { cpu: 1, gpu: 4 },
  'lane groups': { cpu: 10, gpu: 10 },
  workgroups: { cpu: 150, gpu: 200 },
  'zero fill': { cpu: 0.05, gpu: 0.01 },
  'bytes past the first cache': { cpu: 0.05, gpu: 0.1 },
  'bytes past the second cache': { cpu: 0.1, gpu: 0.2 },
  'values from other lanes': { cpu: 0.3, gpu: 1 },
  kernels: { cpu: 20_000, gpu: 100_000 },
};

/** The costs on the usual machine of a device type, in the order of the terms. */
export function usualCosts(type: 'cpu' | 'gpu'): Float64Array {
  return Float64Array.from(costTermNames, (name) => costs[name][type]);
}
