import type { TimingBudget } from './runner.ts';

/**
 * Timing budget that is quick yet trustworthy. On a CPU device the clock is fine-grained and one sample of 5 ms already
 * averages many time slices, so a fast kernel costs about a tenth of a second; a GPU needs longer samples' number, not length,
 * because its clock frequency wanders.
 */
export function defaultBudget(type: 'cpu' | 'gpu'): TimingBudget {
  return type === 'cpu'
    ? {
        buildTimeoutMs: 20_000,
        runTimeoutMs: 10_000,
        minSampleMs: 5,
        minSamples: 5,
        maxSamples: 15,
        maxTotalMs: 600,
        targetSpread: 0.04,
      }
    : {
        buildTimeoutMs: 20_000,
        runTimeoutMs: 5_000,
        minSampleMs: 2,
        minSamples: 7,
        maxSamples: 40,
        maxTotalMs: 400,
        targetSpread: 0.01,
      };
}
