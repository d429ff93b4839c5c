import { describe, expect, it } from 'vitest';
import type { Program } from '../../src/ir/nodes.ts';
import { decode } from '../../src/operators/inputs.ts';
import { summingBlocks, withHalves, withSumsInF16 } from '../../src/operators/keep-sums.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { describeWorkload, type Workload } from '../../src/operators/workload.ts';
import type { Verification } from '../../src/records/outcome.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { naiveOf, programOf } from '../../src/tuner/build.ts';
import { verificationData } from '../../src/tuner/workload-data.ts';
import { judgedLimits } from '../property/random-case.ts';
import { legalCandidates } from '../space/candidates.ts';
import { verdicts } from '../support/verdicts.ts';

type Case = readonly [operator: string, shape: string, attributes?: Readonly<Record<string, string>>];

/** Sums of 512 and of 4,096 terms. */
const cases: readonly Case[] = [
  ['reduce_sum', 'rows=9,cols=512'],
  ['reduce_sum', 'rows=4096,cols=3,axis=0'],
  ['reduce', 'c=16,h=16,w=32', { kind: 'mean' }],
  ['reduce', 'c=4,h=64,w=64', { kind: 'l2' }],
  ['matmul', 'm=8,n=8,k=512'],
  ['matmul', 'm=8,n=8,k=512,bias=1', { epilogue: 'relu(x + shift)' }],
  ['matmul', 'm=4,n=4,k=4096', { epilogue: 'gelu(x * 0.05)' }],
  ['gemv', 'm=8,k=512'],
  ['conv1d', 'c=256,l=4,oc=4,k=2'],
  ['conv2d', 'c=128,h=3,w=3,oc=4,kh=2,kw=2'],
  ['conv2d_nhwc', 'c=128,h=3,w=3,oc=4,kh=2,kw=2'],
  ['depthwise_conv2d', 'c=8,h=16,w=32,kh=16,kw=32,pad=0'],
  ['depthwise_conv2d_nhwc', 'c=8,h=16,w=32,kh=16,kw=32,pad=0'],
  ['conv_transpose2d', 'c=128,h=1,w=2,oc=2,kh=4,kw=4'],
  ['avg_pool2d', 'c=16,h=32,w=32,kh=32,kw=32,pad=0'],
  ['quantized_matmul', 'm=4,n=8,k=512'],
  ['softmax', 'rows=4,cols=1024'],
  ['log_softmax', 'rows=4,cols=2048'],
  ['layer_norm', 'rows=4,cols=512'],
  ['rms_norm', 'rows=4,cols=512'],
  ['attention', 'h=1,m=4,n=512,d=16,dv=8'],
];

/** Workloads where a tree of sums in f16 is off by less than the rounding of the result, so that no output shows the error. */
const isHardlyHarmed = ({ operator, attributes }: Workload): boolean =>
  operator === 'log_softmax' || operator === 'rms_norm' || attributes.kind === 'l2';

const workloadOf = ([operator, shape, attributes = {}]: Case): Workload =>
  makeWorkload(operator, { shape, attributes, dtype: 'f16' });

const wrongOnes = (seen: Readonly<Record<string, Verification>>): string[] =>
  Object.entries(seen).flatMap(([name, { wrong }]) => (wrong > 0 ? [name] : []));

/** The naive schedule, which adds one term after the other, and one of a sketch, which may add in any order. */
function schedulesOf(workload: Workload, program: Program, seed: number): Program[] {
  const random = createRandom(seed);
  const found = [random.pick(sketchesOf(program, judgedLimits))].flatMap((sketch) =>
    legalCandidates(sketch, judgedLimits, 1, random).map((values) => {
      const made = instantiate(sketch, values);
      if (isRefusal(made)) throw new Error(`${describeWorkload(workload)}: ${explainRefusal(made)}`);
      return made.program;
    }),
  );
  return [naiveOf(workload).program, ...found];
}

