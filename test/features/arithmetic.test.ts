import { expect, it } from 'vitest';
import { namedFeatures } from '../../src/features/named.ts';
import { defaultLimits } from '../../src/ir/limits.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import type { Sketch } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { makeDevice } from '../records/fixtures.ts';
import { legalCandidates, programOfCase } from '../space/candidates.ts';

/** Operations of all invocations of the heaviest kernel, by kind, as a random candidate without waste has them. */
function counted(operator: string, shape: string): number[] {
  const program = programOfCase({ title: '', operator, wish: { shape } });
  for (const sketch of sketchesOf(program) as Sketch[]) {
    for (const values of legalCandidates(sketch, defaultLimits, 40, createRandom(2))) {
      const [kernel] = namedFeatures(sketch, values, makeDevice()).kernels;
      const of = (name: string): number =>
        kernel?.features.find((feature) => feature.name === name)?.value ?? Number.NaN;
      if (of('useful') !== 1) continue;
      const invocations = 2 ** of('log2 invocations in the grid');
      return (kernel?.features ?? [])
        .filter(({ family }) => family === 'arithmetic')
        .map(({ value }) => Math.round((2 ** value - 1) * invocations));
    }
  }
  throw new Error('every candidate computes something for nothing');
}

// Of 64 rows of 32: maximum, difference, exponential, sum, and again difference, exponential and quotient. Asking whether the sum is a number
// takes two comparisons, their conjunction and a select.
it.each([
  ['matmul', 'm=32,n=32,k=32', [2 * 32 ** 3, 0, 0, 0]],
  ['reduce_max', 'rows=64,cols=32', [0, 0, 0, 64 * 32]],
  ['softmax', 'rows=64,cols=32', [3 * 64 * 32, 64 * 32, 2 * 64 * 32, 5 * 64 * 32]],
] as const)('the arithmetic of %s %s is counted by kind', (operator, shape, expected) => {
  expect(counted(operator, shape).map((count) => Number((count / 1000).toFixed(0)))).toEqual(
    expected.map((count) => Number((count / 1000).toFixed(0))),
  );
});
