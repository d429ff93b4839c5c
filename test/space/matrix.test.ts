import { describe, expect, it } from 'vitest';
import type { LoweredProgram } from '../../src/ir/kernel.ts';
import type { DeviceLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import type { EstimateName } from '../../src/space/kernel-estimate.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate, type Sketch } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { programOf } from '../../src/tuner/build.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { compileOnNull } from '../device/compile-on-null.ts';
import { smallInputs } from '../lowering/equality.ts';
import { eight, limitsWith, sixteen } from '../lowering/matrix-programs.ts';
import { runLowered } from '../lowering/simt.ts';
import { describeValues, estimated, legalCandidates } from './candidates.ts';

const limits = limitsWith([eight, sixteen]);

function plain(operator: string, shape: string, dtype: string, attributes: Readonly<Record<string, string>> = {}) {
  return programOf(makeWorkload(operator, { shape, dtype, attributes }));
}

const matrixSketches = (program: Program, on: DeviceLimits = limits): Sketch[] =>
  sketchesOf(program, on).filter(({ tilings }) => tilings.some(({ rule }) => rule === 'matrix'));

const products = [
  ['f32', plain('matmul', 'm=32,n=16,k=16', 'f32')],
  ['f32, both stored by columns', plain('matmul', 'm=16,n=24,k=8,transpose_a=1,transpose_b=1', 'f32')],
  ['f32, batches and a bias', plain('matmul', 'b=2,m=16,n=16,k=16,bias=1', 'f32')],
  ['f32, an epilogue', plain('matmul', 'm=16,n=32,k=8', 'f32', { epilogue: 'relu(x + bias)' })],
  ['f16 with sums in f32', plain('matmul', 'm=32,n=32,k=32', 'f16')],
] as const;

/** Legal candidates as they lower with matrix instructions, which they must. */
function native(sketch: Sketch, count: number, seed: number) {
  return legalCandidates(sketch, limits, count, createRandom(seed)).map((values) => {
    const made = instantiate(sketch, values);
    if (isRefusal(made)) throw new Error(`${describeValues(sketch, values)}: ${explainRefusal(made)}`);
    const lowered = lowerProgram(made.program, limits, { matrices: 'native' });
    if (isRefusal(lowered)) throw new Error(`${describeValues(sketch, values)}: ${explainRefusal(lowered)}`);
    return { values, program: made.program, lowered };
  });
}

const textOf = (lowered: LoweredProgram): string => {
  const { kernels } = emit(lowered, 'template');
  expect(kernels.some(({ features }) => features.includes('chromium-experimental-subgroup-matrix'))).toBe(true);
  return kernels.map(({ wgsl }) => wgsl).join('\n');
};

describe.each(products)('a product of %s', (_, program) => {
  it('has one sketch of matrices, whose candidates compute it with them', () => {
    const sketches = matrixSketches(program);
    expect(sketches).toHaveLength(1);
    const inputs = smallInputs(program);
    const [sketch] = sketches as [Sketch];
    for (const { values, program: scheduled, lowered } of native(sketch, 6, 3)) {
      const want = interpret(scheduled, inputs, { rounding: true });
      const got = runLowered(lowered, inputs, { subgroupSize: limits.subgroupMaxSize });
      for (const name of program.outputs) expect(got[name], describeValues(sketch, values)).toEqual(want[name]);
    }
  });

  it('needs exactly what pruning estimates', () => {
    const [sketch] = matrixSketches(program) as [Sketch];
    for (const { values, lowered } of native(sketch, 30, 4)) {
      const at = (name: EstimateName): number => estimated(sketch, 0, values, name);
      const [kernel] = emit(lowered, 'template').kernels;
      const [x, y, z] = kernel?.workgroupSize ?? [0, 0, 0];
      expect([at('invocations'), at('lanesX'), at('lanesY'), at('workgroupBytes')]).toEqual([
        x * y * z,
        x,
        y,
        kernel?.workgroupBytes,
      ]);
      expect([at('dispatchX'), at('dispatchY'), at('dispatchZ')]).toEqual(kernel?.dispatch);
    }
  });
});

it('Dawn compiles the text of kernels with matrices', async () => {
  const texts = products.flatMap(([, program]) => native(matrixSketches(program)[0] as Sketch, 3, 5));
  const { errors } = await compileOnNull(texts.map(({ lowered }) => textOf(lowered)));
  expect(errors).toEqual(texts.map(() => []));
}, 30_000);

it.each([
  ['no matrices on the device', plain('matmul', 'm=32,n=16,k=16', 'f32'), limitsWith([])],
  ['matrices of other types', plain('matmul', 'm=32,n=32,k=32', 'f32'), limitsWith([sixteen])],
  ['sums of another type', plain('matmul', 'm=32,n=32,k=32', 'f16', { accumulate: 'f16' }), limitsWith([sixteen])],
  ['rows that matrices do not divide', plain('matmul', 'm=30,n=16,k=16', 'f32'), limits],
  ['lanes that are not known', plain('matmul', 'm=32,n=16,k=16', 'f32'), limitsWith([eight], 0)],
  ['windows', plain('conv2d', 'c=8,h=18,w=18,oc=8', 'f32'), limits],
  ['one column', plain('gemv', 'm=32,k=32', 'f32'), limits],
])('there is no sketch of matrices: %s', (_, program, on) => {
  expect(matrixSketches(program, on)).toEqual([]);
});

it('support for matrices leaves the other sketches as they are', () => {
  const program = plain('matmul', 'm=32,n=16,k=16', 'f32');
  const names = (on: DeviceLimits): string[] =>
    sketchesOf(program, on).map(({ name, decisions }) => `${name}: ${JSON.stringify(decisions)}`);
  const own = new Set(matrixSketches(program).map(({ name }) => name));
  expect(names(limits).filter((text) => !own.has(text.slice(0, text.indexOf(':'))))).toEqual(names(limitsWith([])));
});

it('there is one sketch for every kind of product of the device that fits', () => {
  const config = { ...sixteen, component: 'f32' as const };
  const sketches = matrixSketches(plain('matmul', 'm=32,n=32,k=32', 'f32'), limitsWith([eight, config]));
  expect(sketches.map(({ name }) => name)).toEqual(['matrix', 'matrix#2']);
});
