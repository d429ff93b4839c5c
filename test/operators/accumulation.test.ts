import { describe, expect, it } from 'vitest';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import { accumulates } from '../../src/ir/reducers.ts';
import { checkSpec } from '../../src/ir/spec.ts';
import { blocksOf } from '../../src/ir/visit.ts';
import { listOperators } from '../../src/operators/catalog.ts';
import { summingBlocks } from '../../src/operators/keep-sums.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { naiveOf, programOf } from '../../src/tuner/build.ts';
import { judgedLimits } from '../property/random-case.ts';
import { legalCandidates } from '../space/candidates.ts';

/** A sum of ones in f16 stops growing here. */
const stuck = 2048;

interface Case {
  readonly operator: string;
  readonly shape: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** The largest result of inputs that are all 1. */
  readonly result: number;
  /** Absent where `accumulate=f16` is refused. */
  readonly inF16?: number;
}

const cases: readonly Case[] = [
  { operator: 'reduce_sum', shape: 'rows=2,cols=4096', result: 4096, inF16: stuck },
  { operator: 'reduce_sum', shape: 'rows=4096,cols=3,axis=0', result: 4096, inF16: stuck },
  { operator: 'reduce', shape: 'c=2,h=64,w=64', attributes: { kind: 'sum' }, result: 4096, inF16: stuck },
  { operator: 'reduce', shape: 'c=2,h=64,w=64', attributes: { kind: 'mean' }, result: 1, inF16: 0.5 },
  { operator: 'reduce', shape: 'c=2,h=64,w=64', attributes: { kind: 'l2' }, result: 64, inF16: 45.25 },
  { operator: 'matmul', shape: 'm=2,n=3,k=4096', result: 4096, inF16: stuck },
  { operator: 'matmul', shape: 'b=2,m=2,n=3,k=4095,bias=1', result: 4096, inF16: stuck },
  { operator: 'gemv', shape: 'm=3,k=4096', result: 4096, inF16: stuck },
  { operator: 'conv1d', shape: 'c=1024,l=4,oc=2,k=3', result: 3072, inF16: stuck },
  { operator: 'conv1d', shape: 'c=2048,l=4,oc=2,k=3,groups=2', result: 3072, inF16: stuck },
  { operator: 'conv2d', shape: 'c=512,h=3,w=3,oc=2', result: 4608, inF16: stuck },
  { operator: 'conv2d', shape: 'c=1024,h=3,w=3,oc=2,groups=2', result: 4608, inF16: stuck },
  { operator: 'conv2d_nhwc', shape: 'c=512,h=3,w=3,oc=2', result: 4608, inF16: stuck },
  { operator: 'depthwise_conv2d', shape: 'c=2,h=64,w=64,kh=64,kw=64,pad=0', result: 4096, inF16: stuck },
  { operator: 'depthwise_conv2d_nhwc', shape: 'c=2,h=64,w=64,kh=64,kw=64,pad=0', result: 4096, inF16: stuck },
  { operator: 'conv_transpose2d', shape: 'c=2048,h=2,w=2,oc=2,stride=1', result: 8192, inF16: stuck },
  { operator: 'conv_transpose2d', shape: 'c=2048,h=2,w=2,oc=2', result: 8192, inF16: stuck },
  { operator: 'avg_pool2d', shape: 'c=2,h=64,w=64,kh=64,kw=64,pad=0', result: 1, inF16: 0.5 },
  // A scale of 1 and the weight 1: see onesOf.
  { operator: 'quantized_matmul', shape: 'm=2,n=3,k=4096', result: 4096, inF16: stuck },
  { operator: 'softmax', shape: 'rows=2,cols=4096', result: 1 / 4096 },
  { operator: 'log_softmax', shape: 'rows=2,cols=4096', result: -8.3203125 },
  { operator: 'layer_norm', shape: 'rows=2,cols=4096', result: 1 },
  { operator: 'rms_norm', shape: 'rows=2,cols=4096', result: 1 },
  { operator: 'group_norm', shape: 'c=4,h=64,w=32,groups=2', result: 1 },
  { operator: 'instance_norm', shape: 'c=2,h=64,w=64', result: 1 },
  { operator: 'lrn', shape: 'c=8,h=2,w=2', attributes: { alpha: '1' }, result: 0.703125 },
  // Blocks of 32 are summed first, and their sums are exact in f16.
  { operator: 'cumsum', shape: 'rows=2,cols=4096', result: 4096, inF16: 4096 },
  { operator: 'attention', shape: 'h=1,m=1,n=4096,d=4096,dv=2', result: 1 },
];

