/** One open choice of a sketch. Values are numbers: sizes, widths, and 0 or 1 for yes and no. */
export interface Decision {
  /** Unique within the sketch, e.g. `matmul.j.registers`. */
  readonly name: string;
  /** One line for people. */
  readonly doc: string;
  /** Ascending, without repeats; the first makes the smallest kernel, which is what exact pruning assumes while undecided. */
  readonly options: readonly number[];
  /** The option that makes the smallest kernel, where it is not the first: a wide vector has fewer addresses. */
  readonly smallest?: number;
  /** What schedules had before there was such a decision: its value in a record that does not know it. */
  readonly before?: number;
}

/** Powers of two up to a cap. */
export function powersOfTwo(cap: number): number[] {
  const powers: number[] = [];
  for (let power = 1; power <= cap; power *= 2) powers.push(power);
  return powers;
}

/** Powers of two that are of use for an extent (at most the next power above it), and its divisors up to the cap. */
export function tileOptions(extent: number, cap: number): number[] {
  const options = new Set<number>();
  for (const power of powersOfTwo(cap)) if (power < extent * 2) options.add(power);
  for (let divisor = 2; divisor <= Math.min(extent, cap); divisor++) if (extent % divisor === 0) options.add(divisor);
  return thinned(
    [...options].sort((a, b) => a - b),
    extent,
  );
}

/** A long list keeps its powers of two and the extent itself, and every other of the rest until it is short enough. */
function thinned(options: readonly number[], extent: number): number[] {
  const isPower = (value: number): boolean => (value & (value - 1)) === 0;
  let kept = [...options];
  while (kept.length > 12) {
    const others = kept.filter((value) => !isPower(value) && value !== extent);
    if (others.length === 0) break;
    const dropped = new Set(others.filter((_, index) => index % 2 === 0));
    kept = kept.filter((value) => !dropped.has(value));
  }
  return kept;
}
