/** What building a kernel costs in milliseconds: by itself, per access of its compiled code, and per pair of accesses. */
interface BuildCosts {
  readonly kernel: number;
  readonly access: number;
  readonly pair: number;
}

/**
 * Before any build of the device is known. CPU: fitted to 338 kernels of 14 workloads on lavapipe, whose compiler makes branches of an access, and takes a
 * time that grows with their square (docs/decisions/032-seconds.md). GPU compilers vary; measured builds soon tell.
 */
const prior: Readonly<Record<'cpu' | 'gpu', BuildCosts>> = {
  cpu: { kernel: 29, access: 3.3, pair: 0.092 },
  gpu: { kernel: 15, access: 0.3, pair: 0.001 },
};
/** The prior counts as much as so many builds. */
const priorBuilds = 3;
/** Builds that are remembered: the last ones, because a shared machine changes. */
const remembered = 200;

/** Foresees what candidates take to build, from the accesses of their kernels (`features/compiled-accesses.ts`) and builds of the same device. */
export interface BuildCost {
  /** Milliseconds that building kernels of so many accesses is expected to take. */
  expectedMs(accesses: readonly number[]): number;
  /** Takes in a build and how many milliseconds it took. */
  see(accesses: readonly number[], ms: number): void;
}

/**
 * The prior, scaled by the median of what builds took over what it had said: some were in the driver's cache already, and others met a busy
 * machine. Knows no clock: the same builds seen give the same expectations.
 */
export function createBuildCost(type: 'cpu' | 'gpu'): BuildCost {
  const { kernel, access, pair } = prior[type];
  const before = (accesses: readonly number[]): number =>
    accesses.reduce((sum, count) => sum + kernel + access * count + pair * count * count, 0);
  const ratios: number[] = [];
  let scale = 1;
  return {
    expectedMs: (accesses) => scale * before(accesses),
    see: (accesses, ms) => {
      if (accesses.length === 0 || !(ms > 0)) return;
      ratios.push(ms / before(accesses));
      if (ratios.length > remembered) ratios.shift();
      const sorted = [...ratios, ...Array.from({ length: priorBuilds }, () => 1)].sort((a, b) => a - b);
      scale = sorted[sorted.length >> 1] as number;
    },
  };
}
