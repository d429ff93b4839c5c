/** One timed submission: what the device's clock said and how long it took on the wall, submit to mapped result. */
export interface ClockReading {
  /** End minus begin of the pass in device ticks, which WebGPU says are nanoseconds. */
  readonly deviceNs: number;
  readonly wallNs: number;
}

/** A device clock may tick this much faster than the wall's before we call its unit wrong. */
const rateTolerance = 1.1;
/** Wall time beyond the pass itself that submission and mapping may take. */
const overheadNs = 200_000;
/**
 * Passes this much longer on the wall than on the device were not timed in nanoseconds, if so many of them were long in themselves and none
 * says otherwise: a machine may stop this process for a tenth of a second in one pass, a wrong unit is in all of them.
 */
const slowest = { ratio: 50, wallNs: 100_000_000, passes: 2 };
/** Steps coarser than this fraction of a sample make a median of samples worthless. */
const coarsest = 0.2;
/** Below this, ticks are never called coarse: no clock we use them for needs better. */
const fineTickNs = 1_000;

/**
 * Whether the readings of passes can be trusted as times: positive, not longer than the wall saw, not absurdly shorter, and
 * not in steps that are coarse against the samples themselves (a clock that quantises).
 */
export function isUsableClock(readings: readonly ClockReading[]): boolean {
  let step = 0;
  for (const { deviceNs, wallNs } of readings) {
    if (!Number.isFinite(deviceNs) || deviceNs <= 0) return false;
    if (deviceNs > wallNs * rateTolerance + overheadNs) return false;
    step = greatestCommonDivisor(step, Math.round(deviceNs));
  }
  const slow = readings.every(({ deviceNs, wallNs }) => wallNs > deviceNs * slowest.ratio);
  if (slow && readings.filter(({ wallNs }) => wallNs > slowest.wallNs).length >= slowest.passes) return false;
  // One reading alone is its own divisor and tells nothing of the step.
  if (readings.length < 3 || step < fineTickNs) return true;
  return readings.every(({ deviceNs }) => step <= deviceNs * coarsest);
}

function greatestCommonDivisor(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}
