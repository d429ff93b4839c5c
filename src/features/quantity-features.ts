import { type QuantityName, quantity, quantityNames, quantityTable } from '../space/quantities.ts';
import type { Family } from './family.ts';

/** Fractions, flags and small counts stay as they are; everything else spans orders of magnitude, and its logarithm makes ratios differences. */
const linear = new Set<QuantityName>([
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
const omitted = new Set<QuantityName>(['dispatchX', 'dispatchY', 'dispatchZ']);

const used = quantityNames.filter((name) => !omitted.has(name));
const sources = Int32Array.from(used, (name) => quantity[name]);
const logarithmic = Uint8Array.from(used, (name) => (linear.has(name) ? 0 : 1));

/** The plan's quantities themselves. */
export const quantityFeatures: Family = {
  name: 'schedule',
  features: used.map((name) => {
    const { unit, doc } = quantityTable[name];
    return linear.has(name) ? { name, unit, doc } : { name: `log2(1+${name})`, unit: `log2(${unit})`, doc };
  }),
  writer: () => (q, _values, _first, out, offset) => {
    for (let f = 0; f < sources.length; f++) {
      const value = q[sources[f] as number] as number;
      out[offset + f] = logarithmic[f] === 1 ? Math.log2(1 + value) : value;
    }
  },
};
