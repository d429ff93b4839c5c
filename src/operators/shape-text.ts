import { type Refusal, refuse } from '../support/refusal.ts';
import { attribute, largestParameter, optional } from './define.ts';

/** A tensor's shape as a text, for operators that take one of any rank. */
export const shapeAttribute = optional(
  attribute('', 'the shape of X, of 1 to 8 dimensions, e.g. "2,3,5,7,11", instead of naming its dimensions one by one'),
);

const mostDimensions = 8;

function integersOf(text: string): readonly number[] | null {
  const numbers = text.split(',').map((part) => (/^\s*-?\d+\s*$/.test(part) ? Number(part) : Number.NaN));
  return numbers.every(Number.isSafeInteger) ? numbers : null;
}

/** The extents that a text lists; refuses a text that is no shape. */
export function parseShape(text: string): readonly number[] | Refusal {
  const extents = integersOf(text);
  const fits = (extent: number): boolean => extent >= 1 && extent <= largestParameter;
  if (extents?.every(fits) && extents.length <= mostDimensions) return extents;
  return refuse(
    'bad-shape',
    () => `shape="${text}" must be 1 to ${mostDimensions} sizes of at least 1, e.g. shape="2,3,5,7,11"`,
  );
}

/** Dimensions of a tensor of that rank, -1 being the last one; refuses a text that names none, or one twice. */
export function parseDimensions(name: string, text: string, rank: number): readonly number[] | Refusal {
  const dimensions = integersOf(text)?.map((axis) => (axis < 0 ? axis + rank : axis)) ?? [];
  const known = dimensions.length > 0 && dimensions.every((axis) => axis >= 0 && axis < rank);
  if (known && new Set(dimensions).size === dimensions.length) return dimensions;
  return refuse(
    'bad-axes',
    () =>
      `${name}="${text}" must count dimensions of a shape of ${rank}: 0 to ${rank - 1}, or -1 for the last, each once`,
  );
}

/** Refuses parameters that the user gave although the shape says them already. */
export function saidTwice(given: ReadonlySet<string>, names: readonly string[]): Refusal | null {
  const beside = names.find((name) => given.has(name));
  if (beside === undefined) return null;
  return refuse('shape-said-twice', () => `shape says every dimension by itself; leave ${beside} out`);
}
