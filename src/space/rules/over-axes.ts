import { above, choose, equal, type Formula, min, not, quotient } from '../../arithmetic/formula.ts';
import type { DeviceLimits } from '../../ir/limits.ts';
import { createDecisions, optionsOf, powersOfTwo, tileOptions, wholeLanes } from '../decision.ts';
import { mayBeCut } from '../derive/edges.ts';
import { type AccessInfo, movesEvenly, movesWith, type StageInfo, standsAlone } from '../stage.ts';
import { type Axis, type Copy, plainNest, type Tiling, widestVector } from '../tiling.ts';
import { alongOf, slides, spatialTiles, type WholeAxis, wholeAxis } from './whole-axes.ts';

/** Axes of the grid that a partition may cut: those bound to y and x; axes fused into z have no edge of their own. */
const cuttableAxes = 2;
/** Taps of a window that an invocation may hold in registers along another axis than the innermost. */
const mostHeldTaps = 8;

/** The tiling of a stage whose iters are grouped into axes: adjacent iters of one kind, in the order of the block. Iters named in `apart` have nothing but workgroups. */
export function tilingOverAxes(
  rule: string,
  stage: StageInfo,
  limits: DeviceLimits,
  groups: readonly (readonly number[])[],
  apart: readonly string[] = [],
): Tiling {
  const whole = groups.map((iters) => wholeAxis(stage, iters, apart));
  const spatial = whole.filter(({ type }) => type === 'spatial');
  const reduction = whole.filter(({ type }) => type === 'reduction');
  const list = createDecisions(stage.block.name);
  const { decide } = list;
  const isFused = groups.some((group) => group.length > 1);
  const tiles = spatialTiles(spatial, list);
  const x = decide({
    name: 'x',
    doc: `axis along x: ${spatial.map(({ name }, s) => `${s} is ${name}`).join(', ')}`,
    options: spatial.flatMap((axis, s) => (s === spatial.length - 1 || (axis.hasReuse && axis.extent > 1) ? [s] : [])),
    before: spatial.length - 1,
    isPresent: isFused,
  });
  const upTo = (extent: number, cap: number): number[] => tileOptions(extent, cap).filter((size) => size <= extent);
  const steps = reduction.map(({ name, extent }) =>
    decide({
      name: `${name}.step`,
      doc: `elements of ${name} in one step of the reduction`,
      options: upTo(extent, 32),
    }),
  );
  const lastReduction = (reduction.findLast(({ extent }) => extent > 1) ?? reduction.at(-1)) as WholeAxis;
  const held = reduction.map(({ name, extent, iters }) => {
    const isLast = name === lastReduction.name;
    return decide({
      name: `${name}.together`,
      doc: `elements of ${name} that an invocation loads together and writes out`,
      options: isLast ? upTo(extent, 8) : [1, extent],
      before: 1,
      isPresent: isLast || (extent <= mostHeldTaps && extent > 1 && slides(stage, iters[0] as number)),
    });
  });
  // Two accesses to one buffer share its copy and the decision about it.
  const perBuffer = (decided: (read: AccessInfo, name: string) => Formula): ReadonlyMap<string, Formula> => {
    const made = new Map<string, Formula>();
    for (const read of stage.reads)
      if (!made.has(read.buffer.name)) made.set(read.buffer.name, decided(read, read.buffer.name));
    return made;
  };
  const taken = perBuffer((_, name) =>
    decide({ name: `${name}.workgroup`, doc: `1: ${name} goes through workgroup memory`, options: [0, 1] }),
  );
  const lanes = wholeLanes(limits);
  const shared = perBuffer((read, name) =>
    decide({
      name: `${name}.subgroup`,
      doc: `1: lanes of a subgroup load ${name} together and take its elements from each other`,
      options: [0, 1],
      before: 0,
      isPresent: lanes > 1 && optionsOf(x).some((s) => !spatial[s]?.iters.some((i) => movesWith(read, i))),
    }),
  );
  /** What holds of the axis along x. */
  const alongX = (of: (axis: WholeAxis) => Formula): Formula =>
    spatial.reduce<Formula>((rest, axis, s) => choose(equal(x, s), of(axis), rest), 0);
  const widths = powersOfTwo(4).filter((width) =>
    spatial.some(({ extent }, s) => optionsOf(x).includes(s) && extent % width === 0),
  );
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
  const mayTurn = ({ extent, iters }: WholeAxis, r: number): boolean =>
    iters.length === 1 &&
    optionsOf(steps[r] as Formula).some((size) => size < extent && extent % size === 0) &&
    stage.reads.some((_, q) => movesEvenly(stage, q, iters[0] as number));
  const isDoubled = decide({
    name: 'double-buffer',
    doc: '1: workgroup tiles take turns with a second copy, so that the next step is loaded while this one is computed',
    options: [0, 1],
    before: 0,
    isPresent: reduction.some(mayTurn),
  });
  // A part of a fused axis is no box of the image; and where the axis along x is open, so is what shares z with others.
  const cuttable = isFused ? [] : spatial.slice(-cuttableAxes);
  const gridCut = decide({
    name: 'partition',
    doc: '1: workgroups whose tile lies inside the domain run code without guards',
    options: [0, 1],
    before: 0,
    isPresent: cuttable.some((axis) => mayBeCut(axis.extent, ...(tiles.get(axis) ?? []).map(optionsOf))),
  });
  const standing = reduction.filter(({ iters }) => iters.length === 1 && standsAlone(stage, iters[0] as number));
  const stepCut = decide({
    name: 'partition-steps',
    doc: '1: steps of the reduction that are whole run code without guards',
    options: [0, 1],
    before: 0,
    isPresent: reduction.some(
      (axis, r) => standing.includes(axis) && mayBeCut(axis.extent, optionsOf(steps[r] as Formula)),
    ),
  });

  const axes: Axis[] = [
    ...spatial.map((axis, s): Axis => {
      const along = alongOf(s, spatial.length, x);
      const [invocations, registers] = tiles.get(axis) as readonly [Formula, Formula];
      return {
        type: 'spatial',
        iters: axis.iters,
        extent: axis.extent,
        levels: [
          { kind: 'grid', factor: 'rest', along },
          { kind: 'invocation', factor: invocations, along },
          { kind: 'register', factor: registers },
        ],
        ...(cuttable.includes(axis) ? { cut: gridCut } : {}),
      };
    }),
    ...reduction.map(
      (axis, r): Axis => ({
        type: 'reduction',
        iters: axis.iters,
        extent: axis.extent,
        levels: [
          { kind: 'serial', factor: 'rest' },
          { kind: 'step', factor: quotient(steps[r] as Formula, held[r] as Formula) },
          { kind: 'register', factor: held[r] as Formula },
        ],
        ...(standing.includes(axis) ? { cut: stepCut } : {}),
      }),
    ),
  ];
  const isVector = above(vector, 1);
  const fused = whole.filter(({ iters }) => iters.length > 1);
  const innermost = ({ iters }: WholeAxis): number => iters.at(-1) as number;
  const copies = stage.reads.flatMap((read, q): Copy[] => {
    const { buffer, dimensions, strides } = read;
    const isByAxes = fused.some(({ iters }) => iters.some((i) => movesWith(read, i)));
    const gathered = isByAxes ? { isByAxes } : {};
    const alongReduction = strides[innermost(lastReduction)] === 1 ? 1 : 0;
    const isContiguousX = alongX((axis) => (strides[innermost(axis)] === 1 ? 1 : 0));
    const row = isByAxes
      ? choose(
          isContiguousX,
          alongX(({ extent }) => extent),
          lastReduction.extent,
        )
      : (dimensions.at(-1)?.extent ?? 1);
    // An operand is loaded in vectors along the axis on which it lies contiguous: the outputs' innermost, or the reduction's.
    const isAlongReduction = min(alongReduction, not(isContiguousX));
    const tile = {
      isTaken: taken.get(buffer.name) as Formula,
      vector: widestVector(isVector, row),
      padding,
      isDoubled,
      ...gathered,
    };
    const registers = choose(
      isAlongReduction,
      widestVector(isVector, row, held[reduction.indexOf(lastReduction)] as Formula),
      vector,
    );
    return [
      { read: q, scope: 'workgroup', ...tile },
      ...(shared.get(buffer.name) === 0
        ? []
        : [
            {
              ...{ read: q, scope: 'subgroup' as const, isTaken: shared.get(buffer.name) as Formula, lanes },
              ...{ vector: 1, padding: 0, isDoubled: 0, ...gathered },
            },
          ]),
      { read: q, scope: 'private', isTaken: 1, vector: registers, padding: 0, isDoubled: 0, ...gathered },
    ];
  });
  return {
    rule,
    decisions: list.all,
    nests: [plainNest(stage, axes, copies)],
    meeting: { kind: 'serial' },
    vector,
    isUnrolled,
  };
}
