import type { Program } from '../../src/ir/nodes.ts';
import { readsOf } from '../../src/ir/visit.ts';
import { allBlocks } from '../../src/schedule/legality/find.ts';
import { buildSchedule, type ScheduleBuilder } from '../../src/space/builder.ts';
import type { Random } from '../../src/support/random.ts';
import { isRefusal, type Refusal } from '../../src/support/refusal.ts';
import { randomWalk } from './random-schedule.ts';

/**
 * A random schedule in which lanes of a subgroup hold a copy together and read each other's elements, with random steps before and after:
 * random steps alone would hardly make one. Refused where the steps before prevent it.
 */
export function withBroadcast(plain: Program, random: Random): Program | Refusal {
  const start = random.below(3) === 0 ? randomWalk(plain, random, 3).program : plain;
  const shared = buildSchedule(start, (builder) => shareCopy(builder, random));
  return isRefusal(shared) ? shared : randomWalk(shared.program, random, random.below(6)).program;
}

function shareCopy(builder: ScheduleBuilder, random: Random): void {
  const { block } = random.pick(allBlocks(builder.program()));
  const output = block.writes[0]?.buffer as string;
  const parameter = builder.program().outputs.includes(output);
  // A sum in storage would be guarded, and a guarded block cannot read from other lanes.
  const nest = block.reducer !== null && parameter ? builder.cacheWrite(block.name, 'private').block : block.name;
  const loops = builder.ownLoops(nest).filter((loop) => loop.mode === 'serial');
  if (loops.length === 0) return;
  const lanes = random.pick([2, 4]);
  const place = random.below(loops.length);
  let target = loops[place]?.name as string;
  const below = loops[place + 1];
  const wish = random.below(4);
  if (below !== undefined && wish > 0) {
    const [outer, inner] = builder.split(below.name, [null, random.pick([lanes, 8])]);
    builder.bind(inner as string, 'invocation.x');
    if (wish === 2) target = outer as string;
    if (wish === 3) target = inner as string;
  }
  if (random.below(2) === 0) builder.bind(loops[0]?.name as string, random.pick(['workgroup.x', 'invocation.y']));
  if (nest !== block.name) builder.computeAt(block.name, target);
  const buffers = [...new Set(readsOf(block).map((read) => read.buffer))];
  if (buffers.length === 0) return;
  const copy = builder.cacheRead(block.name, random.pick(buffers), 'subgroup');
  builder.computeAt(copy.block, target);
  const own = builder.ownLoops(copy.block);
  const long = own.filter((loop) => loop.extent > 1);
  const spread = random.pick(long.length > 0 ? long : own);
  const [factors, lane] = random.pick<readonly [readonly (number | null)[], number]>([
    [[null, lanes], 1],
    [[null, lanes, 2], 1],
    [[lanes, null], 0],
  ]);
  builder.bind(builder.split(spread.name, factors)[lane] as string, 'subgroup.x');
}