const titleOf = ({ operator, shape, attributes = {} }: Case): string =>
  [operator, shape, ...Object.values(attributes)].join(' ');
const workloadOf = ({ operator, shape, attributes = {} }: Case, accumulate = 'f32') =>
  makeWorkload(operator, { shape, attributes: { ...attributes, accumulate }, dtype: 'f16' });

/** Inputs with every element 1; of packed weights, every weight is 1 once its zero point of 8 is subtracted. */
function onesOf(program: Program): Record<string, Float64Array> {
  return Object.fromEntries(
    program.inputs.map((name) => {
      const buffer = program.buffers.find((candidate) => candidate.name === name);
      const size = buffer?.shape.reduce((all, next) => all * next, 1) ?? 0;
      return [name, new Float64Array(size).fill(buffer?.dtype === 'u32' ? 0x99999999 : 1)];
    }),
  );
}

/** The largest element of the output of inputs that are all 1. */
function largestOf(program: Program): number {
  expect(checkSpec(program)).toBeNull();
  const outputs = interpret(program, onesOf(program), { rounding: true });
  return (outputs[program.outputs[0] as string] as Float64Array).reduce((most, next) => Math.max(most, next));
}

/** Buffers that a reduction which rounds writes, as `name: dtype`. */
function accumulatorsOf(program: Program): string[] {
  return blocksOf(program)
    .filter(({ reducer }) => reducer !== null && accumulates(reducer.op))
    .flatMap(({ writes }) => writes.map(({ buffer }) => buffer))
    .map((name) => `${name}: ${program.buffers.find((buffer) => buffer.name === name)?.dtype}`);
}

