import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { spaceSizes } from '../../src/space/sizes.ts';
import { instantiate, type Sketch } from '../../src/space/sketch.ts';
import { type SplitSizes, splitSizes } from '../../src/space/split-sums.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { runLowered, type Values } from '../lowering/simt.ts';
import { integerInputs, plain } from '../support/schedule.ts';
import { describeValues, legalCandidates, programOfCase, smallSplits } from './candidates.ts';
import { caseOf } from './cases.ts';
import { structures } from './programs.ts';

const splitOf = (program: Program, splits: SplitSizes | null = splitSizes.gpu): Sketch[] =>
  sketchesOf(program, defaultLimits, { ...spaceSizes.gpu, splits }).filter((sketch) => sketch.splits.length > 0);
const splitsOf = (operator: string, shape: string, sizes?: SplitSizes | null): string[] =>
  splitOf(plain(operator, shape), sizes).map(
    ({ name, splits }) => `${name}: ${splits.map(({ block, iter, parts }) => `${block} ${iter}/${parts}`).join(', ')}`,
  );

describe('a reduction is split across workgroups', () => {
  it('where it is long and has few outputs, whatever the operator', () => {
    expect(splitsOf('matmul', 'm=64,n=64,k=2048')).toEqual(['split+tiled+flat: matmul vk/16']);
    expect(splitsOf('matmul', 'm=1,n=4096,k=1024')).toEqual(['split+tiled+flat: matmul vk/8']);
    expect(splitsOf('conv2d', 'c=512,oc=64,h=7,w=7,kh=1,kw=1,pad=0')).toEqual(['split+gemm+flat: conv2d vic/4']);
    expect(splitsOf('reduce_sum', 'rows=1,cols=1000000')).toEqual(['split+rows+flat: reduce_sum vk/50']);
    expect(splitsOf('reduce_sum', 'rows=8,cols=100000')).toEqual(['split+rows+flat: reduce_sum vk/25']);
  });

  it('not where its outputs keep a device busy, nor where one workgroup is soon done', () => {
    for (const [operator, shape] of [
      ['matmul', 'm=512,n=512,k=512'],
      ['matmul', 'm=8,n=8,k=512'],
      ['matmul', 'm=64,n=64,k=128'],
      ['matmul', 'm=256,n=256,k=256'],
      ['conv2d', 'c=64,oc=64,h=56,w=56,kh=3,kw=3,pad=1'],
      ['reduce_sum', 'rows=1024,cols=1024'],
      ['softmax', 'rows=64,cols=64'],
      ['elementwise', 'h=1024,w=1024'],
    ] as const)
      expect([shape, splitsOf(operator, shape)]).toEqual([shape, []]);
  });

  it('not on a CPU, whose few cores are busy with a workgroup each', () => {
    for (const shape of ['m=64,n=64,k=2048', 'm=16,n=16,k=65536'])
      expect([shape, splitsOf('matmul', shape, splitSizes.cpu)]).toEqual([shape, []]);
  });

  it('into parts of whole vectors where there are such, and into parts that differ in length where nothing near divides it', () => {
    expect(splitsOf('matmul', 'm=64,n=64,k=1000')).toEqual(['split+tiled+flat: matmul vk/5']);
    expect(splitsOf('reduce_sum', 'rows=8,cols=99991')).toEqual(['split+rows+flat: reduce_sum vk/32']);
  });

  it('and partial sums of f16 elements are kept as long as the sum itself', () => {
    const [sketch] = splitOf(programOfCase(caseOf('matmul', 'm=64,n=64,k=2048'), 'f16'));
    const [values] = legalCandidates(sketch as Sketch, defaultLimits, 1, createRandom(1));
    const made = instantiate(sketch as Sketch, values as Float64Array);
    if (isRefusal(made)) throw new Error(explainRefusal(made));
    const scratch = made.program.buffers.find(({ shape, scope }) => scope === 'storage' && shape[0] === 16);
    expect(scratch?.dtype).toBe('f32');
  });
});

describe('the two kernels of a split reduction give what the plain program gives', () => {
  it.each(Object.entries(structures))('%s', (title, build) => {
    const program = build();
    const inputs = integerInputs(program) as Values;
    const want = interpret(program, inputs);
    const random = createRandom(5).fork(title);
    for (const sketch of splitOf(program, smallSplits)) {
      const candidates = legalCandidates(sketch, defaultLimits, 6, random);
      expect(candidates.length, sketch.name).toBeGreaterThan(3);
      for (const values of candidates) {
        const what = describeValues(sketch, values);
        const made = instantiate(sketch, values);
        if (isRefusal(made)) throw new Error(`${what}: ${explainRefusal(made)}`);
        const lowered = lowerProgram(made.program, defaultLimits);
        if (isRefusal(lowered)) throw new Error(`${what}: ${explainRefusal(lowered)}`);
        const got = runLowered(lowered, inputs);
        for (const name of program.outputs) expect(got[name], `${what}: ${name}`).toEqual(want[name]);
      }
    }
  });
});
