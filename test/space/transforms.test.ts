import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import * as te from '../../src/operators/expression.ts';
import { compute, input, program } from '../../src/operators/tensor.ts';
import { errorFactorOf } from '../../src/schedule/rounding.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { type SpaceSizes, spaceSizes } from '../../src/space/sizes.ts';
import { instantiate, type Sketch } from '../../src/space/sketch.ts';
import { type TransformSizes, transformSizes } from '../../src/space/transforms.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { operationsOf } from '../../src/testing/operations.ts';
import { runLowered, type Values } from '../lowering/simt.ts';
import { integerInputs, plain } from '../support/schedule.ts';
import { describeValues, estimated, legalCandidates, programOfCase, smallTransforms } from './candidates.ts';
import { caseOf } from './cases.ts';

const transforming = (transforms: TransformSizes | null): SpaceSizes => ({
  ...spaceSizes.gpu,
  splits: null,
  packs: null,
  transforms,
});
const transformedOf = (made: Program, sizes: TransformSizes | null): Sketch[] =>
  sketchesOf(made, defaultLimits, transforming(sizes)).filter((sketch) => sketch.transforms.length > 0);
const namesOf = (operator: string, shape: string, sizes = transformSizes.cpu): string[] =>
  transformedOf(plain(operator, shape), sizes).map(({ name }) => name);
const winograd4 = 'winograd4+tiled+cases+cases+cases';

describe("Winograd's algorithm is offered", () => {
  it.each([
    ['conv2d', 'c=64,oc=64,h=56,w=56'],
    ['conv2d', 'c=128,oc=128,h=56,w=56'],
    ['conv2d_nhwc', 'c=64,oc=64,h=56,w=56'],
    ['conv2d', 'c=128,oc=128,h=56,w=56,groups=2'],
  ])('for %s %s, in one sketch', (operator, shape) => {
    expect(namesOf(operator, shape)).toEqual([winograd4]);
  });

  it.each([
    ['transforms would take longer than the products they save', 'conv2d', 'c=512,oc=512,h=7,w=7'],
    ['there are few channels', 'conv2d', 'c=3,oc=64,h=224,w=224'],
    ['windows move by two', 'conv2d', 'c=64,oc=64,h=56,w=56,stride=2'],
    ['windows are 1 by 1', 'conv2d', 'c=64,oc=64,h=56,w=56,kh=1,kw=1,pad=0'],
    ['channels are not summed up', 'depthwise_conv2d', 'c=64,h=56,w=56'],
  ])('not where %s', (_, operator, shape) => {
    expect(namesOf(operator, shape)).toEqual([]);
  });

  it('not for f16, and not where the device or the caller wants none', () => {
    const shape = 'c=64,oc=64,h=56,w=56';
    expect(transformedOf(programOfCase(caseOf('conv2d', shape), 'f16'), smallTransforms[4])).toEqual([]);
    expect(transformedOf(plain('conv2d', shape), null)).toEqual([]);
  });

  it('only where its error bound allows it: four by four outputs need enough channels', () => {
    const free: TransformSizes = { elementProducts: 0, mostTime: Number.POSITIVE_INFINITY, mostError: 4 };
    expect(namesOf('conv2d', 'c=16,oc=8,h=12,w=12', free)).toEqual([winograd4]);
    expect(namesOf('conv2d', 'c=8,oc=8,h=12,w=12', free)).toEqual(['winograd2+tiled+cases+cases+cases']);
  });

  it('where the filter is constant also for small images: its transform runs once', () => {
    const made = programOfCase(caseOf('conv2d', 'c=512,oc=512,h=7,w=7', { constant: 'W' }));
    const [sketch, ...more] = transformedOf(made, transformSizes.cpu);
    if (sketch === undefined) throw new Error('no sketch is transformed');
    expect(more).toEqual([]);
    const [values] = legalCandidates(sketch, defaultLimits, 1, createRandom(2));
    const scheduled = instantiate(sketch, values as Float64Array);
    if (isRefusal(scheduled)) throw new Error(explainRefusal(scheduled));
    const lowered = lowerProgram(scheduled.program, defaultLimits);
    if (isRefusal(lowered)) throw new Error(explainRefusal(lowered));
    const often = lowered.kernels.filter(({ runsOnce }) => runsOnce !== true).map(({ name }) => name);
    expect(often).toEqual(['padded_points_transform', 'conv2d', 'Y_transform']);
  });

  it("for a user's program of that structure, whatever its names", () => {
    const image = input('image', [20, 20, 32], 'f32');
    const weights = input('weights', [3, 3, 16, 32], 'f32');
    const [i, j, c] = [te.reductionAxis('i', 3), te.reductionAxis('j', 3), te.reductionAxis('c', 32)];
    const out = compute('out', { y: 18, x: 18, o: 16 }, ({ y, x, o }) =>
      te.sumOver(te.mul(weights.at(i, j, o, c), image.at(te.add(y, i), te.add(x, j), c)), [i, j, c]),
    );
    const made = program([image, weights], [out]);
    expect(transformedOf(made, smallTransforms[4]).map(({ name }) => name)).toEqual([winograd4]);
  });
});

