import { quantity, quantityCount } from './quantities.ts';
import type { Sketch } from './sketch.ts';

/** The most a device can do, measured on it: no kernel computes or moves more in a nanosecond. */
export interface Peaks {
  /** Floating-point operations with every lane busy; a fused multiply-add is two. */
  readonly flopsPerNs: number;
  /** Bytes read from storage, wherever they are cached. */
  readonly bytesPerNs: number;
  /** Invocations that run in step whether there is work for them or not; 1 where it is not known. */
  readonly lanes: number;
}

/** Nanoseconds that every completion of a prefix (NaN where undecided) takes at least. Owns its scratch memory. */
export type TimeBound = (values: Float64Array) => number;

/**
 * The roofline as a bound (Williams and others, 2009): a kernel's useful operations at the device's peak, less the lanes that its workgroup
 * leaves idle, or its distinct bytes at the peak rate, whichever takes longer; kernels one after the other. What is undecided
 * costs nothing, so that the bound only rises along a prefix, and is never above what some completion takes.
 */
export function createTimeBound(sketch: Sketch, { flopsPerNs, bytesPerNs, lanes }: Peaks): TimeBound {
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
      const computing = known(quantity.flops, 0) / (flopsPerNs * busy);
      const moving = (known(quantity.storageUniqueBytes, 0) + known(quantity.storageWriteBytes, 0)) / bytesPerNs;
      total += Math.max(computing, moving);
    }
    return total;
  };
}
