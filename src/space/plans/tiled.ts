import { type Decision, powersOfTwo, tileOptions } from '../decision.ts';
import type { Plan } from '../plan.ts';
import { axisOf, bytesOf, hasReuse, hasWindows, type StageInfo } from '../stage.ts';
import { tiledConflicts } from './tiled-conflicts.ts';
import { cuttableAxes, mayBeCut, movesEvenly, standsAlone } from './tiled-edges.ts';
import { emitTiled } from './tiled-emit.ts';
import type { TiledLayout } from './tiled-layout.ts';
import { tiledNest } from './tiled-nest.ts';
import { tiledQuantities } from './tiled-quantities.ts';
import { tiledSizes } from './tiled-sizes.ts';

/**
 * The multi-level tiling rule, for a reduction with reuse (matmul, convolution) or over windows (pooling), where neighbouring outputs of
 * one invocation share what they read: every spatial axis is split into workgroups,
 * invocations and registers, every reduction axis into an outer loop and a step, and each operand may go through workgroup memory,
 * loaded cooperatively. The structure is that of TVM's MultiLevelTiling and of every hand-written tiled kernel.
 */
export function tiledPlan(stage: StageInfo): Plan | null {
  if (!hasReuse(stage) && !hasWindows(stage)) return null;
  const { iters } = stage.block;
  const spatial = iters.flatMap((iter, i) => (iter.type === 'spatial' ? [i] : []));
  const reduction = iters.flatMap((iter, i) => (iter.type === 'reduction' ? [i] : []));
  const decisions: Decision[] = [];
  const add = (name: string, doc: string, options: readonly number[]): number => {
    if (options.length < 2) return -1;
    decisions.push({ name: `${stage.block.name}.${name}`, doc, options });
    return decisions.length - 1;
  };
  // The two innermost output axes carry the large tiles; the others get small ones, so that the space stays searchable.
  const wide = new Set(spatial.filter((i) => (iters[i]?.extent ?? 1) > 1).slice(-2));
  if (wide.size < 2) for (const i of spatial.slice(-2)) wide.add(i);
  const registers: number[] = new Array(spatial.length).fill(-1);
  const invocations: number[] = new Array(spatial.length).fill(-1);
  // Innermost axis first: it decides the most (coalescing, vectors).
  for (let s = spatial.length - 1; s >= 0; s--) {
    const i = spatial[s] as number;
    const iter = iters[i] as StageInfo['block']['iters'][number];
    const innermost = s === spatial.length - 1;
    invocations[s] = add(
      `${axisOf(iter)}.invocations`,
      `invocations of a workgroup along ${axisOf(iter)}`,
      tileOptions(iter.extent, wide.has(i) ? (innermost ? 256 : 64) : 8),
    );
    registers[s] = add(
      `${axisOf(iter)}.registers`,
      `outputs of one invocation along ${axisOf(iter)}`,
      tileOptions(iter.extent, wide.has(i) ? 8 : 4),
    );
  }
  const step = reduction.map((i) => {
    const iter = iters[i] as StageInfo['block']['iters'][number];
    return add(
      `${axisOf(iter)}.step`,
      `elements of ${axisOf(iter)} in one step of the reduction`,
      tileOptions(iter.extent, 32).filter((size) => size <= iter.extent),
    );
  });
  const last = iters[reduction.at(-1) as number] as StageInfo['block']['iters'][number];
  const together = add(
    `${axisOf(last)}.together`,
    `elements of ${axisOf(last)} that an invocation loads together and writes out`,
    tileOptions(last.extent, 8).filter((size) => size <= last.extent),
  );
  const staged: number[] = [];
  stage.reads.forEach(({ buffer }, q) => {
    // Two accesses to one buffer share its copy, and the choice.
    const same = stage.reads.findIndex((other) => other.buffer.name === buffer.name);
    staged[q] =
      same < q
        ? (staged[same] as number)
        : add(`${buffer.name}.workgroup`, `1: ${buffer.name} goes through workgroup memory`, [0, 1]);
  });
  const lastExtent = iters[spatial.at(-1) ?? 0]?.extent ?? 1;
  const widths = powersOfTwo(4).filter((width) => lastExtent % width === 0);
  const vector = add('vector', 'width of vectors along the innermost axis', widths);
  if (vector >= 0) decisions[vector] = { ...(decisions[vector] as Decision), smallest: widths.at(-1) as number };
  const unroll = add('unroll', '1: the step of the reduction is written out', [0, 1]);
  const optionsOf = (index: number): readonly number[] => decisions[index]?.options ?? [1];
  /** A decision that older records do not have: 0 leaves everything as it was. */
  const addLater = (name: string, doc: string, options: readonly number[]): number => {
    const index = add(name, doc, options);
    if (index >= 0) decisions[index] = { ...(decisions[index] as Decision), before: 0 };
    return index;
  };
  const hasRows = stage.reads.some((read) => read.dimensions.length > 1);
  const rowPadding = addLater(
    'row-padding',
    'unused elements after each row of a workgroup tile, against bank conflicts',
    hasRows ? [0, 1, 4] : [0],
  );
  const stepsOf = (r: number): readonly number[] => optionsOf(step[r] as number);
  const extentOf = (i: number): number => iters[i]?.extent as number;
  const mayOverlap = reduction.some(
    (i, r) =>
      stepsOf(r).some((size) => size < extentOf(i) && extentOf(i) % size === 0) &&
      stage.reads.some((_, q) => movesEvenly(stage, q, i)),
  );
  const doubled = addLater(
    'double-buffer',
    '1: workgroup tiles take turns with a second copy, so that the next step is loaded while this one is computed',
    mayOverlap ? [0, 1] : [0],
  );
  const gridParts = addLater(
    'partition',
    '1: workgroups whose tile lies inside the domain run code without guards',
    spatial.slice(-cuttableAxes).some((i, s, { length }) => {
      const at = spatial.length - length + s;
      return mayBeCut(extentOf(i), optionsOf(registers[at] as number), optionsOf(invocations[at] as number));
    })
      ? [0, 1]
      : [0],
  );
  const stepParts = addLater(
    'partition-steps',
    '1: steps of the reduction that are whole run code without guards',
    reduction.some((i, r) => standsAlone(stage, i) && mayBeCut(extentOf(i), stepsOf(r))) ? [0, 1] : [0],
  );
  const layout: TiledLayout = {
    stage,
    spatial,
    reduction,
    registers,
    invocations,
    step,
    together,
    staged,
    standsAlone: reduction.map((i) => standsAlone(stage, i)),
    moves: stage.reads.map((_, q) => reduction.map((i) => movesEvenly(stage, q, i))),
    vector,
    unroll,
    rowPadding,
    doubled,
    gridParts,
    stepParts,
    elementBytes: stage.epilogue?.writeBytes ?? bytesOf(stage.write.buffer),
  };
  return {
    rule: 'tiled',
    stages: [stage],
    decisions,
    quantities: tiledQuantities(layout),
    sizes: tiledSizes(layout).write,
    conflicts: tiledConflicts(layout),
    nests: [tiledNest(layout)],
    emit: (builder, value) =>
      emitTiled(layout, builder, (index) => (index < 0 ? 1 : value(decisions[index]?.name as string))),
  };
}
