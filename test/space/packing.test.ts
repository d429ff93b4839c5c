import { describe, expect, it } from 'vitest';
import { type DeviceLimits, defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { isFault, replay } from '../../src/schedule/replay.ts';
import { type PackSizes, packSizes } from '../../src/space/packing.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { spaceSizes } from '../../src/space/sizes.ts';
import { instantiate, type Sketch } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { runLowered, type Values } from '../lowering/simt.ts';
import { integerInputs, plain } from '../support/schedule.ts';
import { describeValues, legalCandidates, packAll } from './candidates.ts';

const limits: DeviceLimits = { ...defaultLimits, subgroupMinSize: 4, subgroupMaxSize: 4 };

const packedOf = (program: Program, packs: PackSizes | null = packAll): Sketch[] =>
  sketchesOf(program, limits, { ...spaceSizes.gpu, splits: null, packs }).filter(({ packings }) => packings.length > 0);
const packings = (operator: string, shape: string, constant: string, sizes?: PackSizes | null): string[] =>
  packedOf(plain(operator, shape, { constant }), sizes).map(
    ({ name, packings: made }) => `${name}: ${made.map(({ buffer, order }) => `${buffer} ${order}`).join('; ')}`,
  );

describe('a constant operand is packed', () => {
  it('with the axis that tiles cut innermost, after that of the sum', () => {
    expect(packings('matmul', 'm=8,n=12,k=16', 'B')).toEqual(['packed+tiled: B 0,1,2']);
    expect(packings('matmul', 'm=8,n=12,k=16,transpose_b=1', 'B')).toEqual(['packed+tiled: B 0,2,1']);
    expect(packings('matmul', 'm=8,n=12,k=16', 'A,B')).toEqual(['packed+tiled: A 0,2,1; B 0,1,2']);
    expect(packings('conv2d', 'c=8,oc=16,h=6,w=6,kh=3,kw=3', 'W')).toEqual([
      'packed+tiled: W 1,2,3,0',
      'packed+gemm: W 1,2,3,0',
    ]);
  });

  it('only where it is constant, large enough and read by tiles', () => {
    expect(packings('matmul', 'm=8,n=12,k=16', '')).toEqual([]);
    expect(packings('matmul', 'm=8,n=12,k=16', 'B', packSizes.gpu)).toEqual([]);
    expect(packings('matmul', 'm=8,n=64,k=64', 'B', packSizes.gpu)).toHaveLength(1);
    expect(packings('matmul', 'm=8,n=64,k=64', 'B', null)).toEqual([]);
    expect(packings('matmul', 'm=8,n=64,k=64', 'B', packSizes.cpu)).toEqual([]);
    expect(packings('matmul', 'm=8,n=64,k=64,transpose_b=1', 'B', packSizes.cpu)).toHaveLength(1);
    expect(packings('matmul', 'm=1,n=64,k=64,transpose_b=1', 'B', packSizes.cpu)).toEqual([]);
    expect(packings('elementwise', 'h=64,w=64', 'x')).toEqual([]);
    expect(packings('gather', 'n=8,v=64,d=64', 'X')).toEqual([]);
  });

  it('in blocks that follow from the tiles, as one decision an operand', () => {
    const [turned] = packedOf(plain('matmul', 'm=8,n=12,k=16,transpose_b=1', { constant: 'B' }));
    expect(turned?.decisions.filter(({ name }) => name.endsWith('.blocks'))).toMatchObject([
      { name: 'matmul.B_packed.blocks', options: [0, 1, 2] },
    ]);
    const [inOrder] = packedOf(plain('matmul', 'm=8,n=12,k=16', { constant: 'B' }));
    expect(inOrder?.decisions.find(({ name }) => name.endsWith('.blocks'))?.options).toEqual([1, 2]);
  });

  it('and so is nothing else: without constants the sketches are what they were', () => {
    const names = (attributes: Readonly<Record<string, string>>): string[] =>
      sketchesOf(plain('matmul', 'm=64,n=64,k=64', attributes), limits).map(({ name }) => name);
    expect(names({ constant: 'B' }).filter((name) => !name.startsWith('packed+'))).toEqual(names({}));
  });
});

describe('kernels that read a packed operand give what the plain program gives', () => {
  it.each([
    ['matmul', 'm=7,n=10,k=9', 'B'],
    ['matmul', 'm=7,n=10,k=9,transpose_b=1', 'A,B'],
    ['matmul', 'b=2,m=5,n=12,k=8', 'B'],
    ['matmul', 'm=1,n=12,k=16,transpose_b=1', 'B'],
    ['conv2d', 'c=4,oc=6,h=5,w=5,kh=3,kw=3', 'W'],
    ['conv2d', 'c=4,oc=6,h=5,w=5,kh=1,kw=1,pad=0', 'W'],
    ['conv2d', 'c=4,oc=6,h=5,w=5,groups=2', 'W'],
    ['conv1d', 'c=4,oc=6,l=9', 'W'],
  ] as const)('%s %s with %s constant', (operator, shape, constant) => {
    const program = plain(operator, shape, { constant });
    const inputs = integerInputs(program) as Values;
    const want = interpret(program, inputs);
    const random = createRandom(7).fork(`${operator} ${shape}`);
    const sketches = packedOf(program);
    expect(sketches.length).toBeGreaterThan(0);
    for (const sketch of sketches) {
      for (const values of legalCandidates(sketch, limits, 3, random)) {
        const what = describeValues(sketch, values);
        const made = instantiate(sketch, values);
        if (isRefusal(made)) throw new Error(`${what}: ${explainRefusal(made)}`);
        const again = replay(program, JSON.parse(JSON.stringify(made.trace)));
        if (isFault(again)) throw new Error(`${what}: its trace does not replay`);
        expect(again).toEqual(made.program);
        const lowered = lowerProgram(made.program, limits);
        if (isRefusal(lowered)) throw new Error(`${what}: ${explainRefusal(lowered)}`);
        const once = lowered.kernels.filter(({ runsOnce }) => runsOnce);
        expect(once.length, what).toBe(sketch.packings.length);
        const got = runLowered(lowered, inputs);
        for (const name of program.outputs) expect(got[name], what).toEqual(want[name]);
      }
    }
  });
});

describe('what runs once anyway', () => {
  it('is not tuned: a padded copy of a constant operand has the naive schedule', () => {
    const program = plain('matmul', 'm=70,n=70,k=70', { constant: 'B' });
    const padded = sketchesOf(program, limits, { ...spaceSizes.gpu, splits: null, packs: null }).find(({ name }) =>
      name.startsWith('padded'),
    );
    expect(padded?.once.map(({ block }) => block.name)).toEqual(['load_B_pad_pad']);
    const [values] = legalCandidates(padded as Sketch, limits, 1, createRandom(1));
    const made = instantiate(padded as Sketch, values as Float64Array);
    if (isRefusal(made)) throw new Error(explainRefusal(made));
    const lowered = lowerProgram(made.program, limits);
    if (isRefusal(lowered)) throw new Error(explainRefusal(lowered));
    expect(lowered.kernels.filter(({ runsOnce }) => runsOnce)).toHaveLength(1);
  });
});
