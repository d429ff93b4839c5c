import { describe, expect, it } from 'vitest';
import { rankCorrelation } from '../../bench/statistics/rank-correlation.ts';
import { type DeviceLimits, defaultLimits } from '../../src/ir/limits.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { listOperators } from '../../src/operators/catalog.ts';
import { readKernelSpace, rowTimeNs } from '../../src/search/recorded/kernel-space.ts';
import { createPruner, mostStatements } from '../../src/space/pruning.ts';
import { recordedRowValues } from '../../src/space/recorded.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { operationsOf } from '../../src/testing/operations.ts';
import { programOf } from '../../src/tuner/build.ts';
import { eight, limitsWith } from '../lowering/matrix-programs.ts';
import { describeValues, estimated, legalCandidates, programOfCase } from './candidates.ts';
import { caseOf } from './cases.ts';
import { sizeCases } from './size-cases.ts';

const limits: DeviceLimits = { ...defaultLimits, subgroupMinSize: 8, subgroupMaxSize: 8 };
/** Kernels far longer than any that pruning lets through are told apart as well. */
const longest = 3000;

interface Held {
  readonly what: string;
  readonly rule: string;
  readonly said: number;
  readonly emitted: number;
}

/** The estimated length of a case's kernels beside the length that lowering emits. */
function lengthsOf(workload: (typeof sizeCases)[number], on: DeviceLimits, perSketch: number): Held[] {
  const random = createRandom(7).fork(workload.title);
  return sketchesOf(programOfCase(workload), on).flatMap((sketch) =>
    legalCandidates(sketch, on, perSketch, random, longest).flatMap((values) => {
      const made = instantiate(sketch, values);
      const lowered = isRefusal(made) ? made : lowerProgram(made.program, on);
      const what = `${workload.title} ${describeValues(sketch, values)}`;
      if (isRefusal(lowered)) throw new Error(`${what}: ${explainRefusal(lowered)}`);
      return sketch.tilings.map((tiling, t): Held => {
        const kernel = lowered.kernels.find(({ name }) => tiling.nests.some(({ stage }) => stage.block.name === name));
        if (kernel === undefined) throw new Error(`no kernel of ${what}`);
        const said = estimated(sketch, t, values, 'statements');
        return { what, rule: tiling.rule, said, emitted: operationsOf(kernel) };
      });
    }),
  );
}

/** Sizes that may have any value; the others depend on each other. */
const free = new Set(['m', 'n', 'c', 'oc', 'h', 'w', 'l', 'rows', 'cols', 'outer', 'inner', 'dv']);

/** The same operator and attributes with every free size scaled by between a half and two; nothing where that makes no workload. */
function varied(one: (typeof sizeCases)[number], seed: number): (typeof sizeCases)[number][] {
  const random = createRandom(seed).fork(one.title);
  const groups = Number(/groups=(\d+)/.exec(String(one.wish.shape))?.[1] ?? 1);
  const shape = String(one.wish.shape)
    .split(',')
    .map((pair) => {
      const [name = '', size = ''] = pair.split('=');
      if (!free.has(name)) return pair;
      const wanted = Math.max(1, Math.round(Number(size) * 2 ** (2 * random.unit() - 1)));
      return `${name}=${name === 'c' || name === 'oc' ? Math.ceil(wanted / groups) * groups : wanted}`;
    })
    .join(',');
  const { parts: _, ...attributes } = (one.wish.attributes ?? {}) as Record<string, string>;
  const workload = caseOf(one.operator, shape, attributes);
  try {
    programOfCase(workload);
    return [workload];
  } catch {
    return [];
  }
}

const correlationOf = (held: readonly Held[]): number =>
  rankCorrelation(
    held.map(({ said }) => said),
    held.map(({ emitted }) => emitted),
  );

/** Rows of a recorded space that took at most this much longer than its fastest. */
const fast = 1.25;

describe.each(['conv2d', 'depthwise', 'matmul', 'skinny', 'softmax'])('the recorded space of %s', (name) => {
  it('has no fast candidate that is too long for its device', async () => {
    const space = await readKernelSpace(
      new URL(`../../tuning-logs/spaces/${name}.space.json.gz`, import.meta.url).pathname,
    );
    const sketches = sketchesOf(programOf(space.workload), space.device.limits);
    const times = space.rows.map((row) => rowTimeNs(row) ?? Number.POSITIVE_INFINITY);
    const best = Math.min(...times);
    let looked = 0;
    for (const [at, { s, v }] of space.rows.entries()) {
      if ((times[at] as number) > fast * best) continue;
      const recorded = space.sketches[s] as (typeof space.sketches)[number];
      const sketch = sketches.find((own) => own.name === recorded.name) as (typeof sketches)[number];
      const values = recordedRowValues(sketch, recorded.decisions, v) as readonly number[];
      const pruner = createPruner(sketch, space.device.limits, mostStatements[space.device.type]);
      expect(pruner.check(Float64Array.from(values)), describeValues(sketch, values)).toBeNull();
      looked++;
    }
    expect(looked).toBeGreaterThan(5);
  });
});

describe('the length of a kernel', () => {
  const held = sizeCases.flatMap((workload) => lengthsOf(workload, limits, 8));

  it('is estimated for every operator', () => {
    const operators = listOperators().map(({ name }) => name);
    expect(operators.filter((name) => !sizeCases.some(({ operator }) => operator === name))).toEqual([]);
  });

  it('is predicted in the order of what is emitted: a rank correlation of 0.95 over all operators and awkward shapes', () => {
    expect(held.length).toBeGreaterThan(500);
    expect(correlationOf(held)).toBeGreaterThan(0.95);
    for (const rule of ['tiled', 'rows', 'flat'])
      expect(correlationOf(held.filter((one) => one.rule === rule)), rule).toBeGreaterThan(0.9);
  });

  it('is predicted as well for shapes drawn at random, with which no constant of it was set', () => {
    const drawn = sizeCases.flatMap((one) => varied(one, 3)).flatMap((workload) => lengthsOf(workload, limits, 8));
    expect(drawn.length).toBeGreaterThan(500);
    expect(correlationOf(drawn)).toBeGreaterThan(0.95);
  });

  it('is predicted within a factor of five, and of 1.4 on the average', () => {
    for (const { what, said, emitted } of held) {
      expect(said / emitted, what).toBeGreaterThan(0.2);
      expect(said / emitted, what).toBeLessThan(5);
    }
    const spread = held.reduce((sum, { said, emitted }) => sum + Math.abs(Math.log(said / emitted)), 0) / held.length;
    expect(Math.exp(spread)).toBeLessThan(1.4);
  });

  it('is predicted for matrix instructions too', () => {
    const products = [
      caseOf('matmul', 'm=64,n=128,k=64'),
      caseOf('matmul', 'm=48,n=32,k=96', { epilogue: 'relu(x + bias)' }),
    ];
    const matrices = products
      .flatMap((product) => lengthsOf(product, limitsWith([eight]), 24))
      .filter(({ rule }) => rule === 'matrix');
    expect(matrices.length).toBeGreaterThan(20);
    expect(correlationOf(matrices)).toBeGreaterThan(0.95);
  });
});
