/** The dimensions, as attributes name them, of tensors that have four dimensions without a meaning of their own. */
export const fourAxes = ['n', 'c', 'h', 'w'] as const;
export type FourAxis = (typeof fourAxes)[number];

function isFourAxis(text: string): text is FourAxis {
  return (fourAxes as readonly string[]).includes(text);
}

/** A list of different dimensions such as `h,w`, in the order of the text; null where the text is no such list. */
export function parseAxes(text: string): readonly FourAxis[] | null {
  const parts = text.split(',').map((part) => part.trim());
  const axes = parts.filter(isFourAxis);
  return axes.length === parts.length && new Set(axes).size === axes.length ? axes : null;
}

/** Row-major strides of a tensor of that shape, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= shape[d] as number;
  }
  return strides;
}
