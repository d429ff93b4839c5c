import { createDecisions, powersOfTwo } from '../decision.ts';
import type { StageInfo } from '../stage.ts';
import { type Axis, plainNest, type Tiling } from '../tiling.ts';

/** Terms of a sum that are loaded before the first is added. */
const loadedTogether = 4;

/**
 * The rule for elementwise stages: all axes become one, split over workgroups, a serial part, invocations and a vector. The serial part
 * strides by whole workgroups, so that neighbouring invocations stay on neighbouring elements. Where a stage adds up a few partial results
 * of each element, an invocation does so one after the other.
 */
export function flatTiling(stage: StageInfo): Tiling {
  const [sums] = stage.reduction;
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
    // Sums take long enough for each to have an invocation of its own.
    isPresent: sums === undefined,
  });
  const vector = decide({
    name: 'vector',
    doc: 'width of vectors along the innermost axis',
    options: powersOfTwo(4).filter((width) => innermost % width === 0),
  });
  const axis: Axis = {
    type: 'spatial',
    iters: stage.block.iters.flatMap(({ type }, i) => (type === 'spatial' ? [i] : [])),
    extent,
    levels: [
      { kind: 'grid', factor: 'rest', along: 0 },
      { kind: 'serial', factor: serial },
      { kind: 'invocation', factor: invocations, along: 0 },
      { kind: 'vector', factor: vector },
    ],
  };
  const adding = stage.reduction.map((iter): Axis => {
    const together = iter.extent % loadedTogether === 0 ? loadedTogether : 1;
    return {
      type: 'reduction',
      iters: [stage.block.iters.indexOf(iter)],
      extent: iter.extent,
      levels: [
        { kind: 'serial', factor: 'rest' },
        { kind: 'step', factor: 1 },
        { kind: 'register', factor: together },
      ],
    };
  });
  return {
    rule: 'flat',
    decisions,
    nests: [plainNest(stage, [axis, ...adding], [])],
    meeting: { kind: 'serial' },
    vector,
    isUnrolled: 0,
  };
}
