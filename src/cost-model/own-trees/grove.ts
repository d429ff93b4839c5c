import type { FlatForest } from '../flat-forest.ts';

/** Trees that are being grown: those of a flat forest, and what XGBoost's files say of a node beside them. */
export interface Grove extends FlatForest {
  /** What the split of a node gained; 0 in leaves. */
  readonly gain: Float32Array;
  /** Sum of the second derivatives of the rows that reached a node. */
  readonly hessian: Float32Array;
  /** What a node would add were it a leaf. */
  readonly weight: Float32Array;
  /** Nodes used so far. */
  readonly used: Int32Array;
}

/** Room for `trees` trees of at most `nodes` nodes each. */
export function plantGrove(columns: number, trees: number, nodes: number): Grove {
  const size = trees * nodes;
  return {
    columns,
    base: 0,
    roots: new Int32Array(trees),
    depth: new Int32Array(trees),
    feature: new Int32Array(size),
    threshold: new Float32Array(size).fill(Number.NaN),
    left: Int32Array.from({ length: size }, (_, node) => node),
    missingRight: new Uint8Array(size),
    value: new Float32Array(size),
    gain: new Float32Array(size),
    hessian: new Float32Array(size),
    weight: new Float32Array(size),
    used: new Int32Array(1),
  };
}

/** The grown trees, without the room that is left. */
export function trimmed(grove: Grove): Grove {
  const end = grove.used[0] as number;
  return {
    ...grove,
    feature: grove.feature.slice(0, end),
    threshold: grove.threshold.slice(0, end),
    left: grove.left.slice(0, end),
    missingRight: grove.missingRight.slice(0, end),
    value: grove.value.slice(0, end),
    gain: grove.gain.slice(0, end),
    hessian: grove.hessian.slice(0, end),
    weight: grove.weight.slice(0, end),
  };
}
