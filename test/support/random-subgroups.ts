import type { Program } from '../../src/ir/nodes.ts';
import { allBlocks, findBlock, readersOf } from '../../src/schedule/legality/find.ts';
import { reducesOver } from '../../src/schedule/legality/loops.ts';
import { buildSchedule, type ScheduleBuilder } from '../../src/space/builder.ts';
import type { Random } from '../../src/support/random.ts';
import { isRefusal, type Refusal } from '../../src/support/refusal.ts';
import { randomWalk } from './random-schedule.ts';

/**
 * A random schedule in which lanes of a subgroup share a reduction, with random steps before and after: random steps alone would hardly
 * make one. Refused where the steps before prevent it.
 */
export function withSubgroups(plain: Program, random: Random): Program | Refusal {
  const start = random.below(3) === 0 ? randomWalk(plain, random, 3).program : plain;
  const shared = buildSchedule(start, (builder) => shareReduction(builder, random));
  return isRefusal(shared) ? shared : randomWalk(shared.program, random, random.below(6)).program;
}

function shareReduction(builder: ScheduleBuilder, random: Random): void {
  const loopsOver = (name: string) => {
    const site = findBlock(builder.program(), name);
    return builder.ownLoops(name).filter((loop) => !isRefusal(site) && reducesOver(site.block, loop.name));
  };
  const reductions = allBlocks(builder.program()).filter(({ block }) => loopsOver(block.name).length > 0);
  if (reductions.length === 0) return;
  const { block } = random.pick(reductions);
  const output = block.writes[0]?.buffer as string;
  const lanes = random.pick([2, 4]);
  const [, inner] = builder.split(random.pick(loopsOver(block.name)).name, [null, lanes]);
  const partial = random.below(3) > 0 ? builder.rfactor(block.name, inner as string) : null;
  let reader: string | undefined;
  if (builder.program().outputs.includes(output)) reader = builder.cacheWrite(block.name, 'private').block;
  else {
    builder.apply('setScope', { buffer: output, scope: 'private' });
    reader = readersOf(builder.program(), output)[0]?.block.name;
  }
  const loops = reader === undefined ? [] : builder.ownLoops(reader).filter((loop) => loop.mode === 'serial');
  if (loops.length === 0) return;
  const target = random.pick(loops);
  if (random.below(2) === 0) builder.bind(target.name, random.pick(['workgroup.x', 'invocation.y']));
  const below = loops[loops.indexOf(target) + 1];
  if (below !== undefined && random.below(2) === 0) {
    // More invocations along x than the reduction needs.
    const [, wide] = builder.split(below.name, [null, random.pick([4, 8])]);
    builder.bind(wide as string, 'invocation.x');
  }
  builder.computeAt(block.name, target.name);
  const lane = loopsOver(block.name).find((loop) => loop.extent === lanes);
  if (lane === undefined) return;
  if (partial !== null) {
    for (const buffer of partial.buffers) builder.apply('setScope', { buffer, scope: 'private' });
    builder.computeAt(partial.block, lane.name);
  }
  builder.bind(lane.name, 'subgroup.x');
}
