import { type EstimateName, estimateAt, estimateNames, estimateTable } from '../space/kernel-estimate.ts';
import type { Family } from './family.ts';

/** Fractions, flags and small counts stay as they are; everything else spans orders of magnitude, and its logarithm makes ratios differences. */
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
/** What pruning needs but speed does not follow from directly. */
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
  writer: () => (estimate, _values, out, offset) => {
    for (let f = 0; f < sources.length; f++) {
      const value = estimate[sources[f] as number] as number;
      out[offset + f] = logarithmic[f] === 1 ? Math.log2(1 + value) : value;
    }
  },
};
