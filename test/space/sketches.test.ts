import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/ir/limits.ts';
import { checkSpec } from '../../src/ir/spec.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { isFault, replay } from '../../src/schedule/replay.ts';
import { powersOfTwo, tileOptions } from '../../src/space/decision.ts';
import { naiveSchedule, sketchesOf } from '../../src/space/rules.ts';
import { instantiate } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { legalCandidates, programOfCase } from './candidates.ts';
import { type Case, cases, hugeCases } from './cases.ts';

const rulesOf = (operator: string, shape: string): string[] =>
  sketchesOf(programOfCase({ title: '', operator, wish: { shape } })).map((sketch) => sketch.name);

describe.each([...cases, ...hugeCases])('the space of $title', (workload: Case) => {
  const program = programOfCase(workload);
  const sketches = sketchesOf(program);

  it('has sketches, each with a name of its own', () => {
    expect(sketches.length).toBeGreaterThan(0);
    expect(new Set(sketches.map((sketch) => sketch.name)).size).toBe(sketches.length);
  });

  it('has decisions with names of their own and options that ascend from the smallest', () => {
    for (const { decisions, tilings, name } of sketches) {
      expect(new Set(decisions.map((decision) => decision.name)).size, name).toBe(decisions.length);
      for (const { options, name: decision, doc } of decisions) {
        expect(doc, decision).not.toBe('');
        expect(options.length, decision).toBeGreaterThan(1);
        for (let i = 1; i < options.length; i++)
          expect(options[i] as number, decision).toBeGreaterThan(options[i - 1] as number);
      }
      expect(tilings.flatMap((tiling) => tiling.decisions)).toEqual(decisions);
    }
  });

  it('has a legal candidate in every sketch, whose trace replays to the same program', () => {
    const random = createRandom(4).fork(workload.title);
    for (const sketch of sketches) {
      const [values] = legalCandidates(sketch, defaultLimits, 1, random);
      const made = instantiate(sketch, values as Float64Array);
      if (isRefusal(made)) throw new Error(`${sketch.name}: ${explainRefusal(made)}`);
      expect(checkSpec(made.program)).toBeNull();
      const again = replay(program, JSON.parse(JSON.stringify(made.trace)));
      if (isFault(again)) throw new Error(explainRefusal(again.refusal));
      expect(again).toEqual(made.program);
    }
  });

  it('has a naive schedule with one invocation per output', () => {
    const naive = naiveSchedule(program);
    if (isRefusal(naive)) throw new Error(explainRefusal(naive));
    const lowered = lowerProgram(naive.program, defaultLimits);
    if (isRefusal(lowered)) throw new Error(explainRefusal(lowered));
    expect(naive.trace.steps.map((step) => step.primitive)).not.toContain('cacheRead');
    const size = program.buffers.find((buffer) => buffer.name === program.outputs[0])?.shape.reduce((a, b) => a * b, 1);
    const { workgroupSize, dispatch } = lowered.kernels.at(-1) as (typeof lowered.kernels)[number];
    const invocations = [...workgroupSize, ...dispatch].reduce((a, b) => a * b, 1);
    expect(invocations).toBeGreaterThanOrEqual(size as number);
    const [last] = workgroupSize;
    // Surplus invocations are fewer than a workgroup, or than a row of the grid where it has two dimensions.
    expect(invocations - (size as number)).toBeLessThan(dispatch[1] > 1 ? dispatch[0] * last : last);
  });
});

describe('rules ask about structure', () => {
  it('a product with reuse is tiled; one with few outputs may also share its reduction', () => {
    expect(rulesOf('matmul', 'm=256,n=256,k=256')).toEqual(['tiled']);
    expect(rulesOf('matmul', 'm=8,n=8,k=512')).toEqual(['tiled', 'rows']);
  });

  it('a reduction without reuse goes by rows, an elementwise operator is flat', () => {
    expect(rulesOf('reduce_sum', 'rows=64,cols=64')).toEqual(['rows']);
    expect(rulesOf('elementwise', 'n=1,c=2,h=3,w=4')).toEqual(['flat']);
  });

  it('a reduction over windows is tiled too, an operand that lies along another axis may be turned', () => {
    expect(rulesOf('max_pool2d', 'h=9,w=8')).toEqual(['tiled', 'rows']);
    expect(rulesOf('transpose', 'c=7,h=5,w=9')).toEqual(['flat', 'turned']);
    expect(rulesOf('transpose', 'c=1,h=5,w=9')).toEqual(['flat']);
  });

  it('a product whose rows vectors do not divide may have padded copies of its operands', () => {
    expect(rulesOf('matmul', 'm=64,n=77,k=200')).toEqual(['tiled', 'rows', 'padded+tiled+flat']);
    expect(rulesOf('matmul', 'm=64,n=77,k=33')).toEqual(['tiled', 'rows', 'padded+tiled+flat+flat']);
    // There are too few products per element for a copy to pay.
    expect(rulesOf('matmul', 'm=8,n=999,k=200')).toEqual(['tiled', 'rows']);
  });

  it('an operand that a product reads again and again may be stored, and rows fused up to it', () => {
    const stagesOf = ({ tilings }: (typeof sketches)[number]): string[] =>
      tilings.map(({ nests }) => nests.map(({ stage }) => stage.block.name).join(' ')).sort();
    const sketches = sketchesOf(
      programOfCase({ title: '', operator: 'attention', wish: { shape: 'h=4,m=128,n=128,d=64,dv=64' } }),
    );
    expect(sketches.map(stagesOf)).toEqual([
      ['find_row_max', 'scores', 'sum_row', 'weigh_values'],
      ['find_row_max sum_row normalise', 'scores', 'weigh_values'],
      ['find_row_max', 'normalise', 'scores', 'sum_row', 'weigh_values'],
      ['scores find_row_max_rf sum_row_weights sum_row_rf weigh_values_rf weigh_values weigh_values_rescaled'],
    ]);
  });

  it('stages that share their rows may become one kernel, and may stay three', () => {
    const [fused, apart] = rulesOf('softmax', 'rows=64,cols=64');
    expect(fused).toBe('rows');
    expect(apart?.split('+').sort()).toEqual(['flat', 'rows', 'rows']);
  });
});

describe('options', () => {
  it('are powers of two up to the next above the extent, and divisors', () => {
    expect(powersOfTwo(8)).toEqual([1, 2, 4, 8]);
    expect(tileOptions(7, 64)).toEqual([1, 2, 4, 7, 8]);
    expect(tileOptions(12, 8)).toEqual([1, 2, 3, 4, 6, 8]);
    expect(tileOptions(1, 64)).toEqual([1]);
  });

  it('stay few, and keep the extent itself', () => {
    for (const extent of [60, 197, 720, 1024, 1260]) {
      const options = tileOptions(extent, 256);
      expect(options.length).toBeLessThanOrEqual(12);
      if (extent <= 256) expect(options).toContain(extent);
    }
  });
});
