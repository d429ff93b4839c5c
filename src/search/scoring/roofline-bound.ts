import type { TimeBound } from '../../space/roofline.ts';
import type { History } from '../history.ts';
import type { SearchSpace } from '../strategy.ts';

/**
 * Whether no completion of a sketch's prefix can beat the fastest candidate measured, as far as bounds are known. A bound that the fastest
 * candidate itself has beaten is wrong (its peaks were measured while something held the device back): from then on nothing is too slow.
 */
export function createRooflineBound(
  space: SearchSpace,
  history: History,
): (sketch: number, prefix: Float64Array) => boolean {
  const bounds: (TimeBound | null)[] = [];
  const boundOf = (sketch: number): TimeBound | null => {
    bounds[sketch] ??= space.sketches[sketch]?.createBound?.() ?? null;
    return bounds[sketch] as TimeBound | null;
  };
  let trusted = true;
  let checkedNs: number | null = null;
  return (sketch, prefix) => {
    const { bestNs } = history;
    const bound = boundOf(sketch);
    if (bestNs === null || bound === null || !trusted) return false;
    if (bestNs !== checkedNs) {
      checkedNs = bestNs;
      const [fastest] = history.fastest(1);
      if (fastest !== undefined)
        trusted = (boundOf(fastest.sketch)?.(Float64Array.from(fastest.values)) ?? 0) <= bestNs;
    }
    return trusted && bound(prefix) > bestNs;
  };
}
