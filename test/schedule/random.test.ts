import { expect, test } from 'vitest';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import { checkSpec } from '../../src/ir/spec.ts';
import { primitives } from '../../src/schedule/primitives/registry.ts';
import { isFault, printTrace, replay } from '../../src/schedule/replay.ts';
import type { Trace, TraceStep } from '../../src/schedule/trace.ts';
import { createRandom } from '../../src/support/random.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { randomWalk, randomWorkload } from '../support/random-schedule.ts';
import { reversed } from '../support/reversed.ts';
import { integerInputs, plain } from '../support/schedule.ts';

const walks = Number(process.env.WGTUNE_WALKS ?? 300);
const firstSeed = Number(process.env.WGTUNE_SEED ?? 1);
const length = Number(process.env.WGTUNE_WALK_LENGTH ?? 12);

/** Why the program's outputs are not those expected, or null. Softmax rounds differently in another order. */
function wrongOutput(program: Program, inputs: Record<string, Float64Array>, want: Record<string, Float64Array>) {
  const got = interpret(program, inputs);
  for (const name of program.outputs) {
    for (const [position, value] of (want[name] as Float64Array).entries()) {
      const other = got[name]?.[position] ?? Number.NaN;
      if (!(Math.abs(other - value) <= 1e-11 * Math.max(1, Math.abs(value)))) {
        return `${name}[${position}] is ${other}, expected ${value}`;
      }
    }
  }
  return null;
}

test(`${walks} random legal schedules keep the spec, the result and their traces`, () => {
  const accepted = new Map<string, number>();
  for (let seed = firstSeed; seed < firstSeed + walks; seed++) {
    const random = createRandom(seed);
    const { operator, shape, attributes } = randomWorkload(random);
    const start = plain(operator, shape, attributes);
    const inputs = integerInputs(start);
    const want = interpret(start, inputs) as Record<string, Float64Array>;
    const fail = (program: Program, steps: readonly TraceStep[], why: string): never => {
      const code = printTrace({ version: 1, steps });
      throw new Error(`seed ${seed}, ${operator} ${shape}: ${why}\n${code}\n${printProgram(program)}`);
    };
    const walk = randomWalk(start, random, length, (program, steps) => {
      const fault = checkSpec(program);
      if (fault !== null) fail(program, steps, fault);
      let wrong: string | null = null;
      try {
        wrong = wrongOutput(program, inputs as Record<string, Float64Array>, want);
        const backwards = wrongOutput(reversed(program), inputs as Record<string, Float64Array>, want);
        if (wrong === null && backwards !== null) wrong = `with its parallel loops backwards ${backwards}`;
      } catch (error) {
        wrong = error instanceof Error ? error.message : String(error);
      }
      if (wrong !== null) fail(program, steps, wrong);
    });
    for (const { primitive } of walk.trace.steps) accepted.set(primitive, (accepted.get(primitive) ?? 0) + 1);
    const again = replay(start, JSON.parse(JSON.stringify(walk.trace)) as Trace);
    if (isFault(again)) throw new Error(`seed ${seed}: the trace does not replay`);
    expect(again).toEqual(walk.program);
  }
  // A walk that never gets a primitive accepted would prove nothing about it.
  for (const [primitive, count] of accepted) expect([primitive, count > walks / 50]).toEqual([primitive, true]);
  expect(accepted.size).toBe(primitives.length);
}, 300_000);
