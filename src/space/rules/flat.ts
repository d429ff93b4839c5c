import { createDecisions, powersOfTwo } from '../decision.ts';
import type { StageInfo } from '../stage.ts';
import { type Axis, plainNest, type Tiling } from '../tiling.ts';

/**
 * The rule for elementwise stages: all axes become one, split over workgroups, a serial part, invocations and a vector. The serial part
 * strides by whole workgroups, so that neighbouring invocations stay on neighbouring elements.
 */
export function flatTiling(stage: StageInfo): Tiling | null {
  if (stage.reduction.length > 0) return null;
  const extent = stage.spatial.reduce((all, iter) => all * iter.extent, 1);
  const innermost = stage.spatial.at(-1)?.extent ?? 1;
  const { all: decisions, decide } = createDecisions(stage.block.name);
  const invocations = decide({
    name: 'invocations',
    doc: 'invocations of a workgroup',
    options: powersOfTwo(256).filter((power) => power < extent * 2),
  });
  const serial = decide({
    name: 'serial',
    doc: 'elements (or vectors) one invocation computes one after the other',
    options: powersOfTwo(16).filter((power) => power <= extent),
  });
  const vector = decide({
    name: 'vector',
    doc: 'width of vectors along the innermost axis',
    options: powersOfTwo(4).filter((width) => innermost % width === 0),
  });
  const axis: Axis = {
    type: 'spatial',
    iters: stage.block.iters.map((_, i) => i),
    extent,
    levels: [
      { kind: 'grid', factor: 'rest', along: 0 },
      { kind: 'serial', factor: serial },
      { kind: 'invocation', factor: invocations, along: 0 },
      { kind: 'vector', factor: vector },
    ],
  };
  return {
    rule: 'flat',
    decisions,
    nests: [plainNest(stage, [axis], [])],
    meeting: { kind: 'serial' },
    vector,
    isUnrolled: 0,
  };
}
