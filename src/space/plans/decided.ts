/** NaN where undecided; `fixed` where there is nothing to decide. */
export function decided(values: Float64Array, first: number, index: number, fixed = 1): number {
  return index < 0 ? fixed : (values[first + index] as number);
}

/** The least an undecided factor can become. */
export function atLeastOne(value: number): number {
  return value > 1 ? value : 1;
}
