import type { ScheduleBuilder } from '../builder.ts';
import type { StageInfo } from '../stage.ts';

/**
 * Binds perfectly nested grid and thread loops (outermost first, one of each a spatial axis): the innermost axis to x, the next to y,
 * all others fused to z. Returns the innermost thread loop.
 */
export function bindGrid(builder: ScheduleBuilder, grid: readonly string[], threads: readonly string[]): string {
  bindThree(builder, grid, 'workgroup');
  return bindThree(builder, threads, 'invocation');
}

function bindThree(builder: ScheduleBuilder, loops: readonly string[], kind: 'workgroup' | 'invocation'): string {
  const y = loops.at(-2);
  const x = loops.at(-1) as string;
  const rest = loops.slice(0, -2);
  if (rest.length > 0) builder.bind(builder.fuse(rest), `${kind}.z`);
  if (y !== undefined) builder.bind(y, `${kind}.y`);
  builder.bind(x, `${kind}.x`);
  return x;
}

/** Makes a stage accumulate in registers; returns the block that stores the result, with the stage's epilogue in it. */
export function storeOf(builder: ScheduleBuilder, stage: StageInfo): string {
  const store = builder.cacheWrite(stage.block.name, 'private').block;
  if (stage.epilogue !== null) builder.apply('reverseComputeInline', { block: stage.epilogue.block });
  return store;
}

/** Rounds of a cooperative copy that are written out; more stay a loop. */
export const mostWrittenRounds = 16;

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

/** Spreads perfectly nested loops over all invocations of the workgroup, `size` of them in x, y and z. Returns the loop of the rounds. */
export function share(
  builder: ScheduleBuilder,
  loops: readonly string[],
  size: readonly [number, number, number],
  width: number,
): string {
  const parts = builder.split(builder.fuse(loops), [null, size[2], size[1], size[0], ...(width > 1 ? [width] : [])]);
  builder.bind(parts[1] as string, 'invocation.z');
  builder.bind(parts[2] as string, 'invocation.y');
  builder.bind(parts[3] as string, 'invocation.x');
  if (width > 1) builder.vectorize(parts[4] as string);
  return parts[0] as string;
}

/** Makes vectors of the innermost own loop of a block where its extent allows. */
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
