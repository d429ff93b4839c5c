/** Places for numbers that are remembered; each set of values has one place, where it takes that of another. */
const places = 128;

/** The numbers of one kernel for the values it was asked of lately. */
interface Recent {
  /** Goes to the place of these values; false where their numbers have to be written there. */
  find(values: Float64Array): boolean;
  /** The row and the terms of that place. */
  readonly row: Float32Array;
  readonly terms: Float64Array;
}

/** `first` and `last`: the values that count, the latter not among them. Allocates nothing once it is made. */
export function createRecent(first: number, last: number, columns: number, terms: number): Recent {
  const count = last - first;
  const held = Array.from({ length: places }, () => ({
    isFilled: false,
    values: new Float64Array(count),
    row: new Float32Array(columns),
    terms: new Float64Array(terms),
  }));
  type Place = (typeof held)[number];
  let now = held[0] as Place;
  return {
    find(values) {
      let hash = 0;
      for (let i = first; i < last; i++) hash = (Math.imul(hash, 31) + (values[i] as number)) | 0;
      now = held[(hash ^ (hash >>> 7) ^ (hash >>> 14)) & (places - 1)] as Place;
      let isHeld = now.isFilled;
      for (let i = 0; i < count && isHeld; i++) isHeld = Object.is(now.values[i], values[first + i]);
      if (isHeld) return true;
      now.isFilled = true;
      for (let i = 0; i < count; i++) now.values[i] = values[first + i] as number;
      return false;
    },
    get row() {
      return now.row;
    },
    get terms() {
      return now.terms;
    },
  };
}
