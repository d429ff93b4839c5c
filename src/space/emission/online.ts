import type { For } from '../../ir/nodes.ts';
import type { ScheduleBuilder } from '../builder.ts';
import { rowVector } from '../derive/traffic.ts';
import type { AccessInfo, StageInfo } from '../stage.ts';
import type { Meeting, StageNest, Tiling } from '../tiling.ts';
import { cooperate, type Numbers, unrollAll, vectorizeLast } from './parts.ts';

type Online = Meeting & { readonly kind: 'online' };

/**
 * Turns an online softmax into primitives. What stores the result carries the grid; everything else moves to the loop over parts, what rows have in
 * workgroup memory, what columns have in registers. Readers are placed before what they read.
 */
export function emitOnline(tiling: Tiling, meeting: Online, builder: ScheduleBuilder, value: Numbers): void {
  const { roles } = meeting;
  const sizes = {
    rows: value(meeting.rows),
    heldRows: value(meeting.heldRows),
    across: value(meeting.across),
    heldColumns: value(meeting.heldColumns),
    heldTerms: value(meeting.heldTerms),
    together: value(meeting.together),
    heldDeep: value(meeting.heldDeep),
    vector: value(tiling.vector),
  };
  const store =
    roles.final === roles.joined
      ? builder.cacheWrite(roles.joined.block.name, 'private').block
      : roles.final.block.name;
  const innermost = placeGrid(builder, store, roles, sizes);
  const part = placeJoined(builder, roles, innermost);
  placeWeighed(builder, nestOf(tiling, roles.partial), roles, part, sizes);
  // All are placed before any is shared out: what a reader's idle invocations would read is not asked of those that it reads.
  const { scores, maxima, weights, sums } = roles;
  const elements = scores === null ? null : builder.cacheWrite(scores.block.name, 'private').block;
  for (const stage of [sums, weights, maxima, ...(scores === null ? [] : [scores])]) {
    keep(builder, stage, 'workgroup');
    builder.computeAt(stage === scores ? (elements as string) : stage.block.name, part);
  }
  shareRows(builder, sums, weights.write.buffer.name, sizes);
  cooperate(builder, weights.block.name, [sizes.across, sizes.rows, 1], rowVector);
  shareRows(builder, maxima, scores?.write.buffer.name ?? null, sizes);
  if (elements !== null) placeScores(builder, nestOf(tiling, scores as StageInfo), roles, elements, sizes);
  vectorizeLast(builder, store, sizes.vector);
  unrollAll(builder, store);
}

type Sizes = Readonly<
  Record<'rows' | 'heldRows' | 'across' | 'heldColumns' | 'heldTerms' | 'together' | 'heldDeep' | 'vector', number>
>;

const nestOf = ({ nests }: Tiling, stage: StageInfo): StageNest =>
  nests.find((nest) => nest.stage.block.name === stage.block.name) as StageNest;
const namesOf = (builder: ScheduleBuilder, block: string): string[] => builder.ownLoops(block).map(({ name }) => name);
function below(builder: ScheduleBuilder, block: string, loop: string): readonly For[] {
  const around = builder.loopsAround(block);
  return around.slice(around.findIndex(({ name }) => name === loop) + 1);
}
function keep(builder: ScheduleBuilder, stage: StageInfo, scope: 'workgroup' | 'private'): void {
  for (const { buffer } of stage.writes) builder.apply('setScope', { buffer: buffer.name, scope });
}

/** Rows and columns over workgroups and invocations; returns the innermost of these loops. */
function placeGrid(builder: ScheduleBuilder, store: string, { row }: Online['roles'], sizes: Sizes): string {
  const loops = namesOf(builder, store);
  const outer = loops.filter((_, at) => at !== row.final && at !== row.column);
  const [grid, down, held] = builder.split(loops[row.final] as string, [null, sizes.rows, sizes.heldRows]) as [
    string,
    string,
    string,
  ];
  const [across, columns] = builder.split(loops[row.column] as string, [sizes.across, sizes.heldColumns]) as [
    string,
    string,
  ];
  builder.reorder([...outer, grid, down, across, held, columns]);
  if (outer.length > 0) builder.bind(builder.fuse(outer), 'workgroup.y');
  builder.bind(grid, 'workgroup.x');
  builder.bind(down, 'invocation.y');
  builder.bind(across, 'invocation.x');
  return across;
}

/** Joins parts one after the other in registers; returns the loop over parts, or the innermost one around a single part. */
function placeJoined(builder: ScheduleBuilder, { joined, final }: Online['roles'], innermost: string): string {
  const { name } = joined.block;
  if (final !== joined) keep(builder, joined, 'private');
  builder.computeAt(name, innermost);
  const loops = below(builder, name, innermost).map((loop) => loop.name);
  if (joined.reduction.length === 0) {
    for (const loop of loops) builder.unroll(loop);
    return innermost;
  }
  const part = loops.at(-1) as string;
  builder.reorder([part, ...loops.slice(0, -1)]);
  for (const loop of loops.slice(0, -1)) builder.unroll(loop);
  builder.apply('decomposeReduction', { block: name, loop: part });
  return part;
}

