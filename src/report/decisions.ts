import type { TunedKernel } from '../tuner/events.ts';
import { wrapWords } from './table.ts';

/** The sketch and what was decided in it: `tiled: tile_i=4 tile_j=8 ...`, in lines that fit beside a column of names. */
export function decisionsText({ sketch, decisions }: Pick<TunedKernel, 'sketch' | 'decisions'>): string {
  if (sketch === null) return 'the naive schedule, or one that comes from no sketch';
  const words = Object.entries(decisions).map(([name, value]) => `${name}=${value}`);
  return wrapWords([`${sketch}:`, ...words], 68);
}
