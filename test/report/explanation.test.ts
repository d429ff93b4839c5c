import { describe, expect, it } from 'vitest';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { explainTrace, formatExplanation } from '../../src/report/explanation.ts';
import type { Trace } from '../../src/schedule/trace.ts';
import { naiveOf, programOf } from '../../src/tuner/build.ts';

const workload = makeWorkload('reduce_sum', { shape: 'rows=8,cols=64' });

describe('explaining a schedule', () => {
  it('marks the lines that each step made or changed', () => {
    const { steps } = explainTrace(programOf(workload), naiveOf(workload).trace);
    expect(steps.map(({ step }) => step.split('(')[0])).toEqual(['cacheWrite', 'split', 'bind', 'bind', 'computeAt']);
    const bound = steps[2];
    expect(bound?.marked.map((line) => bound.loops.split('\n')[line]?.trim())).toEqual([
      'for store_Y_vi_0 in 1  # workgroup.x',
    ]);
    expect(steps.every(({ refusal }) => refusal === null)).toBe(true);
  });

  it('stops at an illegal step, marks the guilty loop and says what would be legal', () => {
    const trace: Trace = {
      version: 1,
      steps: [
        { primitive: 'split', args: { loop: 'k', factors: [null, 4] } },
        { primitive: 'bind', args: { loop: 'k_1', to: 'invocation.x' } },
        { primitive: 'unroll', args: { loop: 'k_0' } },
      ],
    };
    const explanation = explainTrace(programOf(workload), trace);
    expect(explanation.steps).toHaveLength(2);
    const text = formatExplanation(explanation);
    expect(text).toContain('refused: loop k_1 carries the reduction of block reduce_sum');
    expect(text).toContain('rfactor reduce_sum over k_1 first');
    expect(text).toMatch(/^! {5}for k_1 in 4$/m);
    expect(text).not.toContain('unroll(');
  });

  it('names a primitive that does not exist', () => {
    const { steps } = explainTrace(programOf(workload), { version: 1, steps: [{ primitive: 'slice', args: {} }] });
    expect(steps[0]?.refusal).toContain('there is no primitive named slice; the primitives are split, fuse');
  });
});
