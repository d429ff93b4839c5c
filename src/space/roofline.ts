import { rooflineNs, type Throughput } from '../ir/roofline.ts';
import { createEstimator } from './estimator.ts';
import { estimateAt as at, estimateLength } from './kernel-estimate.ts';
import { positionsIn, type Sketch } from './sketch.ts';

/** The most a device can do, measured on it: operations with every lane busy, and bytes read from storage, wherever they are cached. */
export interface Peaks extends Throughput {
  /** Invocations that run in step whether there is work for them or not; 1 where it is not known. */
  readonly lanes: number;
}

/** Nanoseconds that every completion of a prefix (NaN where undecided) takes at least. Owns its scratch memory. */
type TimeBound = (values: Float64Array) => number;

/**
 * The roofline as a bound (Williams and others, 2009): a kernel's useful operations at the device's peak, less the lanes that its workgroup
 * leaves idle, or its distinct bytes at the peak rate, whichever takes longer; kernels one after the other. What is undecided
 * costs nothing, so that the bound only rises along a prefix, and is never above what some completion takes.
 */
export function createTimeBound(sketch: Sketch, peaks: Peaks): TimeBound {
  const { lanes } = peaks;
  const positionOf = positionsIn(sketch);
  const estimators = sketch.tilings.map((tiling) => createEstimator(tiling, positionOf));
  const estimate = new Float64Array(estimateLength);
  const known = (index: number, instead: number): number => {
    const value = estimate[index] as number;
    return Number.isNaN(value) ? instead : value;
  };
  return (values) => {
    let total = 0;
    for (const write of estimators) {
      write(values, estimate);
      const invocations = known(at.invocations, lanes);
      const busy = invocations / (Math.ceil(invocations / lanes) * lanes);
      const bytes = known(at.storageUniqueBytes, 0) + known(at.storageWriteBytes, 0);
      total += rooflineNs(known(at.flops, 0) / busy, bytes, peaks);
    }
    return total;
  };
}
