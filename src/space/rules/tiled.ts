import { above, type Formula, quotient } from '../../arithmetic/formula.ts';
import { createDecisions, optionsOf, powersOfTwo, tileOptions } from '../decision.ts';
import { mayBeCut } from '../derive/edges.ts';
import { axisOf, hasReuse, hasWindows, movesEvenly, type StageInfo, standsAlone } from '../stage.ts';
import { type Axis, type Copy, plainNest, type Tiling, widestVector } from '../tiling.ts';

/** Axes of the grid that a partition may cut: those bound to y and x; axes fused into z have no edge of their own. */
const cuttableAxes = 2;

/**
 * The multi-level tiling rule, for a reduction with reuse (matmul, convolution) or over windows (pooling), where neighbouring outputs of
 * one invocation share what they read: every spatial axis is split into workgroups, invocations and registers, every reduction axis into an
 * outer loop and a step, and each operand may go through workgroup memory, loaded cooperatively. The structure is that of TVM's
 * MultiLevelTiling and of every hand-written tiled kernel.
 */
export function tiledTiling(stage: StageInfo): Tiling | null {
  if (!hasReuse(stage) && !hasWindows(stage)) return null;
  const { iters } = stage.block;
  const positions = (type: string): number[] => iters.flatMap((iter, i) => (iter.type === type ? [i] : []));
  const [spatial, reduction] = [positions('spatial'), positions('reduction')];
  const extentOf = (i: number): number => iters[i]?.extent as number;
  const nameOf = (i: number): string => axisOf(iters[i] as (typeof iters)[number]);
  const { all: decisions, decide } = createDecisions(stage.block.name);
  // The two innermost output axes carry the large tiles; the others get small ones, so that the space stays searchable.
  const wide = new Set(spatial.filter((i) => extentOf(i) > 1).slice(-2));
  if (wide.size < 2) for (const i of spatial.slice(-2)) wide.add(i);
  const lastSpatial = spatial.at(-1) ?? 0;
  const lastReduction = reduction.at(-1) as number;

  // Innermost axis first: it decides the most (coalescing, vectors).
  const tiles = new Map<number, readonly [invocations: Formula, registers: Formula]>();
  for (const i of [...spatial].reverse()) {
    const [axis, extent] = [nameOf(i), extentOf(i)];
    const invocations = decide({
      name: `${axis}.invocations`,
      doc: `invocations of a workgroup along ${axis}`,
      options: tileOptions(extent, wide.has(i) ? (i === lastSpatial ? 256 : 64) : 8),
    });
    const registers = decide({
      name: `${axis}.registers`,
      doc: `outputs of one invocation along ${axis}`,
      options: tileOptions(extent, wide.has(i) ? 8 : 4),
    });
    tiles.set(i, [invocations, registers]);
  }
  const upTo = (i: number, cap: number): number[] =>
    tileOptions(extentOf(i), cap).filter((size) => size <= extentOf(i));
  const steps = reduction.map((i) =>
    decide({
      name: `${nameOf(i)}.step`,
      doc: `elements of ${nameOf(i)} in one step of the reduction`,
      options: upTo(i, 32),
    }),
  );
  const together = decide({
    name: `${nameOf(lastReduction)}.together`,
    doc: `elements of ${nameOf(lastReduction)} that an invocation loads together and writes out`,
    options: upTo(lastReduction, 8),
  });
  // Two accesses to one buffer share its copy and the decision about it.
  const taken = new Map<string, Formula>();
  for (const { name } of stage.reads.map(({ buffer }) => buffer))
    if (!taken.has(name))
      taken.set(
        name,
        decide({ name: `${name}.workgroup`, doc: `1: ${name} goes through workgroup memory`, options: [0, 1] }),
      );
  const widths = powersOfTwo(4).filter((width) => extentOf(lastSpatial) % width === 0);
  const vector = decide({
    name: 'vector',
    doc: 'width of vectors along the innermost axis',
    options: widths,
    smallest: widths.at(-1) as number,
  });
  const isUnrolled = decide({ name: 'unroll', doc: '1: the step of the reduction is written out', options: [0, 1] });
  const padding = decide({
    name: 'row-padding',
    doc: 'unused elements after each row of a workgroup tile, against bank conflicts',
    options: [0, 1, 4],
    before: 0,
    isPresent: stage.reads.some((read) => read.dimensions.length > 1),
  });
  const mayTurn = (i: number, r: number): boolean =>
    optionsOf(steps[r] as Formula).some((size) => size < extentOf(i) && extentOf(i) % size === 0) &&
    stage.reads.some((_, q) => movesEvenly(stage, q, i));
  const isDoubled = decide({
    name: 'double-buffer',
    doc: '1: workgroup tiles take turns with a second copy, so that the next step is loaded while this one is computed',
    options: [0, 1],
    before: 0,
    isPresent: reduction.some(mayTurn),
  });
  const cuttable = spatial.slice(-cuttableAxes);
  const gridCut = decide({
    name: 'partition',
    doc: '1: workgroups whose tile lies inside the domain run code without guards',
    options: [0, 1],
    before: 0,
    isPresent: cuttable.some((i) => mayBeCut(extentOf(i), ...(tiles.get(i) ?? []).map(optionsOf))),
  });
  const standing = reduction.filter((i) => standsAlone(stage, i));
  const stepCut = decide({
    name: 'partition-steps',
    doc: '1: steps of the reduction that are whole run code without guards',
    options: [0, 1],
    before: 0,
    isPresent: reduction.some((i, r) => standing.includes(i) && mayBeCut(extentOf(i), optionsOf(steps[r] as Formula))),
  });

  const axes: Axis[] = [
    ...spatial.map((i, s): Axis => {
      const along = Math.min(2, spatial.length - 1 - s);
      const [invocations, registers] = tiles.get(i) as readonly [Formula, Formula];
      return {
        type: 'spatial',
        iters: [i],
        extent: extentOf(i),
        levels: [
          { kind: 'grid', factor: 'rest', along },
          { kind: 'invocation', factor: invocations, along },
          { kind: 'register', factor: registers },
        ],
        ...(cuttable.includes(i) ? { cut: gridCut } : {}),
      };
    }),
    ...reduction.map((i, r): Axis => {
      const written = i === lastReduction ? together : 1;
      return {
        type: 'reduction',
        iters: [i],
        extent: extentOf(i),
        levels: [
          { kind: 'serial', factor: 'rest' },
          { kind: 'step', factor: quotient(steps[r] as Formula, written) },
          { kind: 'register', factor: written },
        ],
        ...(standing.includes(i) ? { cut: stepCut } : {}),
      };
    }),
  ];
  const isVector = above(vector, 1);
  const copies = stage.reads.flatMap(({ buffer, dimensions, strides }, read): Copy[] => {
    const row = dimensions.at(-1)?.extent ?? 1;
    // An operand is loaded in vectors along the axis on which it lies contiguous: the outputs' innermost, or the reduction's.
    const isAlongReduction = strides[lastReduction] === 1 && strides[lastSpatial] !== 1;
    const tile = {
      isTaken: taken.get(buffer.name) as Formula,
      vector: widestVector(isVector, row),
      padding,
      isDoubled,
    };
    const registers = isAlongReduction ? widestVector(isVector, row, together) : vector;
    return [
      { read, scope: 'workgroup', ...tile },
      { read, scope: 'private', isTaken: 1, vector: registers, padding: 0, isDoubled: 0 },
    ];
  });
  return {
    rule: 'tiled',
    decisions,
    nests: [plainNest(stage, axes, copies)],
    meeting: { kind: 'serial' },
    vector,
    isUnrolled,
  };
}
