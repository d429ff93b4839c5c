import { describe, expect, it } from 'vitest';
import type { LoweredProgram } from '../../src/ir/kernel.ts';
import { defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import type { EstimateName } from '../../src/space/kernel-estimate.ts';
import { createPruner } from '../../src/space/pruning.ts';
import { recordedValues } from '../../src/space/recorded.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate, type Sketch } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { operationsOf } from '../../src/testing/operations.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { expectSameMeaning } from '../lowering/equality.ts';
import { expectSameResult, plain } from '../support/schedule.ts';
import { describeValues, estimated, legalCandidates } from './candidates.ts';

const tiledOf = (program: Program): Sketch => {
  const sketch = sketchesOf(program).find(({ name }) => name === 'tiled');
  if (sketch === undefined) throw new Error('no tiled sketch');
  return sketch;
};

/** Decision values by their name without that of the stage; the smallest option for all others. */
function decide(sketch: Sketch, chosen: Readonly<Record<string, number>>): Float64Array {
  const short = (name: string): string => name.slice(name.indexOf('.') + 1);
  for (const name of Object.keys(chosen))
    if (!sketch.decisions.some((decision) => short(decision.name) === name)) throw new Error(`no decision ${name}`);
  return Float64Array.from(sketch.decisions, ({ name, options }) => chosen[short(name)] ?? (options[0] as number));
}

function loweredOf(sketch: Sketch, values: Float64Array): LoweredProgram {
  const made = instantiate(sketch, values);
  if (isRefusal(made)) throw new Error(`${describeValues(sketch, values)}: ${explainRefusal(made)}`);
  const lowered = lowerProgram(made.program, defaultLimits);
  if (isRefusal(lowered)) throw new Error(explainRefusal(lowered));
  return lowered;
}

const wgslOf = (sketch: Sketch, values: Float64Array): string =>
  emit(loweredOf(sketch, values))
    .kernels.map((kernel) => kernel.wgsl)
    .join('\n');

const operationsIn = (sketch: Sketch, values: Float64Array): number =>
  loweredOf(sketch, values).kernels.reduce((sum, kernel) => sum + operationsOf(kernel), 0);

const estimateOf = (sketch: Sketch, values: Float64Array, name: EstimateName): number =>
  estimated(sketch, 0, values, name);

const conflictOf = (sketch: Sketch, values: Float64Array): string | null =>
  createPruner(sketch, defaultLimits).check(values);

const names = (sketch: Sketch): string[] => sketch.decisions.map(({ name }) => name);
const tile = { 'j.invocations': 8, 'j.registers': 2, 'i.invocations': 4, 'i.registers': 4, 'k.step': 8 };

describe('a partition of the grid', () => {
  const sketch = tiledOf(plain('matmul', 'm=45,n=64,k=24'));

  it('leaves the interior without a guard', () => {
    const [interior, rest] = wgslOf(sketch, decide(sketch, { ...tile, partition: 1 })).split('if (wg.y >= 2u)');
    expect(interior).not.toMatch(/select\(|inside|\[min\(/);
    expect(rest).toMatch(/inside/);
    expect(wgslOf(sketch, decide(sketch, tile))).toMatch(/inside/);
  });

  it('is counted: two parts in the text, a third of the workgroups guarded', () => {
    const [with1, without] = [decide(sketch, { ...tile, partition: 1 }), decide(sketch, tile)];
    expect(estimateOf(sketch, with1, 'parts')).toBe(2);
    expect(estimateOf(sketch, with1, 'guarded')).toBeCloseTo(1 / 3);
    expect(estimateOf(sketch, without, 'guarded')).toBe(1);
    // Only the part with guards has them, so the estimate for two parts is not twice that for one.
    for (const values of [with1, without])
      expect(Math.abs(estimateOf(sketch, values, 'statements') / operationsIn(sketch, values) - 1)).toBeLessThan(0.25);
  });

  it('is no choice where all tiles divide, and is refused where the chosen tile does', () => {
    expect(names(tiledOf(plain('matmul', 'm=64,n=64,k=64')))).not.toContain('matmul.partition');
    const divided = decide(sketch, { ...tile, 'i.invocations': 5, 'i.registers': 1, partition: 1 });
    expect(conflictOf(sketch, divided)).toBe('nothing-to-partition');
  });
});

describe('a partition of the steps', () => {
  const sketch = tiledOf(plain('matmul', 'm=32,n=32,k=45'));

  it('makes whole steps load without a guard', () => {
    const staged = { ...tile, 'j.registers': 1, 'i.registers': 1, 'A.workgroup': 1 };
    const steps = (values: Readonly<Record<string, number>>): string =>
      wgslOf(sketch, decide(sketch, values)).split('for (var matmul_vk_0 ')[1]?.split('\n  }\n')[0] ?? '';
    expect(steps(staged)).toMatch(/45u|44u/);
    expect(steps({ ...staged, 'partition-steps': 1 })).not.toMatch(/45u|44u|select\(/);
  });

  it('has a tile of its own for the rest', () => {
    const staged = { ...tile, 'A.workgroup': 1 };
    const bytes = (values: Readonly<Record<string, number>>) =>
      estimateOf(sketch, decide(sketch, values), 'workgroupBytes');
    expect(bytes({ ...staged, 'partition-steps': 1 })).toBe(2 * bytes(staged));
  });
});

describe('tiles in workgroup memory', () => {
  const sketch = tiledOf(plain('matmul', 'm=32,n=32,k=64'));
  const staged = { ...tile, 'A.workgroup': 1 };

  it('may have longer rows', () => {
    expect(wgslOf(sketch, decide(sketch, { ...staged, 'row-padding': 1 }))).toContain('array<f32, 144>');
    expect(estimateOf(sketch, decide(sketch, { ...staged, 'row-padding': 1 }), 'workgroupBytes')).toBe(16 * 9 * 4);
    expect(conflictOf(sketch, decide(sketch, { ...tile, 'row-padding': 1 }))).toBe('no-rows-to-pad');
  });

  it('may take turns, with one barrier per step', () => {
    const loop = (values: Readonly<Record<string, number>>): number =>
      (wgslOf(sketch, decide(sketch, values)).split('for (var matmul_vk_0 ')[1] ?? '').split('workgroupBarrier')
        .length - 1;
    expect(loop(staged)).toBe(2);
    expect(loop({ ...staged, 'double-buffer': 1 })).toBe(1);
    expect(estimateOf(sketch, decide(sketch, { ...staged, 'double-buffer': 1 }), 'workgroupBytes')).toBe(
      2 * 16 * 8 * 4,
    );
    // One per step and one before the first.
    expect(estimateOf(sketch, decide(sketch, { ...staged, 'double-buffer': 1 }), 'barriers')).toBe(8 + 1);
  });

  it('take no turns where there is no tile, no second step or a step that does not divide', () => {
    const on = { 'double-buffer': 1 };
    expect(conflictOf(sketch, decide(sketch, { ...tile, ...on }))).toBe('nothing-to-overlap');
    const short = tiledOf(plain('matmul', 'm=32,n=32,k=12'));
    expect(conflictOf(short, decide(short, { ...staged, 'k.step': 12, ...on }))).toBe('nothing-to-overlap');
    expect(conflictOf(short, decide(short, { ...staged, ...on }))).toBe('step-does-not-divide');
  });
});

it.each([
  ['matmul', 'm=13,n=11,k=9'],
  ['matmul', 'b=2,m=6,n=12,k=10,transpose_b=1'],
  ['conv2d', 'n=1,c=5,h=4,w=5,oc=3'],
  ['conv2d', 'n=1,c=4,h=7,w=5,oc=4,groups=2,stride=2'],
] as const)('%s %s: whatever is decided about edges and tiles, the kernel computes the same', (operator, shape) => {
  const start = plain(operator, shape);
  const sketch = tiledOf(start);
  const random = createRandom(21);
  const later = sketch.decisions.flatMap((decision, i) => (decision.before === undefined ? [] : [i]));
  const seen = new Set<number>();
  for (const values of legalCandidates(sketch, defaultLimits, 150, random)) {
    const used = later.filter((i) => values[i] !== 0);
    if (used.every((i) => seen.has(i))) continue;
    for (const i of used) seen.add(i);
    const made = instantiate(sketch, values);
    if (isRefusal(made)) throw new Error(`${describeValues(sketch, values)}: ${explainRefusal(made)}`);
    expectSameResult(made.program, start);
    expectSameMeaning(made.program);
  }
  // A value that never occurred was never tested.
  expect([...seen].sort((a, b) => a - b)).toEqual(later);
});

it('a record from before these decisions still names a candidate', () => {
  const sketch = tiledOf(plain('matmul', 'm=45,n=64,k=24'));
  const old = Object.fromEntries(
    sketch.decisions.flatMap(({ name, options, before }) =>
      before === undefined ? [[name, options[0] as number]] : [],
    ),
  );
  expect(recordedValues(sketch, old)).toEqual(sketch.decisions.map(({ options }) => options[0]));
  expect(recordedValues(sketch, { ...old, 'matmul.unheard-of': 1 })).toBeNull();
  const { 'matmul.k.step': _, ...less } = old;
  expect(recordedValues(sketch, less)).toBeNull();
});
