import { type EstimateName, estimateAt, estimateNames, estimateTable } from '../space/kernel-estimate.ts';
import type { Family } from './family.ts';

/** Fractions, flags and small counts stay as they are; all other numbers span orders of magnitude, and logarithms make their ratios differences. */
const linear = new Set<EstimateName>([
  'useful',
  'staged',
  'idle',
  'guarded',
  'unrolled',
  'stagedFirst',
  'stagedSecond',
  'rowPadding',
  'doubled',
  'parts',
]);
/** Numbers that pruning needs but from which speed does not follow directly. */
const omitted = new Set<EstimateName>(['dispatchX', 'dispatchY', 'dispatchZ']);

const used = estimateNames.filter((name) => !omitted.has(name));
const sources = Int32Array.from(used, (name) => estimateAt[name]);
const logarithmic = Uint8Array.from(used, (name) => (linear.has(name) ? 0 : 1));

/** The estimate itself. */
export const estimateFeatures: Family = {
  name: 'schedule',
  features: used.map((name) => {
    const { unit, doc } = estimateTable[name];
    return linear.has(name) ? { name, unit, doc } : { name: `log2(1+${name})`, unit: `log2(${unit})`, doc };
  }),
  writer: () => (estimate, out, offset) => {
    for (let f = 0; f < sources.length; f++) {
      const value = estimate[sources[f] as number] as number;
      out[offset + f] = logarithmic[f] === 1 ? Math.log2(1 + value) : value;
    }
  },
};
