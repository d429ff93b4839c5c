import type { Formula, Open } from '../arithmetic/formula.ts';
import type { DeviceLimits } from '../ir/limits.ts';

/** One open choice of a sketch: an open number of its formulas. Values are sizes, widths, and 0 or 1 for no and yes. */
export interface Decision extends Open {
  /** Unique within the sketch, e.g. `matmul.j.registers`. */
  readonly name: string;
  /** One line for people. */
  readonly doc: string;
  /** Ascending, without repeats; the first makes the smallest kernel, which exact pruning assumes while the decision is open. */
  readonly options: readonly number[];
  /** The option that makes the smallest kernel, where it is not the first: a wide vector has fewer addresses. */
  readonly smallest?: number;
  /** The value that schedules had before this decision existed, taken for records that do not name it. */
  readonly before?: number;
}

/** What a rule says of a decision. Without a choice there is no decision: formulas get the only option, or `before`, as a plain number. */
interface DecisionWish {
  readonly name: string;
  readonly doc: string;
  readonly options: readonly number[];
  readonly smallest?: number;
  readonly before?: number;
  /** Whether the decision makes a difference here; true by default. */
  readonly isPresent?: boolean;
}

/** The decisions of one kernel in the order in which they are made. */
export interface DecisionList {
  readonly all: readonly Decision[];
  /** Adds a decision, named after the kernel's block, and returns what stands for it in formulas. */
  readonly decide: (wish: DecisionWish) => Formula;
}

export function createDecisions(block: string): DecisionList {
  const all: Decision[] = [];
  return {
    all,
    decide({ name, isPresent = true, ...wish }) {
      const { options, before } = wish;
      if (options.length < 2 || !isPresent) return before ?? options[0] ?? 1;
      const decision: Decision = { kind: 'open', name: `${block}.${name}`, ...wish };
      all.push(decision);
      return decision;
    },
  };
}

/** The options of a formula that is a decision; a number is its own only option, any other formula has none. */
export function optionsOf(choice: Formula): readonly number[] {
  if (typeof choice === 'number') return [choice];
  return 'options' in choice ? (choice as Decision).options : [];
}

/** Subgroups of more lanes than any device has now would be an option that nobody has tried. */
const widestSubgroup = 64;

/** Lanes that decisions may ask of a subgroup: as many as every subgroup of the device has. */
export const wholeLanes = ({ subgroupMinSize }: DeviceLimits): number => Math.min(widestSubgroup, subgroupMinSize);

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

/** Shortens a long list: powers of two and the extent itself stay, every second one of the others goes until the list is short enough. */
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
