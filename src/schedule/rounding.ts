import { boundFactor, isExactOnIntegers, winogradMatrices } from '../arithmetic/winograd-matrices.ts';
import type { Program } from '../ir/nodes.ts';
import { isRefusal } from '../support/refusal.ts';
import { findBlock } from './legality/find.ts';
import { windowTaps, winograd } from './primitives/winograd.ts';
import type { Trace } from './trace.ts';

/**
 * How many times as far from the exact results those of a schedule may be as those of plain sums are; null where the schedule adds up the same
 * terms as the plain program, or others that are exact on small integers as well.
 */
export function errorFactorOf(program: Program, { steps }: Trace): number | null {
  const factors = steps.flatMap(({ primitive, args }): number[] => {
    const parsed = primitive === winograd.name ? winograd.args.safeParse(args) : null;
    if (parsed?.success !== true) return [];
    const site = findBlock(program, parsed.data.block);
    if (isRefusal(site)) return [];
    const matrices = winogradMatrices(parsed.data.outputs, windowTaps);
    const terms = site.block.iters.reduce((all, { type, extent }) => (type === 'reduction' ? all * extent : all), 1);
    return isExactOnIntegers(matrices) ? [] : [boundFactor(matrices, terms / windowTaps ** 2)];
  });
  return factors.length === 0 ? null : Math.max(1, ...factors);
}
