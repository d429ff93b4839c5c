/** NaN where undecided; 1 where there is nothing to decide. */
export function decided(values: Float64Array, first: number, index: number): number {
  return index < 0 ? 1 : (values[first + index] as number);
}

/** The least an undecided factor can become. */
export function atLeastOne(value: number): number {
  return value > 1 ? value : 1;
}
