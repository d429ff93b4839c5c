import { type InputRule, inputValues, ruleText, type SelfTest } from '../../bundle/self-test.mjs';
import { findOperator } from '../operators/catalog.ts';
import { expectationOf } from '../operators/inputs.ts';
import { describeWorkload, type Workload } from '../operators/workload.ts';
import { createRandom } from '../support/random.ts';
import { programOf } from './build.ts';

const seed = 1;
/** Elements of each output whose values test.json holds. */
const mostPositions = 256;

/**
 * What an exported kernel must compute, for a test without wgtune: inputs by a rule that a few lines of any language follow, and elements of each output
 * by the operator's plain reference.
 */
export function selfTestOf(workload: Workload): SelfTest {
  const program = programOf(workload);
  const fills = findOperator(workload.operator).fills(workload);
  const specOf = (name: string): (typeof program.buffers)[number] =>
    program.buffers.find((buffer) => buffer.name === name) as (typeof program.buffers)[number];
  const random = createRandom(seed);
  const rules = program.inputs.map((name): InputRule => {
    const { dtype, shape } = specOf(name);
    const { low, high, step, density } = fills[name] as (typeof fills)[string];
    const levels = Math.floor((high - low) / step) + 1;
    return { name, dtype, shape, seed: random.fork(name).below(2 ** 31 - 1), low, step, levels, density };
  });
  const values = Object.fromEntries(rules.map((rule) => [rule.name, inputValues(rule)]));
  const expected = expectationOf(workload, values, program);
  const { absolute, relative } = findOperator(workload.operator).tolerance(workload);
  const outputs = program.outputs.map((name) => {
    const { dtype, shape } = specOf(name);
    const size = shape.reduce((product, extent) => product * extent, 1);
    const positions = sampled(size, random);
    // Where the reference is not a number or too large, WGSL promises nothing.
    const known = [...expected(name, positions)].map((value, slot) => [positions[slot] as number, value] as const);
    const finite = known.filter(([, value]) => Number.isFinite(value));
    return {
      name,
      dtype,
      positions: finite.map(([position]) => position),
      expected: finite.map(([, value]) => value),
      absolute,
      relative,
    };
  });
  return { version: 1, title: describeWorkload(workload), rule: ruleText, inputs: rules, outputs };
}

/** The first, the last, and some between. */
function sampled(size: number, random: ReturnType<typeof createRandom>): readonly number[] {
  const positions = new Set([0, size - 1]);
  for (let at = 0; at < mostPositions; at++) positions.add(random.below(size));
  return [...positions].sort((a, b) => a - b);
}
