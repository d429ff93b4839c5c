/** The value one output element must have, by flat row-major index; in float64, not rounded. */
export type ElementReference = (flatIndex: number) => number;

/** One output element in float64, and how far a kernel with sums in f32 may be from it. Where they are not finite, anything is allowed. */
interface BoundedElement {
  readonly expected: number;
  readonly allowed: number;
}
export type BoundedReference = (flatIndex: number) => BoundedElement;
