/** One timed submission: its time by the device's clock, and by the wall clock from submission to mapped result. */
export interface ClockReading {
  /** End minus begin of the pass in device ticks, which WebGPU says are nanoseconds. */
  readonly deviceNs: number;
  readonly wallNs: number;
}

/** A device clock may tick this much faster than the wall clock before we call its unit wrong. */
const rateTolerance = 1.1;
/** Wall time beyond the pass itself that submission and mapping may take. */
const overheadNs = 200_000;
/**
 * The device's clock does not count nanoseconds where every pass took this many times as long by the wall clock, and this many of them were
 * long in themselves: a machine may stop this process for a tenth of a second in one pass, but a wrong unit shows in all of them.
 */
const slowest = { ratio: 50, wallNs: 100_000_000, passes: 2 };
/** Clock steps coarser than this fraction of a sample make a median of samples worthless. */
const coarsest = 0.2;
/** Ticks below this are never called coarse: nothing that we time needs a finer clock. */
const fineTickNs = 1_000;

/**
 * Whether the readings of passes can be trusted as times: positive, not longer than by the wall clock, not absurdly shorter,
 * and not in steps that are coarse compared with the samples (a clock that quantises: Chrome's goes in steps of 65,536 ns).
 */
export function isUsableClock(readings: readonly ClockReading[]): boolean {
  let step = 0;
  const longestNs = Math.max(...readings.map(({ deviceNs }) => deviceNs));
  for (const [at, { deviceNs, wallNs }] of readings.entries()) {
    // The first reading is of a single run, which may be over within one step of a clock that rounds.
    if (!Number.isFinite(deviceNs) || deviceNs < 0 || (deviceNs === 0 && (at > 0 || longestNs === 0))) return false;
    if (deviceNs > wallNs * rateTolerance + overheadNs) return false;
    step = greatestCommonDivisor(step, Math.round(deviceNs));
  }
  const slow = readings.every(({ deviceNs, wallNs }) => wallNs > deviceNs * slowest.ratio);
  if (slow && readings.filter(({ wallNs }) => wallNs > slowest.wallNs).length >= slowest.passes) return false;
  // Too few readings tell nothing of the step: a single one is its own divisor.
  if (readings.length < 3 || step < fineTickNs) return true;
  // Judged by long passes, which samples are: the first runs, by which one learns how long a pass must be, may be much shorter.
  return readings.every(({ deviceNs }) => deviceNs < longestNs / 2 || step <= deviceNs * coarsest);
}

function greatestCommonDivisor(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}
