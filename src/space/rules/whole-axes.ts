import { above, choose, equal, type Formula, min, sum } from '../../arithmetic/formula.ts';
import { type DecisionList, tileOptions } from '../decision.ts';
import { axisOf, liesApart, movesWith, type StageInfo } from '../stage.ts';

/** Outputs that an invocation may hold along an axis with large tiles. */
const mostRegisters = 16;

/** An axis before it is cut: iters that are one, outermost first. */
export interface WholeAxis {
  readonly name: string;
  readonly type: 'spatial' | 'reduction';
  readonly iters: readonly number[];
  readonly extent: number;
  /** An operand is the same all along it, so that large tiles pay. */
  readonly hasReuse: boolean;
  /** It has nothing but workgroups: what an invocation held of several places along it would mostly be what lies between them. */
  readonly isApart: boolean;
}

export function wholeAxis(stage: StageInfo, iters: readonly number[], apart: readonly string[]): WholeAxis {
  const { block, reads } = stage;
  const hasReuse = reads.some((read) => iters.every((i) => !movesWith(read, i)));
  const own = iters.map((i) => block.iters[i] as (typeof block.iters)[number]);
  return {
    name: own.map(axisOf).join('_'),
    type: own[0]?.type as WholeAxis['type'],
    iters,
    extent: own.reduce((all, { extent }) => all * extent, 1),
    hasReuse,
    isApart: own.some(({ name }) => apart.includes(name)) || (!hasReuse && iters.some((i) => liesApart(stage, i))),
  };
}

/** For each axis, invocations of a workgroup and outputs of one invocation along it. */
export function spatialTiles(
  axes: readonly WholeAxis[],
  { decide }: DecisionList,
): ReadonlyMap<WholeAxis, readonly [invocations: Formula, registers: Formula]> {
  // Axes with reuse carry the large tiles, and the two innermost do, which are contiguous; others get small ones, so that the space stays searchable.
  const wide = new Set(axes.filter(({ hasReuse, extent }) => hasReuse && extent > 1));
  for (const axis of axes.filter(({ extent, isApart }) => extent > 1 && !isApart).slice(-2)) wide.add(axis);
  if (wide.size < 2) for (const axis of axes.slice(-2)) wide.add(axis);
  const tiles = new Map<WholeAxis, readonly [Formula, Formula]>();
  // Innermost axis first: it decides the most (coalescing, vectors).
  for (const axis of [...axes].reverse()) {
    const { name, extent } = axis;
    const isPresent = !axis.isApart;
    const invocations = decide({
      name: `${name}.invocations`,
      doc: `invocations of a workgroup along ${name}`,
      options: tileOptions(extent, wide.has(axis) ? (axis === axes.at(-1) ? 256 : 64) : 8),
      isPresent,
    });
    const registers = decide({
      name: `${name}.registers`,
      doc: `outputs of one invocation along ${name}`,
      options: tileOptions(extent, wide.has(axis) ? mostRegisters : 4),
      isPresent,
    });
    tiles.set(axis, [invocations, registers]);
  }
  return tiles;
}

/** Dimension along which axis `s` of `count` lies where axis `x` lies along x: the others keep their order, innermost along y. */
export function alongOf(s: number, count: number, x: Formula): Formula {
  return choose(equal(x, s), 0, min(2, sum(count - 1 - s, above(s, x))));
}

/** Whether a window slides along an iter of the reduction. */
export function slides({ block, reads }: StageInfo, r: number): boolean {
  return reads.some((read) =>
    read.dimensions.some(
      ({ coefficients, opaque }) =>
        !opaque &&
        coefficients[r] !== 0 &&
        block.iters.some((iter, i) => iter.type === 'spatial' && coefficients[i] !== 0),
    ),
  );
}
