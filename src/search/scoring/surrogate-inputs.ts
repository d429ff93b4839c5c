import type { InputDimension } from '../../cost-model/gaussian/level-kernel.ts';
import type { Candidate, SearchDecision, SearchSpace } from '../strategy.ts';

/** Products of two decisions are inputs of their own while there are no more inputs than this: each one has to be learned. */
const mostInputs = 24;

/** The decisions of all sketches as input dimensions of a surrogate, and every candidate as levels of them. */
export interface SurrogateInputs {
  readonly dimensions: readonly InputDimension[];
  levelsOf(candidate: Pick<Candidate, 'sketch' | 'values'>): Int32Array;
}

/** Which inputs that follow from decisions there are; each kind is there by default. */
interface DerivedInputs {
  readonly products?: boolean;
  readonly powers?: boolean;
}

interface OpenInput {
  readonly name: string;
  readonly levels: number;
  readonly coordinates: Float64Array;
  readonly derived: boolean;
  /** Level of a candidate; `levels - 1` where its sketch does not have the decision, if some sketch does not. */
  readonly levelOf: (candidate: Pick<Candidate, 'sketch' | 'values'>) => number;
}

/**
 * Decisions of the same name are one input, whatever sketch they belong to; a sketch without such a decision has a level of its own there.
 * Where there are several sketches, the sketch is an input too. Decisions with one option are left out; derived inputs can be left out.
 */
export function surrogateInputsOf(
  space: SearchSpace,
  { products: withProducts = true, powers = true }: DerivedInputs = {},
): SurrogateInputs {
  const { sketches } = space;
  const open: OpenInput[] = [];
  if (sketches.length > 1) {
    const coordinates = new Float64Array(sketches.length).fill(Number.NaN);
    const levelOf = ({ sketch }: Pick<Candidate, 'sketch'>): number => sketch;
    open.push({ name: 'sketch', levels: sketches.length, coordinates, derived: false, levelOf });
  }
  const names = [...new Set(sketches.flatMap(({ decisions }) => decisions.map(({ name }) => name)))];
  const numbers: {
    readonly name: string;
    readonly options: readonly number[];
    readonly positions: readonly number[];
  }[] = [];
  for (const name of names) {
    const positions = sketches.map(({ decisions }) => decisions.findIndex((decision) => decision.name === name));
    const found = positions.flatMap((at, sketch) => sketches[sketch]?.decisions[at] ?? []);
    const options = [...new Set(found.flatMap((decision) => decision.options))].sort((a, b) => a - b);
    const everywhere = positions.every((at) => at >= 0);
    if (options.length + (everywhere ? 0 : 1) < 2) continue;
    open.push(openInput(name, options, positions, isOrdered(found)));
    if (options.length > 2 && everywhere && isOrdered(found) && (options[0] as number) > 0)
      numbers.push({ name, options, positions });
  }
  if (powers) open.push(...numbers.flatMap((one) => powerInput(one) ?? []));
  const products = numbers.flatMap((one, at) => numbers.slice(at + 1).map((other) => productInput(one, other)));
  if (withProducts && open.length + products.length <= mostInputs) open.push(...products);
  return {
    dimensions: open.map(({ name, levels, coordinates, derived }) => ({ name, levels, coordinates, derived })),
    levelsOf: (candidate) => Int32Array.from(open, ({ levelOf }) => levelOf(candidate)),
  };
}

function isOrdered(decisions: readonly SearchDecision[]): boolean {
  return decisions.every(({ unordered }) => unordered !== true);
}

function openInput(
  name: string,
  options: readonly number[],
  positions: readonly number[],
  ordered: boolean,
): OpenInput {
  const absent = positions.some((at) => at < 0) ? 1 : 0;
  const coordinates = new Float64Array(options.length + absent).fill(Number.NaN);
  if (ordered) coordinates.set(coordinatesOf(options));
  const level = new Map(options.map((option, at) => [option, at]));
  return {
    name,
    levels: coordinates.length,
    coordinates,
    derived: false,
    levelOf: ({ sketch, values }) => {
      const at = positions[sketch] as number;
      return at < 0 ? options.length : (level.get(values[at] as number) as number);
    },
  };
}

interface NumberInput {
  readonly name: string;
  readonly options: readonly number[];
  readonly positions: readonly number[];
}

/** The sizes that are powers of two; null where too few of them are, or all. */
export function powersAmong(options: readonly number[]): ReadonlySet<number> | null {
  const powers = new Set(options.filter((option) => Number.isInteger(Math.log2(option))));
  return options.length < 3 || powers.size < 2 || powers.size === options.length ? null : powers;
}

/**
 * Whether a size is a power of two, where some are: addresses then take shifts instead of divisions, which may count more than the size. A
 * process that knows only nearness and equality would have to learn this of each size by itself.
 */
function powerInput({ name, options, positions }: NumberInput): OpenInput | null {
  const powers = powersAmong(options);
  if (powers === null) return null;
  return {
    name: `${name} is a power of two`,
    levels: 2,
    coordinates: Float64Array.of(0, 1),
    derived: true,
    levelOf: ({ sketch, values }) => (powers.has(values[positions[sketch] as number] as number) ? 1 : 0),
  };
}

function productInput(one: NumberInput, other: NumberInput): OpenInput {
  const all = one.options.flatMap((a) => other.options.map((b) => a * b));
  const products = [...new Set(all)].sort((a, b) => a - b);
  const level = new Map(products.map((product, at) => [product, at]));
  return {
    name: `${one.name} * ${other.name}`,
    levels: products.length,
    coordinates: coordinatesOf(products),
    derived: true,
    levelOf: ({ sketch, values }) =>
      level.get(
        (values[one.positions[sketch] as number] as number) * (values[other.positions[sketch] as number] as number),
      ) as number,
  };
}

/** Sizes lie on a logarithmic axis, on which twice as large is one step everywhere; zero and below have no logarithm. */
function coordinatesOf(options: readonly number[]): Float64Array {
  const scaled = (options[0] as number) > 0 ? options.map(Math.log2) : [...options];
  const low = scaled[0] as number;
  const span = (scaled.at(-1) as number) - low;
  return Float64Array.from(scaled, (value) => (span === 0 ? 0 : (value - low) / span));
}
