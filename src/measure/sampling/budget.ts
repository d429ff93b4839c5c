import type { DeviceDescription } from '../../ir/limits.ts';
import type { TimingBudget } from '../runner.ts';

/**
 * Timing budget that is quick yet trustworthy. On a CPU device the clock is fine-grained and one sample of 5 ms already
 * averages many time slices, so a fast kernel costs about a tenth of a second; a GPU needs more samples, not longer ones,
 * because its clock frequency wanders.
 */
export function defaultBudget(type: DeviceDescription['type'], coldCaches = false): TimingBudget {
  const budget = warmBudget(type);
  // Before each sample the caches are swept, which may take longer than the sample.
  return coldCaches ? { ...budget, maxTotalMs: 8 * budget.maxTotalMs } : budget;
}

/**
 * For two kernels that are timed in turn many times over: the shorter a sample, the fewer of them another process comes into, and the median of many
 * ratios asks for undisturbed samples rather than for exact ones.
 */
export function budgetInTurn(type: DeviceDescription['type'], coldCaches = false): TimingBudget {
  const budget = defaultBudget(type, coldCaches);
  return { ...budget, minSampleMs: Math.min(budget.minSampleMs, 1.5) };
}

function warmBudget(type: DeviceDescription['type']): TimingBudget {
  return type === 'cpu'
    ? {
        buildTimeoutMs: 20_000,
        runTimeoutMs: 10_000,
        minSampleMs: 5,
        minSamples: 5,
        maxSamples: 25,
        maxTotalMs: 600,
        targetSpread: 0.02,
        warmUpMs: 5,
        extraSamples: 40,
        extraMs: 2_000,
      }
    : {
        buildTimeoutMs: 20_000,
        runTimeoutMs: 5_000,
        minSampleMs: 2,
        minSamples: 7,
        maxSamples: 40,
        maxTotalMs: 400,
        targetSpread: 0.01,
        warmUpMs: 20,
        extraSamples: 60,
        extraMs: 1_000,
      };
}
