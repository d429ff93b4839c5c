import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { checkSpec } from '../../src/ir/spec.ts';
import { findOperator, listOperators } from '../../src/operators/catalog.ts';
import { expectedAt, generateInputs } from '../../src/operators/inputs.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { naiveSchedule, sketchesOf } from '../../src/space/rules.ts';
import { instantiate } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { lowered } from '../lowering/equality.ts';
import { describeValues, legalCandidates } from '../space/candidates.ts';
import { smallShape } from './small-shapes.ts';

/** Random candidates of each sketch that are tried. */
const candidates = 3;

describe('rules make schedules of every operator, and these compute what its reference says', () => {
  const names = listOperators().map(({ name }) => name);
  it.each(names.flatMap((name) => [[name, 'f32'] as const, [name, 'f16'] as const]))('%s %s', (name, dtype) => {
    const operator = findOperator(name);
    const workload = makeWorkload(name, { shape: smallShape(name), dtype });
    const program = operator.build(workload);
    const inputs = generateInputs(workload, 3);
    const output = program.outputs[0] ?? '';
    const expected = expectedAt(workload, inputs, output, null);
    const { absolute, relative } = operator.tolerance(workload);
    const judge = (scheduled: Program, title: string): void => {
      expect(checkSpec(scheduled), title).toBeNull();
      const got = interpret(scheduled, inputs, { rounding: true })[output];
      expected.forEach((want, at) => {
        const miss = Math.abs((got?.[at] ?? Number.NaN) - want);
        expect(miss, `${title} at ${at}`).toBeLessThanOrEqual(absolute + relative * Math.abs(want));
      });
      expect(lowered(scheduled).kernels.length, title).toBeGreaterThan(0);
    };

    const naive = naiveSchedule(program);
    if (isRefusal(naive)) throw new Error(explainRefusal(naive));
    judge(naive.program, 'naive');
    const random = createRandom(17);
    const sketches = sketchesOf(program);
    expect(sketches.length).toBeGreaterThan(0);
    for (const sketch of sketches) {
      const found = legalCandidates(sketch, defaultLimits, candidates, random);
      expect(found.length, sketch.name).toBeGreaterThan(0);
      for (const values of found) {
        const made = instantiate(sketch, values);
        if (isRefusal(made)) throw new Error(`${describeValues(sketch, values)}: ${explainRefusal(made)}`);
        judge(made.program, describeValues(sketch, values));
      }
    }
  });
});
