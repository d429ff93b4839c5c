import { isRefusal, type Refusal, refuse } from '../support/refusal.ts';
import { attribute, dimension, optional } from './define.ts';
import { parseDimensions, parseShape, saidTwice, shapeAttribute } from './shape-text.ts';

/* The parameters of operators that work along one dimension of a tensor of any rank: X[rows,cols,inner] along cols, or a shape and an axis. */

/** Elements between neighbours along the dimension; `done` is what is done to X. */
export const innerParameter = (done: string) =>
  optional(dimension(1, `elements from one of a row to the next: X[rows,cols,inner] is ${done} along cols`));

/** The two texts that say the same of any shape; `doing` is what is done along the axis. */
export function axisAttributes(doing: string) {
  return {
    shape: shapeAttribute,
    axis: optional(attribute('-1', `with shape: the dimension that is ${doing}, -1 the last one`)),
  } as const;
}

interface Lines {
  readonly params?: { readonly rows: number; readonly cols: number; readonly inner: number };
  readonly attributes?: { readonly shape: string; readonly axis: string };
}

/** A shape with an axis written out as rows, cols and inner: the dimensions before the axis become `rows`, those behind it `inner`. */
export function writeOutAxis(
  operator: string,
  { shape, axis }: { readonly shape: string; readonly axis: string },
  given: ReadonlySet<string>,
): Lines | Refusal {
  if (shape.trim() === '') {
    if (!given.has('axis')) return {};
    return refuse(
      'axis-without-shape',
      () => `axis=${axis} counts the dimensions of a shape; give shape too, e.g. shape="8,12,64"`,
    );
  }
  const extents = parseShape(shape);
  if (isRefusal(extents)) return extents;
  const dimensions = parseDimensions('axis', axis, extents.length);
  if (isRefusal(dimensions)) return dimensions;
  const [at = 0, ...more] = dimensions;
  if (more.length > 0) return refuse('bad-axes', () => `axis="${axis}" of ${operator} must be one dimension`);
  const product = (some: readonly number[]): number => some.reduce((all, extent) => all * extent, 1);
  const params = {
    rows: product(extents.slice(0, at)),
    cols: extents[at] as number,
    inner: product(extents.slice(at + 1)),
  };
  return saidTwice(given, ['rows', 'cols', 'inner']) ?? { params, attributes: { shape: '', axis: '-1' } };
}
