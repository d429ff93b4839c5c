import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { naiveSchedule, sketchesOf } from '../../src/space/rules.ts';
import { instantiate, type Scheduled } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal, type Refusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { runLowered, type Values } from '../lowering/simt.ts';
import { integerInputs } from '../support/schedule.ts';
import { describeValues, legalCandidates } from './candidates.ts';
import { structures } from './programs.ts';

/** Lowers and executes; the outputs must be those of the plain program, bit for bit: all sums are of small integers. */
function expectSame(plain: Program, made: Scheduled | Refusal, what: string): void {
  if (isRefusal(made)) throw new Error(`${what}: ${explainRefusal(made)}`);
  const lowered = lowerProgram(made.program, defaultLimits);
  if (isRefusal(lowered)) throw new Error(`${what}: ${explainRefusal(lowered)}`);
  const inputs = integerInputs(plain) as Values;
  const want = interpret(plain, inputs);
  const got = runLowered(lowered, inputs);
  for (const name of plain.outputs) expect(got[name], `${what}: ${name}`).toEqual(want[name]);
}

describe('rules apply to any program', () => {
  it.each(Object.entries(structures))('%s: schedules are built and mean the same', (title, build) => {
    const plain = build();
    expectSame(plain, naiveSchedule(plain), 'naive');
    const sketches = sketchesOf(plain);
    expect(sketches.length).toBeGreaterThan(0);
    const random = createRandom(8).fork(title);
    for (const sketch of sketches) {
      const candidates = legalCandidates(sketch, defaultLimits, 12, random);
      expect(candidates.length, sketch.name).toBeGreaterThan(8);
      for (const values of candidates) expectSame(plain, instantiate(sketch, values), describeValues(sketch, values));
    }
  });
});
