import type { Program } from '../ir/nodes.ts';
import { type Peaks, rooflineNs } from '../ir/roofline.ts';
import { blocksOf, readsOf } from '../ir/visit.ts';
import { flopsOf, minimumBytes } from '../operators/flops.ts';
import { margin } from './peaks.ts';

/** A scalar load costs as much as the vector load with which the peak was measured. */
const bytesOfLoad = 16;

/** How long one run of a program will take, in nanoseconds, judged only by the measured peaks of the device. */
export interface TimeExpectation {
  /** At the peak rates: no kernel is faster. */
  readonly leastNs: number;
  /** Of the naive schedule, which loads every operand of every operation; at the measured rates, so it is more likely to take longer. */
  readonly naiveNs: number;
}

/** The roofline, once over distinct bytes and once over all loads. */
export function expectTimes(program: Program, peaks: Peaks): TimeExpectation {
  const loaded = blocksOf(program).reduce((sum, block) => {
    const instances = block.iters.reduce((all, { extent }) => all * extent, 1);
    return sum + instances * readsOf(block).length * bytesOfLoad;
  }, 0);
  const flops = flopsOf(program);
  return {
    leastNs: rooflineNs(flops, minimumBytes(program), peaks),
    naiveNs: margin * rooflineNs(flops, loaded, peaks),
  };
}
