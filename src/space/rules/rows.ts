import { above, ceilQuotient, choose, min, quotient } from '../../arithmetic/formula.ts';
import type { DeviceLimits } from '../../ir/limits.ts';
import { createDecisions, type DecisionList, powersOfTwo, wholeLanes } from '../decision.ts';
import type { StageInfo } from '../stage.ts';
import type { Axis, Copy, Level, StageNest, Tiling } from '../tiling.ts';

/** A grid wider than this is folded along z: half of what every device takes in one dimension. */
const widestDispatch = 32768;

/**
 * The rule for reductions along rows: a workgroup takes one or more rows and its invocations share each row's reduction (rfactor over
 * lanes, then a tree of partial results in workgroup memory); stages that share their rows (softmax) become one kernel, with what they
 * hand on kept in workgroup memory. With one lane a row is reduced by one invocation, in registers. Where the device has subgroups, their
 * lanes may combine partial results first, or all of them. TVM's cross-thread reduction and Halide's rfactor idiom, without a template.
 * `list` has the decisions of the same kernel made another way, where there is one.
 */
export function rowsTiling(
  stages: readonly StageInfo[],
  limits: DeviceLimits,
  list: DecisionList | null = null,
): Tiling | null {
  const final = stages.at(-1) as StageInfo;
  const reductions = stages.filter((stage) => stage.reduction.length > 0);
  const first = reductions[0];
  if (first === undefined) return null;
  // Only the last stage's result is stored by a block of its own; the others stay in the kernel.
  if (stages.some((stage) => stage !== final && (stage.isOutput || stage.epilogue !== null))) return null;
  const rowAxes = first.spatial.length;
  if (!sharesRows(stages, rowAxes)) return null;
  const lengthOf = (iters: StageInfo['spatial']): number => iters.reduce((all, { extent }) => all * extent, 1);
  const lastRow = first.spatial.at(-1)?.extent ?? 1;
  const length = Math.max(...reductions.map(({ reduction }) => lengthOf(reduction)));
  const innermost = stages.map(({ reduction, spatial }) => (reduction.at(-1) ?? spatial.at(-1))?.extent ?? 1);
  const { all: decisions, decide } = list ?? createDecisions(final.block.name);
  const laneOptions = powersOfTwo(256).filter((power) => power < length * 2);

  // First, because subgroups save workgroup memory: until this is decided, no use of it is known that could be too much.
  const wish = decide({
    name: 'subgroup',
    doc: 'lanes that combine what they have without memory; 1: none do, partial results go through workgroup memory',
    options: [1, wholeLanes(limits)],
    before: 1,
    isPresent: limits.subgroupMinSize > 1 && length > 1,
  });
  const lanes = decide({ name: 'lanes', doc: 'invocations that share the reduction of a row', options: laneOptions });
  const rows = decide({
    name: 'rows',
    doc: 'rows of one workgroup',
    options: powersOfTwo(64).filter((power) => power < lastRow * 2),
  });
  const tree = decide({
    name: 'tree',
    doc: 'partial results of the second level of the reduction tree; 1: one invocation combines them all',
    options: [1, 4, 8, 16].filter((size) => size === 1 || size * 2 <= (laneOptions.at(-1) as number)),
  });
  const vector = decide({
    name: 'vector',
    doc: 'elements an invocation loads at once',
    options: powersOfTwo(4).filter((width) => innermost.every((extent) => extent % width === 0)),
  });
  const unroll = decide({
    name: 'unroll',
    doc: 'loads of one invocation written out',
    options: powersOfTwo(8).filter((power) => power <= length),
  });

  const isWished = above(wish, 1);
  const subgroup = choose(isWished, min(lanes, wish), 1);
  const subgroups = quotient(lanes, subgroup);
  const isInSubgroups = above(subgroup, 1);
  // The dimensions of invocations are lanes, then subgroups, then rows; one that has extent 1 leaves its place to the next.
  const alongRows = choose(isInSubgroups, 2, choose(above(lanes, 1), 1, 0));
  const rowsOf: Axis[] = [
    ...first.spatial.slice(0, -1).map(
      ({ extent }, i): Axis => ({
        type: 'spatial',
        iters: [i],
        extent,
        levels: [{ kind: 'grid', factor: 'rest', along: 1 }],
      }),
    ),
    {
      type: 'spatial',
      iters: rowAxes > 0 ? [rowAxes - 1] : [],
      extent: lastRow,
      levels: [
        { kind: 'grid', factor: 'rest', along: 2 },
        { kind: 'grid', factor: min(ceilQuotient(lastRow, rows), widestDispatch), along: 0 },
        { kind: 'invocation', factor: rows, along: alongRows },
      ],
    },
  ];
  const columnsOf = ({ block, reduction }: StageInfo): Axis => {
    const iters = block.iters.flatMap((_, i) => (i < rowAxes ? [] : [i]));
    // Only reductions write several rounds out.
    const step: Level[] = reduction.length > 0 ? [{ kind: 'step', factor: unroll }] : [];
    return {
      type: reduction.length > 0 ? 'reduction' : 'spatial',
      iters,
      extent: iters.reduce((all, i) => all * (block.iters[i]?.extent as number), 1),
      levels: [
        { kind: 'serial', factor: 'rest' },
        ...step,
        { kind: 'invocation', factor: subgroups, along: choose(isInSubgroups, 1, 0) },
        { kind: 'invocation', factor: subgroup, along: 0 },
        { kind: 'vector', factor: vector },
      ],
    };
  };
  const made = new Set(stages.flatMap((stage) => stage.writes.map(({ buffer }) => buffer.name)));
  const seen = new Set<string>();
  const nests = stages.map((stage): StageNest => {
    const reads = stage.reads.filter(({ buffer }) => !made.has(buffer.name));
    const again = reads.map(({ buffer }) => seen.has(buffer.name));
    for (const { buffer } of reads) seen.add(buffer.name);
    return {
      stage,
      axes: [...rowsOf, columnsOf(stage)],
      reads,
      again,
      writes: stage === final ? [stage.write] : [],
      // With vectors, what is reduced is loaded into registers first, several elements at once.
      copies:
        stage.reduction.length === 0
          ? []
          : reads.map(
              (_, read): Copy => ({
                read,
                scope: 'private',
                isTaken: above(vector, 1),
                vector,
                padding: 0,
                isDoubled: 0,
              }),
            ),
      runs: 1,
    };
  });
  return {
    rule: 'rows',
    decisions,
    nests,
    meeting: { kind: 'lanes', wish, lanes, subgroup, subgroups, rows, tree },
    vector,
    isUnrolled: above(unroll, 1),
  };
}

/** True when every stage has the same leading axes and hands its result on row by row. */
function sharesRows(stages: readonly StageInfo[], rowAxes: number): boolean {
  const extents = stages[0]?.spatial.slice(0, rowAxes).map((iter) => iter.extent) ?? [];
  const made = new Set(stages.slice(0, -1).flatMap((stage) => stage.writes.map((write) => write.buffer.name)));
  return stages.every((stage, position) => {
    const isFinal = position === stages.length - 1;
    if (!isFinal && (stage.reduction.length === 0 || stage.spatial.length !== rowAxes)) return false;
    if (stage.reduction.length > 0 && stage.spatial.length !== rowAxes) return false;
    if (stage.spatial.length < rowAxes || extents.some((extent, axis) => stage.spatial[axis]?.extent !== extent))
      return false;
    // What an earlier stage made must be read at the reader's own row.
    return stage.reads.every(
      (read) =>
        !made.has(read.buffer.name) ||
        read.dimensions.every(
          (dimension, axis) =>
            !dimension.opaque &&
            dimension.coefficients.every((coefficient, iter) => coefficient === (iter === axis ? 1 : 0)),
        ),
    );
  });
}