describe('verification of f16 with inputs like those of a layer', () => {
  const prepared = cases.map((made, index) => {
    const workload = workloadOf(made);
    const program = programOf(workload);
    const { data } = verificationData(workload, program, index + 1);
    return { title: describeWorkload(workload), workload, program, data, index };
  });

  it.each(prepared)('lets schedules of $title pass', ({ workload, program, data, index }) => {
    for (const scheduled of schedulesOf(workload, program, index)) {
      const seen = verdicts(scheduled, data);
      expect(Object.keys(seen)).toEqual(['own', 'normal', 'ones']);
      for (const verdict of Object.values(seen)) expect(verdict).toMatchObject({ wrong: 0 });
      expect(seen.normal?.checked).toBeGreaterThan(0);
      expect(seen.ones?.checked).toBeGreaterThan(0);
    }
  });

  it.each(prepared)('catches sums in f16 in schedules of $title', ({ workload, program, data, index }) => {
    const schedules = schedulesOf(workload, program, index);
    for (const scheduled of isHardlyHarmed(workload) ? schedules.slice(0, 1) : schedules) {
      const planted = withSumsInF16(scheduled);
      expect(planted).not.toBe(scheduled);
      expect(wrongOnes(verdicts(planted, data))).not.toEqual([]);
    }
  });

  it('needs them: with integers alone, sums in f16 of most products and sums are right', () => {
    const missed = prepared.filter(({ workload, data }) => {
      const seen = verdicts(withSumsInF16(naiveOf(workload).program), data);
      return seen.own?.wrong === 0 && wrongOnes(seen).length > 0;
    });
    expect(missed.length).toBeGreaterThanOrEqual(12);
  });

  it('catches partial sums that are rounded to f16 on their way through memory, and nothing else', () => {
    const partial = prepared.filter(({ workload }) => ['reduce_sum', 'gemv'].includes(workload.operator));
    let planted = 0;
    for (const { workload, program, data, index } of partial) {
      for (const scheduled of schedulesOf(workload, program, index + 50)) {
        const names = summingBlocks(scheduled).flatMap(({ writes }) => writes.map(({ buffer }) => buffer));
        // The last of these buffers has the whole sum.
        for (const name of names.filter((own) => /_rf/.test(own)).slice(0, -1)) {
          const seen = verdicts(withHalves(scheduled, new Set([name])), data);
          expect(wrongOnes(seen), `${describeWorkload(workload)}, ${name}`).not.toEqual([]);
          planted++;
        }
      }
    }
    expect(planted).toBeGreaterThan(0);
  });

  it('is for f16 with sums in f32 alone', () => {
    const furtherOf = (operator: string, wish: Parameters<typeof makeWorkload>[1]) => {
      const workload = makeWorkload(operator, wish);
      return verificationData(workload, programOf(workload), 1).data.further?.map(({ name }) => name);
    };
    expect(furtherOf('matmul', { dtype: 'f16' })).toEqual(['normal', 'ones']);
    expect(furtherOf('matmul', { dtype: 'f32' })).toEqual([]);
    expect(furtherOf('matmul', { dtype: 'f16', attributes: { accumulate: 'f16' } })).toEqual([]);
    expect(furtherOf('elementwise', { dtype: 'f16' })).toEqual([]);
    expect(furtherOf('reduce_max', { dtype: 'f16' })).toEqual([]);
    // With inputs of ones all deviations are 0, and a small epsilon magnifies what is rounded off.
    expect(furtherOf('layer_norm', { dtype: 'f16', attributes: { epsilon: '1e-12' } })).toEqual(['normal']);
    // 100,000 is beyond f16.
    expect(furtherOf('reduce_sum', { dtype: 'f16', shape: 'rows=1,cols=100000' })).toEqual(['normal']);
  });

  it('has inputs that f16 holds, and keeps within bounds what has bounds of its own', () => {
    const workload = makeWorkload('matmul', {
      dtype: 'f16',
      shape: 'm=64,n=64,k=64',
      attributes: { epilogue: 'x / scale' },
    });
    const { data } = verificationData(workload, programOf(workload), 1);
    const [normal, ones] = data.further ?? [];
    const valuesOf = (set: typeof normal, name: string): Float64Array =>
      decode(set?.inputs.find(({ buffer }) => buffer === name)?.bytes ?? new Uint8Array(), 'f16');
    const A = valuesOf(normal, 'A');
    const mean = A.reduce((sum, value) => sum + value, 0) / A.length;
    const variance = A.reduce((sum, value) => sum + value * value, 0) / A.length;
    expect(Math.abs(mean)).toBeLessThan(0.1);
    expect(Math.abs(variance - 1)).toBeLessThan(0.1);
    expect(new Set(A).size).toBeGreaterThan(1000);
    expect(valuesOf(ones, 'A').every((value) => value === 1)).toBe(true);
    for (const set of [normal, ones]) expect(valuesOf(set, 'scale').every((value) => value >= 0.25)).toBe(true);
  });
});