describe('transformed sums', () => {
  const shapes: readonly (readonly [operator: string, shape: string, epilogue: string])[] = [
    ['conv2d', 'n=2,c=2,h=7,w=5,oc=3,pad=0', ''],
    ['conv2d', 'n=1,c=4,h=6,w=8,oc=4,groups=2', ''],
    ['conv2d', 'n=1,c=3,h=6,w=7,oc=2', 'relu(x + shift)'],
    ['conv2d_nhwc', 'n=1,c=3,h=5,w=9,oc=4', 'x * factor + residual'],
  ];

  it.each(shapes)(
    'of %s %s %s mean the same, and their kernels are as long as foreseen',
    (operator, shape, epilogue) => {
      const made = programOfCase(caseOf(operator, shape, epilogue === '' ? {} : { epilogue }));
      const inputs = integerInputs(made) as Values;
      const want = interpret(made, inputs);
      const random = createRandom(4).fork(shape);
      for (const sizes of [smallTransforms[2], smallTransforms[4]]) {
        const [sketch] = transformedOf(made, sizes);
        if (sketch === undefined) throw new Error('no sketch is transformed');
        for (const values of legalCandidates(sketch, defaultLimits, 2, random)) {
          const what = describeValues(sketch, values);
          const scheduled = instantiate(sketch, values);
          if (isRefusal(scheduled)) throw new Error(`${what}: ${explainRefusal(scheduled)}`);
          const lowered = lowerProgram(scheduled.program, defaultLimits);
          if (isRefusal(lowered)) throw new Error(`${what}: ${explainRefusal(lowered)}`);
          expect(lowered.kernels.length, what).toBe(4);
          const got = runLowered(lowered, inputs);
          const factor = errorFactorOf(made, scheduled.trace);
          for (const name of made.outputs)
            for (const [at, value] of (want[name] as Float64Array).entries()) {
              if (factor === null) expect(got[name]?.[at], `${what} ${name}[${at}]`).toBe(value);
              else expect(got[name]?.[at], `${what} ${name}[${at}]`).toBeCloseTo(value, 2);
            }
          for (const [t, tiling] of sketch.tilings.entries()) {
            if (tiling.rule !== 'cases') continue;
            const block = tiling.nests.at(-1)?.stage.block.name;
            const kernel = lowered.kernels.find(({ name }) => name === block);
            if (kernel === undefined) throw new Error(`no kernel ${block}`);
            const said = estimated(sketch, t, values, 'statements');
            expect(Math.abs(said / operationsOf(kernel) - 1), `${what} ${block}`).toBeLessThan(0.5);
          }
        }
      }
    },
  );

  it('of four by four outputs alone round, and how far is known from the trace', () => {
    const made = plain('conv2d', 'n=1,c=64,h=8,w=8,oc=4');
    const factorOf = (sizes: TransformSizes | null): (number | null)[] =>
      sketchesOf(made, defaultLimits, transforming(sizes)).map((sketch) => {
        const [values] = legalCandidates(sketch, defaultLimits, 1, createRandom(1));
        const scheduled = instantiate(sketch, values as Float64Array);
        if (isRefusal(scheduled)) throw new Error(explainRefusal(scheduled));
        return errorFactorOf(made, scheduled.trace);
      });
    const factors = factorOf(smallTransforms[4]);
    expect(factors.slice(0, -1).every((factor) => factor === null)).toBe(true);
    expect(factors.at(-1)).toBeCloseTo(2.78, 2);
    expect(factorOf({ ...smallTransforms[4], mostError: 1 })).toContain(null);
  });
});
