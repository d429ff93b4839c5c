import { expect, test } from 'vitest';
import { type DeviceLimits, defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { naiveSchedule, sketchesOf } from '../../src/space/rules.ts';
import { instantiate, type Scheduled } from '../../src/space/sketch.ts';
import { createRandom, type Random } from '../../src/support/random.ts';
import { isRefusal, type Refusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { withBroadcast } from '../support/random-broadcast.ts';
import { randomWalk, randomWorkload } from '../support/random-schedule.ts';
import { withSubgroups } from '../support/random-subgroups.ts';
import { integerInputs, plain } from '../support/schedule.ts';
import { runLowered, type Values } from './simt.ts';

const rounds = Number(process.env.WGTUNE_LOWERINGS ?? 60);
const firstSeed = Number(process.env.WGTUNE_SEED ?? 1);
/** Small limits, so that they refuse some programs. */
const limits: DeviceLimits = {
  ...defaultLimits,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
  subgroupMinSize: 4,
  subgroupMaxSize: 8,
};

/** Why the kernels do not compute what the plain program does, or null. Softmax rounds differently in another order. */
function fault(program: Program, inputs: Values, want: Values, tally: Map<string, number>): string | null {
  const lowered = lowerProgram(program, limits);
  const outcome = isRefusal(lowered) ? lowered.reason : 'ok';
  tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
  if (!isRefusal(lowered) && emit(lowered).kernels.some(({ features }) => features.includes('subgroups')))
    tally.set('with subgroups', (tally.get('with subgroups') ?? 0) + 1);
  if (isRefusal(lowered)) return null;
  if (program.buffers.some(({ scope }) => scope === 'subgroup'))
    tally.set('shared by lanes', (tally.get('shared by lanes') ?? 0) + 1);
  let got: Values;
  try {
    got = runLowered(lowered, inputs, { subgroupSize: 8 });
  } catch (error) {
    return `${error}\n${printProgram(program)}\n${emit(lowered)
      .kernels.map(({ wgsl }) => wgsl)
      .join('\n')}`;
  }
  for (const name of program.outputs) {
    for (const [position, value] of (want[name] as Float64Array).entries()) {
      const other = got[name]?.[position] ?? Number.NaN;
      if (!(Math.abs(other - value) <= 1e-5 * Math.max(1, Math.abs(value))))
        return `${name}[${position}] is ${other}, expected ${value}\n${printProgram(program)}\n${emit(lowered)
          .kernels.map(({ wgsl }) => wgsl)
          .join('\n')}`;
    }
  }
  return null;
}

function schedulesOf(start: Program, random: Random): (Program | Refusal)[] {
  const sketches = sketchesOf(start).flatMap((sketch) => [sketch, sketch]);
  const programOf = (schedule: Scheduled | Refusal): Program | Refusal =>
    isRefusal(schedule) ? schedule : schedule.program;
  return [
    programOf(naiveSchedule(start)),
    ...sketches.map((sketch) =>
      programOf(
        instantiate(
          sketch,
          sketch.decisions.map((decision) => random.pick(decision.options)),
        ),
      ),
    ),
    randomWalk(start, random, 12).program,
    randomWalk(start, random, 12).program,
    withSubgroups(start, random),
    withBroadcast(start, random),
  ];
}

test(`the kernels of random schedules of ${rounds} random workloads compute what the plain programs do`, () => {
  const tally = new Map<string, number>();
  for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
    const random = createRandom(seed);
    const { operator, shape, attributes } = randomWorkload(random);
    const start = plain(operator, shape, attributes);
    const inputs = integerInputs(start) as Values;
    const want = interpret(start, inputs);
    for (const schedule of schedulesOf(start, random)) {
      if (isRefusal(schedule)) continue;
      const wrong = fault(schedule, inputs, want, tally);
      if (wrong !== null) throw new Error(`seed ${seed}, ${operator} ${shape}: ${wrong}`);
    }
  }
  // Most random walks leave local buffers that two kernels use and are refused; enough must be left to compare.
  expect(tally.get('ok') ?? 0).toBeGreaterThan(rounds * 3);
  expect(tally.get('with subgroups') ?? 0).toBeGreaterThan(rounds / 8);
  expect(tally.get('shared by lanes') ?? 0).toBeGreaterThan(rounds / 16);
}, 90_000);
