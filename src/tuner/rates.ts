import type { Program } from '../ir/nodes.ts';
import { checkedProgram } from '../operators/checked-program.ts';
import { flopsOf, minimumBytes } from '../operators/flops.ts';
import { type Workload, workloadKey } from '../operators/workload.ts';
import { isRefusal } from '../support/refusal.ts';

/** What a kernel does in a second: floating-point operations, and bytes of inputs and outputs, each once. */
export interface Rates {
  readonly flopsPerSecond: number;
  readonly bytesPerSecond: number;
}

/** The rates where there is no time. */
export const noRates = { flopsPerSecond: null, bytesPerSecond: null } as const;

/** The rates of a kernel for this program that takes `timeNs`. */
export function ratesOf(program: Program, timeNs: number): Rates {
  return {
    flopsPerSecond: (flopsOf(program) / timeNs) * 1e9,
    bytesPerSecond: (minimumBytes(program) / timeNs) * 1e9,
  };
}

/** Tells the rates of records; null for a workload whose operator is not known here. Each workload's program is built once. */
export function createRates(): (workload: Workload, timeNs: number) => Rates | null {
  const rates = new Map<string, Rates | null>();
  return (workload, timeNs) => {
    const key = workloadKey(workload);
    let ofSecond = rates.get(key);
    if (ofSecond === undefined) {
      const program = checkedProgram(workload);
      ofSecond = isRefusal(program) ? null : ratesOf(program, 1e9);
      rates.set(key, ofSecond);
    }
    if (ofSecond === null) return null;
    const seconds = timeNs / 1e9;
    return { flopsPerSecond: ofSecond.flopsPerSecond / seconds, bytesPerSecond: ofSecond.bytesPerSecond / seconds };
  };
}
