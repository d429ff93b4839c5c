import { createDecisions, powersOfTwo } from '../decision.ts';
import type { StageInfo } from '../stage.ts';
import { type Axis, plainNest, type Tiling } from '../tiling.ts';

/** A grid higher than this along y is none that every device takes. */
const highestGrid = 32768;

/**
 * Elementwise stages row by row: the innermost axis is split into workgroups, invocations and vectors, and all others are workgroups along y, so that
 * no index is taken apart. Null where there are too many rows.
 */
export function stripsTiling(stage: StageInfo): Tiling | null {
  const { iters } = stage.block;
  const extents = iters.map(({ extent }) => extent);
  const rows = extents.slice(0, -1).reduce((all, extent) => all * extent, 1);
  const length = extents.at(-1) ?? 1;
  if (stage.reduction.length > 0 || rows < 2 || rows > highestGrid || length < 2) return null;
  const { all: decisions, decide } = createDecisions(stage.block.name);
  const lanes = decide({
    name: 'invocations',
    doc: 'invocations of a workgroup along a row',
    options: powersOfTwo(256).filter((power) => power < length * 2),
  });
  const vector = decide({
    name: 'vector',
    doc: 'width of vectors along a row',
    options: powersOfTwo(4).filter((width) => length % width === 0),
  });
  const axes: Axis[] = [
    {
      type: 'spatial',
      iters: iters.slice(0, -1).map((_, i) => i),
      extent: rows,
      levels: [{ kind: 'grid', factor: 'rest', along: 1 }],
    },
    {
      type: 'spatial',
      iters: [iters.length - 1],
      extent: length,
      levels: [
        { kind: 'grid', factor: 'rest', along: 0 },
        { kind: 'invocation', factor: lanes, along: 0 },
        { kind: 'vector', factor: vector },
      ],
    },
  ];
  return {
    rule: 'strips',
    decisions,
    nests: [plainNest(stage, axes, [])],
    meeting: { kind: 'serial' },
    vector,
    isUnrolled: 0,
  };
}
