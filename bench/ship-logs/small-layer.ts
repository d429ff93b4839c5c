import { flopsOf, minimumBytes } from '../../src/operators/flops.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import type { Workload } from '../../src/operators/workload.ts';
import { UserError } from '../../src/support/errors.ts';
import { programOf } from '../../src/tuner/build.ts';
import { type ModelLayer, workloadOf } from '../models/workloads.ts';

/** About a hundredth of a second for a naive kernel on SwiftShader. */
const mostFlops = 4e6;
const mostBytes = 1 << 18;

/** Sizes that make the operator what it is, such as a window's; they are not made smaller. */
const kept: ReadonlySet<string> = new Set([
  ...['kh', 'kw', 'stride', 'pad', 'output_pad', 'dilation', 'bits', 'block', 'groups', 'bias', 'causal'],
  ...['transpose_a', 'transpose_b'],
]);

/**
 * The layer with its sizes halved, the largest first, until a slow device runs the naive schedule in some hundredths of a second. A size that the
 * operator would refuse is left as it is.
 */
export function smallWorkloadOf(layer: ModelLayer): Workload {
  let workload = workloadOf(layer);
  while (isLarge(workload)) {
    const smaller = halved(workload);
    if (smaller === null) break;
    workload = smaller;
  }
  return workload;
}

function isLarge(workload: Workload): boolean {
  const program = programOf(workload);
  return flopsOf(program) > mostFlops || minimumBytes(program) > mostBytes;
}

/** The workload with the largest size halved that can be; null where none can. */
function halved({ operator, params, attributes, dtype }: Workload): Workload | null {
  const sizes = Object.entries(params)
    .filter(([name, size]) => !kept.has(name) && size > 1)
    .sort(([, a], [, b]) => b - a);
  for (const [name, size] of sizes) {
    try {
      const shape = { ...params, [name]: Math.ceil(size / 2) };
      return makeWorkload(operator, { shape, attributes, dtype, recorded: true });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
  return null;
}