describe('sums of f16 elements', () => {
  it.each(cases.map((made) => [titleOf(made), made] as const))('are kept in f32 by %s', (_, made) => {
    const program = programOf(workloadOf(made));
    expect(largestOf(program)).toBe(made.result);
    expect(largestOf(naiveOf(workloadOf(made)).program)).toBe(made.result);
    for (const accumulator of accumulatorsOf(program)) expect(accumulator).toMatch(/: f32$/);
  });

  it('are kept in f32 by every schedule there is: in registers, workgroup memory and partial sums', {
    timeout: 120_000,
  }, () => {
    let schedules = 0;
    for (const [index, made] of cases.entries()) {
      const program = programOf(workloadOf(made));
      for (const sketch of sketchesOf(program, judgedLimits)) {
        for (const values of legalCandidates(sketch, judgedLimits, 2, createRandom(index + 1))) {
          const scheduled = instantiate(sketch, values);
          if (isRefusal(scheduled)) throw new Error(`${titleOf(made)}: ${explainRefusal(scheduled)}`);
          const accumulators = accumulatorsOf(scheduled.program);
          expect(accumulators.length).toBeGreaterThan(0);
          for (const accumulator of accumulators)
            expect(accumulator, `${titleOf(made)}, ${sketch.name}`).toMatch(/: f32$/);
          const halves = scheduled.program.buffers.filter(
            ({ dtype, name }) => dtype === 'f16' && /_(sum|rf)/.test(name),
          );
          expect(
            halves.filter(({ scope }) => scope === 'storage'),
            titleOf(made),
          ).toEqual([]);
          schedules++;
        }
      }
    }
    expect(schedules).toBeGreaterThan(80);
  });

  it('give the right answer on a schedule of every operator', { timeout: 120_000 }, () => {
    for (const [index, made] of cases.entries()) {
      const program = programOf(workloadOf(made));
      const random = createRandom(index + 7);
      const sketch = random.pick(sketchesOf(program, judgedLimits));
      for (const values of legalCandidates(sketch, judgedLimits, 1, random)) {
        const scheduled = instantiate(sketch, values);
        if (isRefusal(scheduled)) throw new Error(`${titleOf(made)}: ${explainRefusal(scheduled)}`);
        expect(largestOf(scheduled.program), `${titleOf(made)}, ${sketch.name}`).toBe(made.result);
      }
    }
  });

  it('are kept in f16 where accumulate=f16 asks for it, and lose what its doc says', () => {
    for (const made of cases) {
      if (made.inF16 === undefined) {
        expect(() => workloadOf(made, 'f16'), titleOf(made)).toThrow(
          new RegExp(`^${made.operator}: sums of ${made.operator} are kept in f32: .*; leave accumulate out$`),
        );
        continue;
      }
      const program = programOf(workloadOf(made, 'f16'));
      expect(largestOf(program), titleOf(made)).toBe(made.inF16);
      for (const accumulator of accumulatorsOf(program)) expect(accumulator).toMatch(/: f16$/);
    }
  });

  it('are tried here for every operator that sums', () => {
    const summing = listOperators()
      .filter(({ name }) => summingBlocks(programOf(makeWorkload(name, { dtype: 'f16' }))).length > 0)
      .map(({ name }) => name);
    expect(summing.filter((name) => !cases.some(({ operator }) => operator === name))).toEqual([]);
    expect(summing.length).toBeGreaterThanOrEqual(17);
  });

  it('keep products, values made of sums and scratch between stages in f32, and round once', () => {
    const print = (operator: string, shape: string) =>
      printProgram(programOf(makeWorkload(operator, { shape, dtype: 'f16' })));
    const product = print('matmul', 'm=2,n=3,k=5,bias=1');
    expect(product).toContain('C_sum[vb, vi, vj] sum= f32(A[vb, vi, vk]) * f32(B[vb, vk, vj])');
    expect(product).toContain('C[vb, vi, vj] = f16(C_sum[vb, vi, vj] + f32(bias[vj]))');
    const phases = print('conv_transpose2d', 'c=2,h=3,w=3,oc=2');
    expect(phases).toMatch(/storage phases: f32/);
    expect(phases.match(/f16\(/g)).toHaveLength(1);
    for (const operator of ['softmax', 'layer_norm', 'attention'])
      expect(print(operator, '')).not.toMatch(/storage (?!padded)\w+: f16/);
  });

  it('change nothing where a workload is of f32', () => {
    for (const { name } of listOperators()) {
      const program = programOf(makeWorkload(name));
      expect(program.buffers.filter(({ dtype }) => dtype === 'f16')).toEqual([]);
    }
  });
});

describe('accumulate', () => {
  const complaint = (operator: string, accumulate: string, dtype: string, attributes = {}): string => {
    try {
      makeWorkload(operator, { dtype, attributes: { accumulate, ...attributes } });
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('is refused where it is unknown or would change nothing', () => {
    expect(complaint('matmul', 'f64', 'f16')).toBe('matmul: accumulate="f64" must be f32 (the default) or f16');
    expect(complaint('matmul', 'f16', 'f32')).toBe(
      'matmul: accumulate=f16 needs elements of f16, and these are f32; leave accumulate out, or take dtype f16',
    );
    expect(complaint('reduce', 'f16', 'f16', { kind: 'max' })).toBe(
      'reduce: accumulate=f16 says what sums are kept in, and here reduce has none; leave accumulate out',
    );
    expect(complaint('elementwise', 'f16', 'f16')).toMatch(/here elementwise has none; leave accumulate out$/);
    expect(complaint('matmul', 'f32', 'f32')).toBe('');
  });

  it('is left out of a workload where it is f32, so that there is only one way to say so', () => {
    expect(makeWorkload('matmul', { dtype: 'f16', attributes: { accumulate: 'f32' } }).attributes).toEqual({});
    expect(makeWorkload('matmul', { dtype: 'f16', attributes: { accumulate: 'f16' } }).attributes).toEqual({
      accumulate: 'f16',
    });
  });
});
