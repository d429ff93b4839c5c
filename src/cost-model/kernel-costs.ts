import { type CostTermName, costTermNames } from '../features/cost-terms.ts';

/**
 * What each term of a kernel's time costs, relative to an arithmetic operation of one invocation. It ranks until measurements say better. CPU: fitted to
 * `tuning-logs/samples` (docs/decisions/038-large-spaces.md), but for kernels, whose number hardly varies there. GPU: rough on purpose; costs of
 * memory beyond its instructions (zero fill, lines that caches miss) start so small that they say nothing.
 */
const costs: Readonly<Record<CostTermName, { readonly cpu: number; readonly gpu: number }>> = {
  arithmetic: { cpu: 1, gpu: 1 },
  // A software device computes for all lanes at once and loads lane by lane, whether their addresses are the same or not.
  'scattered loads': { cpu: 7, gpu: 8 },
  'contiguous loads': { cpu: 2.3, gpu: 6 },
  'contiguous load instructions': { cpu: 6.8, gpu: 2 },
  'uniform loads': { cpu: 10, gpu: 2 },
  stores: { cpu: 30, gpu: 8 },
  'loads from workgroup memory': { cpu: 17, gpu: 1 },
  'stores to workgroup memory': { cpu: 4, gpu: 1 },
  // A software device switches stacks at a barrier.
  'barriers of lane groups': { cpu: 600, gpu: 600 },
  'barriers of workgroups': { cpu: 60, gpu: 30 },
  'iterations of lane groups': { cpu: 66, gpu: 96 },
  'results of lane groups': { cpu: 6.4, gpu: 4 },
  'lane groups': { cpu: 50, gpu: 10 },
  workgroups: { cpu: 2000, gpu: 200 },
  'zero fill': { cpu: 0.3, gpu: 0.01 },
  'bytes past the first cache': { cpu: 1.1, gpu: 0.1 },
  'bytes past the second cache': { cpu: 1.1, gpu: 0.2 },
  'values from other lanes': { cpu: 2, gpu: 1 },
  kernels: { cpu: 400_000, gpu: 100_000 },
};

/** The costs on the usual machine of a device type, in the order of the terms. */
export function usualCosts(type: 'cpu' | 'gpu'): Float64Array {
  return Float64Array.from(costTermNames, (name) => costs[name][type]);
}
