import { rooflineNs, type Throughput } from '../ir/roofline.ts';
import { quantity, quantityCount } from './quantities.ts';
import type { Sketch } from './sketch.ts';

/** The most a device can do, measured on it: operations with every lane busy, and bytes read from storage, wherever they are cached. */
export interface Peaks extends Throughput {
  /** Invocations that run in step whether there is work for them or not; 1 where it is not known. */
  readonly lanes: number;
}

/** Nanoseconds that every completion of a prefix (NaN where undecided) takes at least. Owns its scratch memory. */
export type TimeBound = (values: Float64Array) => number;

/**
 * The roofline as a bound: a kernel's useful operations at the device's peak, less the lanes that its workgroup
 * leaves idle, or its distinct bytes at the peak rate, whichever takes longer; kernels one after the other. What is undecided
 * costs nothing, so that the bound only rises along a prefix, and is never above what some completion takes.
 */
export function createTimeBound(sketch: Sketch, peaks: Peaks): TimeBound {
  const { lanes } = peaks;
  const row = new Float64Array(quantityCount);
  const known = (index: number, instead: number): number => {
    const value = row[index] as number;
    return Number.isNaN(value) ? instead : value;
  };
  return (values) => {
    let total = 0;
    for (let p = 0; p < sketch.plans.length; p++) {
      sketch.plans[p]?.quantities(values, sketch.firsts[p] as number, row, 0);
      const invocations = known(quantity.invocations, lanes);
      const busy = invocations / (Math.ceil(invocations / lanes) * lanes);
      const bytes = known(quantity.storageUniqueBytes, 0) + known(quantity.storageWriteBytes, 0);
      total += rooflineNs(known(quantity.flops, 0) / busy, bytes, peaks);
    }
    return total;
  };
}
