import type { Formula } from '../../arithmetic/formula.ts';
import type { BindTarget, ScheduleBuilder } from '../builder.ts';
import { mostWrittenRounds } from '../derive/traffic.ts';
import type { StageInfo } from '../stage.ts';
import { factorOf, lastNest, type Tiling } from '../tiling.ts';

/** The values of formulas once decisions are made. */
export type Numbers = (formula: Formula) => number;

const dimensions = ['x', 'y', 'z'] as const;
const modeAlong = (kind: 'workgroup' | 'invocation', dimension: number): BindTarget =>
  `${kind}.${dimensions[dimension] as (typeof dimensions)[number]}`;

/** Binds loops to the dimensions they lie along, z first; several along one are fused. Returns the loop along x. */
export function bindAlong(
  builder: ScheduleBuilder,
  kind: 'workgroup' | 'invocation',
  loops: readonly { readonly loop: string; readonly along: number }[],
): string {
  let bound = '';
  for (const dimension of [2, 1, 0]) {
    const own = loops.filter(({ along }) => along === dimension).map(({ loop }) => loop);
    if (own.length === 0) continue;
    bound = builder.fuse(own);
    builder.bind(bound, modeAlong(kind, dimension));
  }
  return bound;
}

/** Makes a stage accumulate in registers; returns the block that stores the result, with the stage's epilogue in it. */
export function storeOf(builder: ScheduleBuilder, stage: StageInfo): string {
  const store = builder.cacheWrite(stage.block.name, 'private').block;
  if (stage.epilogue !== null) builder.apply('reverseComputeInline', { block: stage.epilogue.block });
  return store;
}

/** Invocations of a workgroup along x, y and z. */
export function workgroupSizeOf(tiling: Tiling, value: Numbers): readonly [number, number, number] {
  const size: [number, number, number] = [tiling.meeting.kind === 'matrix' ? tiling.meeting.lanes : 1, 1, 1];
  for (const axis of lastNest(tiling).axes)
    for (const level of axis.levels)
      if (level.kind === 'invocation') {
        const along = value(level.along ?? 0) as 0 | 1 | 2;
        size[along] *= value(factorOf(axis, level));
      }
  return size;
}

/** Spreads a copying block's loops over all invocations of the workgroup, `size` of them in x, y and z: cooperative loading. */
export function cooperate(
  builder: ScheduleBuilder,
  block: string,
  size: readonly [number, number, number],
  vector: number,
): void {
  const loops = builder.ownLoops(block);
  const width = [vector, vector / 2].find((wide) => wide > 1 && (loops.at(-1)?.extent ?? 1) % wide === 0) ?? 1;
  share(
    builder,
    loops.map((loop) => loop.name),
    size,
    width,
  );
  const rounds = builder.ownLoops(block)[0];
  if (rounds !== undefined && rounds.extent <= mostWrittenRounds) builder.unroll(rounds.name);
}

/** Spreads a copying block's loops over the lanes of a subgroup, all rounds written out: what lanes hold lies in registers, which have names. */
export function shareAmongLanes(builder: ScheduleBuilder, block: string, lanes: number, width: number): void {
  const loop = builder.fuse(builder.ownLoops(block).map(({ name }) => name));
  const [rounds, lane, elements] = builder.split(loop, [null, lanes, ...(width > 1 ? [width] : [])]);
  builder.bind(lane as string, 'subgroup.x');
  if (elements !== undefined) builder.vectorize(elements);
  builder.unroll(rounds as string);
}

/** Spreads perfectly nested loops over all invocations of the workgroup, `size` of them in x, y and z. Returns the loop of the rounds. */
export function share(
  builder: ScheduleBuilder,
  loops: readonly string[],
  size: readonly [number, number, number],
  width: number,
): string {
  const parts = builder.split(builder.fuse(loops), [null, size[2], size[1], size[0], ...(width > 1 ? [width] : [])]);
  for (const [at, dimension] of [2, 1, 0].entries())
    builder.bind(parts[at + 1] as string, modeAlong('invocation', dimension));
  if (width > 1) builder.vectorize(parts[4] as string);
  return parts[0] as string;
}

/** Vectorises the innermost own loop of a block where its extent allows it. */
export function vectorizeLast(builder: ScheduleBuilder, block: string, vector: number): void {
  const last = builder.ownLoops(block).at(-1);
  if (last === undefined || vector < 2 || last.extent % vector !== 0 || last.mode !== 'serial') return;
  const [, lanes] = builder.split(last.name, [null, vector]);
  builder.vectorize(lanes as string);
}

/** Unrolls every serial loop that holds this block alone. */
export function unrollAll(builder: ScheduleBuilder, block: string): void {
  for (const loop of builder.ownLoops(block)) if (loop.mode === 'serial') builder.unroll(loop.name);
}
