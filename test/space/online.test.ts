import { describe, expect, it } from 'vitest';
import { type DeviceLimits, defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { type ChainSizes, chainSizes } from '../../src/space/online-chains.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate, type Sketch } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { plain } from '../support/schedule.ts';
import { weightedMean } from '../support/weighted-mean.ts';
import { describeValues, estimated, legalCandidates, sharedChains, smallChains } from './candidates.ts';

const limits: DeviceLimits = defaultLimits;
const onlineOf = (program: Program, chains: ChainSizes): Sketch[] =>
  sketchesOf(program, limits, { splits: null, packs: null, transforms: null, chains, walks: null }).filter(
    ({ tilings }) => tilings.some(({ rule }) => rule === 'online'),
  );
const lengths = (operator: string, shape: string, chains: ChainSizes): number[] =>
  onlineOf(plain(operator, shape), chains).flatMap((sketch) =>
    sketch.chains.flatMap(({ length, sharers }) => (sharers === 1 ? [length] : [])),
  );

describe('one kernel for a softmax and what it weighs', () => {
  it('is offered by structure, for an attention and for what knows nothing of it', () => {
    expect(lengths('attention', 'm=33,n=100', chainSizes.gpu)).toEqual([100]);
    expect(lengths('attention', 'm=33,n=1000', chainSizes.gpu)).toEqual([64]);
    expect(lengths(weightedMean.name, 'r=5,k=300,c=3', chainSizes.gpu)).toEqual([64]);
    expect(lengths('softmax', 'rows=33,cols=100', chainSizes.gpu)).toEqual([]);
    expect(lengths('layer_norm', 'rows=33,cols=100', chainSizes.gpu)).toEqual([]);
  });

  it('is offered on a CPU where rows share no keys, and all scores of a row fit', () => {
    expect(lengths('attention', 'h=14,m=1,n=1024,d=64,dv=64', chainSizes.cpu)).toEqual([1024]);
    expect(lengths('attention', 'h=14,m=1,n=4096,d=64,dv=64', chainSizes.cpu)).toEqual([]);
    expect(lengths('attention', 'h=14,kv_heads=2,m=1,n=1024,d=64,dv=64', chainSizes.cpu)).toEqual([]);
    expect(lengths('attention', 'h=12,m=128,n=128,d=64,dv=64', chainSizes.cpu)).toEqual([]);
  });

  it('has its parts shared among workgroups on a GPU where rows are few and long, with a kernel that joins them', () => {
    const shared = (shape: string, chains: ChainSizes): string[] =>
      onlineOf(plain('attention', shape), chains).map(
        ({ name, chains: [chain] }) => `${name}: ${chain?.sharers} of ${chain?.length}`,
      );
    expect(shared('h=32,kv_heads=8,m=1,n=2048,d=64,dv=64', chainSizes.gpu)).toEqual([
      'online: 1 of 64',
      'split+online+rows: 16 of 128',
    ]);
    expect(shared('h=2,m=1,n=30000,d=64,dv=64', chainSizes.gpu)).toContain('split+online+rows: 50 of 120');
    expect(shared('h=12,m=128,n=1024,d=64,dv=64', chainSizes.gpu)).toEqual(['online: 1 of 64']);
    expect(shared('h=32,m=1,n=256,d=64,dv=64', chainSizes.gpu)).toEqual(['online: 1 of 64']);
  });

  it('is a single kernel, also where a result of f16 is rounded and has an epilogue', () => {
    const program = plain('attention', 'h=2,m=9,n=20,d=8,dv=8', { epilogue: 'relu(x + shift)' });
    expect(onlineOf(program, smallChains).map(({ tilings, inline }) => [tilings.length, inline])).toEqual([[1, []]]);
  });
});

/** Queries whose keys are masked: some, all of one part, and all. */
const masked = (shape: readonly number[]): Float64Array => {
  const [rows, keys] = shape.slice(-2) as [number, number];
  const hidden = (row: number, key: number): boolean =>
    row % 4 === 1 ? key < 6 : row % 4 === 2 ? true : row % 4 === 3 ? key !== keys - 1 : false;
  return Float64Array.from({ length: rows * keys }, (_, at) =>
    hidden(Math.floor(at / keys), at % keys) ? Number.NEGATIVE_INFINITY : 0,
  );
};

const cases = [
  ['attention', 'h=2,m=9,n=21,d=3,dv=5', {}],
  ['attention', 'b=2,h=4,kv_heads=2,m=5,n=13,d=4,dv=8,causal=1', {}],
  ['attention', 'h=6,kv_heads=2,m=1,n=33,d=4,dv=4', {}],
  ['attention', 'h=2,m=6,n=18,d=4,dv=4', { mask: '1,1,m,n' }],
  [weightedMean.name, 'r=7,k=19,c=3', {}],
] as const;

describe.each([
  ...cases.map((one) => [...one, 'one kernel', smallChains] as const),
  ...cases.map((one) => [...one, 'parts shared among workgroups', sharedChains] as const),
  [
    'attention',
    'h=2,m=1,n=32,d=4,dv=4',
    { epilogue: 'relu(x + shift)' },
    'parts shared among workgroups',
    sharedChains,
  ],
] as const)('%s %s %o, %s', (operator, shape, attributes, _, chains) => {
  const program = plain(operator, shape, attributes);
  const random = createRandom(5);
  const inputs = Object.fromEntries(
    program.inputs.map((name) => {
      const { shape: extents } = program.buffers.find((buffer) => buffer.name === name) as Program['buffers'][number];
      const size = extents.reduce((all, extent) => all * extent, 1);
      return [
        name,
        name === 'M' ? masked(extents) : Float64Array.from({ length: size }, () => random.below(9) / 4 - 1),
      ];
    }),
  );
  const [output = ''] = program.outputs;
  const expected = interpret(program, inputs)[output] as Float64Array;
  const [sketch] = onlineOf(program, chains) as [Sketch];
  const candidates = legalCandidates(sketch, limits, 6, createRandom(3));

  it('has the result of the plain program, NaN where a row is masked whole, and the size that was predicted', () => {
    expect(candidates.length).toBe(6);
    for (const values of candidates) {
      const what = describeValues(sketch, values);
      const made = instantiate(sketch, values);
      if (isRefusal(made)) throw new Error(`${what}: ${explainRefusal(made)}`);
      const got = interpret(made.program, inputs)[output] as Float64Array;
      for (const [at, want] of expected.entries()) {
        if (Number.isNaN(want)) expect(got[at], what).toBeNaN();
        else expect(got[at], what).toBeCloseTo(want, 10);
      }
      const lowered = lowerProgram(made.program, limits);
      if (isRefusal(lowered)) throw new Error(`${what}: ${explainRefusal(lowered)}`);
      expect(lowered.kernels.length, what).toBe(sketch.tilings.length);
      const [kernel] = emit(lowered).kernels;
      const [x = 0, y = 0] = kernel?.workgroupSize ?? [];
      expect(
        ['lanesX', 'lanesY', 'workgroupBytes'].map((name) => estimated(sketch, 0, values, name as 'lanesX')),
        what,
      ).toEqual([x, y, kernel?.workgroupBytes]);
    }
  });
});
