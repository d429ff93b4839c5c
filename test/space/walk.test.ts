import { describe, expect, it } from 'vitest';
import { type DeviceLimits, defaultLimits } from '../../src/ir/limits.ts';
import type { Expr, Program } from '../../src/ir/nodes.ts';
import { blocksOf, varsOf } from '../../src/ir/visit.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { allBlocks } from '../../src/schedule/legality/find.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { spaceSizes } from '../../src/space/sizes.ts';
import { instantiate, type Sketch } from '../../src/space/sketch.ts';
import type { WalkSizes } from '../../src/space/walk.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { runLowered, type Values } from '../lowering/simt.ts';
import { integerInputs, plain } from '../support/schedule.ts';
import { anyWalk, describeValues, estimated, legalCandidates } from './candidates.ts';

const matrix = { m: 8, n: 8, k: 8, component: 'f32', result: 'f32' } as const;
const limits: DeviceLimits = {
  ...defaultLimits,
  ...{ subgroupMinSize: 4, subgroupMaxSize: 4 },
  subgroupMatrix: { configs: [matrix], maxSubgroupsPerWorkgroup: 4 } as unknown as NonNullable<
    DeviceLimits['subgroupMatrix']
  >,
};
const sketches = (program: Program, walks: WalkSizes | null): Sketch[] =>
  sketchesOf(program, limits, { ...spaceSizes.gpu, walks });
const groupAt = ({ decisions }: Sketch): number => decisions.findIndex(({ name }) => name.endsWith('.group'));
const walked = (program: Program, walks: WalkSizes | null): string[] =>
  sketches(program, walks).flatMap((sketch) => (groupAt(sketch) < 0 ? [] : [sketch.name]));

describe('the order in which workgroups walk the grid is decided', () => {
  it('where the rows of tiles read more again than a cache holds by itself', () => {
    const { walks } = spaceSizes.gpu;
    expect(walked(plain('matmul', 'm=2048,n=2048,k=512'), walks)).toEqual(['tiled', 'matrix']);
    expect(walked(plain('matmul', 'm=512,n=512,k=512'), walks)).toEqual([]);
    expect(walked(plain('softmax', 'rows=4096,cols=4096'), walks)).toEqual([]);
    expect(walked(plain('transpose', 'c=64,h=256,w=256', { order: 'n,w,h,c' }), walks)).toEqual([]);
  });

  it('not on a CPU', () => {
    expect(walked(plain('matmul', 'm=2048,n=2048,k=512'), spaceSizes.cpu.walks)).toEqual([]);
  });

  it('and is row by row in records that do not say', () => {
    for (const { decisions } of sketches(plain('matmul', 'm=32,n=32,k=8'), anyWalk))
      for (const decision of decisions.filter(({ name }) => name.endsWith('.group')))
        expect([decision.before, decision.options]).toEqual([1, [1, 2, 4, 8, 16]]);
  });
});

/** The value of an index, with given variables and all others 0. */
function placeOf(index: Expr, values: Readonly<Record<string, number>>): number {
  if (index.kind === 'int') return index.value;
  if (index.kind === 'var') return values[index.name] ?? 0;
  if (index.kind !== 'binary') throw new Error(`no index: ${index.kind}`);
  const [a, b] = [placeOf(index.a, values), placeOf(index.b, values)];
  const found = { add: a + b, sub: a - b, mul: a * b, div: Math.floor(a / b), mod: a % b }[index.op as 'add'];
  if (found === undefined) throw new Error(`no operation of indices: ${index.op}`);
  return found;
}

describe('a grouped walk', () => {
  it('takes the rows of a group column by column, and then the next group', () => {
    const [sketch] = sketches(plain('matmul', 'm=6,n=3,k=4'), anyWalk) as [Sketch];
    expect(sketch.name).toBe('tiled');
    const values = sketch.decisions.map(({ name, options }) => (name.endsWith('.group') ? 2 : (options[0] as number)));
    const made = instantiate(sketch, values);
    if (isRefusal(made)) throw new Error(explainRefusal(made));
    const [store] = allBlocks(made.program).filter(({ block }) => block.writes[0]?.buffer === 'C');
    const [first] = (store?.around ?? []).filter(({ mode }) => mode === 'workgroup.x');
    expect(store?.around.filter(({ mode }) => mode.startsWith('workgroup')).map(({ extent }) => extent)).toEqual([
      1, 18,
    ]);
    const [row, column] = (store?.block.iters ?? []).slice(-2).map(({ binding }) => binding) as [Expr, Expr];
    expect([...varsOf(row)]).toContain(first?.name);
    const order = Array.from({ length: 18 }, (_, at) => {
      const place = { [first?.name as string]: at };
      return [placeOf(row, place), placeOf(column, place)].join();
    });
    expect(order).toEqual([
      ...['0,0', '1,0', '0,1', '1,1', '0,2', '1,2'],
      ...['2,0', '3,0', '2,1', '3,1', '2,2', '3,2'],
      ...['4,0', '5,0', '4,1', '5,1', '4,2', '5,2'],
    ]);
  });
});

describe.each([
  ['matmul', 'm=32,n=24,k=8', {}],
  ['matmul', 'b=3,m=13,n=9,k=5', {}],
  ['matmul', 'm=16,n=32,k=8', { epilogue: 'relu(x + bias)' }],
  ['conv2d', 'n=2,c=3,h=5,w=6,oc=8,kh=3,kw=3,pad=1', {}],
] as const)('%s %s %o, walked in groups', (operator, shape, attributes) => {
  const program = plain(operator, shape, attributes);
  const inputs = integerInputs(program) as Values;
  const expected = interpret(program, inputs);

  it('has the result of the plain program, and the dispatch size that was predicted', () => {
    const names = new Set<string>();
    for (const sketch of sketches(program, anyWalk).filter((one) => groupAt(one) >= 0)) {
      const grouped = legalCandidates(sketch, limits, 60, createRandom(7)).filter(
        (values) => (values[groupAt(sketch)] as number) > 1,
      );
      for (const values of grouped.slice(0, 5)) {
        const what = describeValues(sketch, values);
        const made = instantiate(sketch, values);
        if (isRefusal(made)) throw new Error(`${what}: ${explainRefusal(made)}`);
        expect(blocksOf(made.program).length).toBeGreaterThan(0);
        const lowered = lowerProgram(made.program, limits);
        if (isRefusal(lowered)) throw new Error(`${what}: ${explainRefusal(lowered)}`);
        const got = runLowered(lowered, inputs);
        for (const name of program.outputs) expect(got[name], `${what}: ${name}`).toEqual(expected[name]);
        const dispatches = lowered.kernels.map(({ dispatch }) => dispatch.join());
        const kernel = sketch.tilings.findIndex(({ group }) => group !== undefined);
        const predicted = (['dispatchX', 'dispatchY', 'dispatchZ'] as const).map((name) =>
          estimated(sketch, kernel, values, name),
        );
        expect(dispatches, what).toContain(predicted.join());
        names.add(sketch.name);
      }
    }
    expect(names.size).toBeGreaterThan(0);
  });
});
