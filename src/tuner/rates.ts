import { checkedProgram } from '../operators/checked-program.ts';
import { flopsOf, minimumBytes } from '../operators/flops.ts';
import { type Workload, workloadKey } from '../operators/workload.ts';
import { isRefusal } from '../support/refusal.ts';

/** What a kernel does in a second: floating-point operations, and bytes of inputs and outputs, each once. */
export interface Rates {
  readonly flopsPerSecond: number;
  readonly bytesPerSecond: number;
}

/** Tells the rates of records; null for a workload whose operator is not known here. Each workload's program is built once. */
export function createRates(): (workload: Workload, timeNs: number) => Rates | null {
  const work = new Map<string, { readonly flops: number; readonly bytes: number } | null>();
  return (workload, timeNs) => {
    const key = workloadKey(workload);
    let known = work.get(key);
    if (known === undefined) {
      const program = checkedProgram(workload);
      known = isRefusal(program) ? null : { flops: flopsOf(program), bytes: minimumBytes(program) };
      work.set(key, known);
    }
    if (known === null) return null;
    return { flopsPerSecond: (known.flops / timeNs) * 1e9, bytesPerSecond: (known.bytes / timeNs) * 1e9 };
  };
}
