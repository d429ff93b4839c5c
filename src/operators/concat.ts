import { type Refusal, refuse } from '../support/refusal.ts';
import { attribute, defineOperator, dimension, largestParameter } from './define.ts';
import { lt, select, sub } from './expression.ts';
import { exact, integers } from './fill.ts';
import { compute, input, program } from './tensor.ts';

/** Every device grants eight bindings, and the output needs one. */
const mostParts = 7;

function partsOf(text: string): number[] {
  return text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN));
}

function checkParts(text: string): Refusal | null {
  const parts = partsOf(text);
  const isSize = (part: number): boolean => part >= 1 && part <= largestParameter;
  if (parts.length >= 2 && parts.length <= mostParts && parts.every(isSize)) return null;
  return refuse('bad-parts', () => `parts="${text}" must be 2 to ${mostParts} sizes of at least 1, e.g. parts="48,16"`);
}

/**
 * Y[outer, 0..sum of parts, inner] from one X<i>[outer, part, inner] each. Any concatenation is of this form: `outer` is the product of
 * the dimensions before the concatenated one, `inner` of those after it.
 */
defineOperator({
  name: 'concat',
  summary: 'inputs X0[outer,part,inner], X1 ... one after another along their middle dimension',
  parameters: {
    outer: dimension(1, 'product of the dimensions before the one that grows'),
    inner: dimension(784, 'product of the dimensions after it'),
  },
  attributes: { parts: attribute('32,32', 'size of each input along the dimension that grows: 2 to 7 of them') },
  check: (_, { parts }) => checkParts(parts),
  build: (p, { parts }, dtype) => {
    const sizes = partsOf(parts);
    const inputs = sizes.map((size, i) => input(`X${i}`, [p.outer, size, p.inner], dtype));
    const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
    const Y = compute(
      'Y',
      { o: p.outer, j: sizes.reduce((sum, size) => sum + size, 0), i: p.inner },
      ({ o, j, i }) =>
        inputs
          .map((tensor, part) => ({
            value: tensor.at(o, sub(j, starts[part] as number), i),
            start: starts[part] as number,
          }))
          .reduceRight((later, here) => ({ ...here, value: select(lt(j, later.start), here.value, later.value) }))
          .value,
      { stage: 'concat' },
    );
    return program(inputs, [Y]);
  },
  reference: (p, { parts }, inputs) => {
    const sizes = partsOf(parts);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    return {
      Y: (flat) => {
        const outer = Math.floor(flat / (total * p.inner));
        let at = flat - outer * total * p.inner;
        for (const [i, size] of sizes.entries()) {
          if (at < size * p.inner) return inputs[`X${i}`]?.[outer * size * p.inner + at] ?? Number.NaN;
          at -= size * p.inner;
        }
        return Number.NaN;
      },
    };
  },
  inputs: (_, { parts }) => Object.fromEntries(partsOf(parts).map((__, i) => [`X${i}`, integers(-2048, 2048)])),
  tolerance: () => exact,
});