/** Splits a reduction's loop off the loops of what an invocation holds, which are written out; returns the loop where operands are loaded. */
function stepThrough(
  builder: ScheduleBuilder,
  block: string,
  inside: string,
  together: number,
  vector: number,
): string {
  const loops = below(builder, block, inside).map(({ name }) => name);
  const [steps, held] = builder.split(loops.at(-1) as string, [null, together]) as [string, string];
  builder.reorder([steps, held, ...loops.slice(0, -1)]);
  vectorizeLast(builder, block, vector);
  for (const loop of below(builder, block, steps)) if (loop.mode === 'serial') builder.unroll(loop.name);
  builder.apply('decomposeReduction', { block, loop: steps });
  return steps;
}

/** Loads of a block that come first and stay in registers, several elements at once where the operand is contiguous. */
function loadFirst(builder: ScheduleBuilder, block: string, buffer: string, at: string, width: number): void {
  const copy = builder.cacheRead(block, buffer, 'private');
  builder.computeAt(copy.block, at);
  vectorizeLast(builder, copy.block, width);
  unrollAll(builder, copy.block);
}

/** The sums of a part that weights weigh. */
function placeWeighed(
  builder: ScheduleBuilder,
  { reads }: StageNest,
  { partial, weights }: Online['roles'],
  part: string,
  { together, vector }: Sizes,
): void {
  const { name } = partial.block;
  keep(builder, partial, 'private');
  builder.computeAt(name, part);
  const at = stepThrough(builder, name, part, together, vector);
  loadFirst(builder, name, weights.write.buffer.name, at, widthFor(together));
  for (const buffer of buffersOf(reads)) loadFirst(builder, name, buffer, at, vector);
}

const buffersOf = (reads: readonly AccessInfo[]): ReadonlySet<string> =>
  new Set(reads.map(({ buffer }) => buffer.name));
const widthFor = (elements: number): number => (elements % 4 === 0 ? 4 : elements % 2 === 0 ? 2 : 1);

/** What rows reduce of a part: each row by one invocation, its results for all of them. `from` is what it reads in workgroup memory. */
function shareRows(builder: ScheduleBuilder, stage: StageInfo, from: string | null, sizes: Sizes): void {
  const { name } = stage.block;
  const loops = namesOf(builder, name);
  const wide = Math.min(sizes.heldRows, sizes.across);
  const [down, rounds] = builder.split(builder.fuse(loops.slice(0, -1)), [null, sizes.heldRows]) as [string, string];
  const [, across] = builder.split(rounds, [null, wide]) as [string, string];
  builder.bind(down, 'invocation.y');
  builder.bind(across, 'invocation.x');
  const terms = loops.at(-1) as string;
  const extent = builder.ownLoops(name).at(-1)?.extent ?? 1;
  const width = Math.min(rowVector, widthFor(extent));
  if (from === null || width === 1) return;
  const [steps, held] = builder.split(terms, [null, width]) as [string, string];
  loadFirst(builder, name, from, steps, width);
  builder.unroll(held);
}

/** The elements of a part where they are products: tiles of rows by terms, through registers into workgroup memory. */
function placeScores(
  builder: ScheduleBuilder,
  { reads, copies }: StageNest,
  { scores, row }: Online['roles'],
  store: string,
  sizes: Sizes,
): void {
  const { name } = (scores as StageInfo).block;
  const loops = namesOf(builder, store);
  const [down, heldRows] = builder.split(loops[row.scores] as string, [sizes.rows, sizes.heldRows]) as [string, string];
  const [across, terms] = builder.split(loops[row.terms] as string, [sizes.across, sizes.heldTerms]) as [
    string,
    string,
  ];
  const outer = loops.filter((_, at) => at !== row.scores && at !== row.terms);
  builder.reorder([...outer, down, across, heldRows, terms]);
  builder.bind(down, 'invocation.y');
  builder.bind(across, 'invocation.x');
  builder.computeAt(name, across);
  const at = stepThrough(builder, name, across, sizes.heldDeep, sizes.vector);
  const isContiguous = (buffer: string): boolean =>
    reads.some((read) => read.buffer.name === buffer && read.strides.at(-1) === 1);
  for (const buffer of buffersOf(copies.map(({ read }) => reads[read] as AccessInfo)))
    loadFirst(builder, name, buffer, at, isContiguous(buffer) ? widthFor(sizes.heldDeep) : sizes.vector);
  vectorizeLast(builder, store, sizes.vector);
  unrollAll(builder, store);
}
