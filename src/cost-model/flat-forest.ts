import { type Refusal, refuse } from '../support/refusal.ts';

/**
 * The trees of a booster laid out in flat arrays, one entry per node; the two children of a node lie side by side. A leaf is a node
 * that leads to itself, so that every walk through a tree takes `depth` equal steps. Predicting with it needs no native library.
 */
export interface FlatForest {
  /** Features a row must have. */
  readonly columns: number;
  /** Added to the sum of the leaves. */
  readonly base: number;
  /** First node of each tree. */
  readonly roots: Int32Array;
  /** Steps from the root to the deepest leaf of each tree. */
  readonly depth: Int32Array;
  /** Feature a node looks at; 0 in leaves. */
  readonly feature: Int32Array;
  /** Values below it go left; NaN in leaves, which no value reaches. */
  readonly threshold: Float32Array;
  /** Left child, the right one follows it; the node itself in leaves. */
  readonly left: Int32Array;
  /** 1 where a missing value goes right; 0 in leaves. */
  readonly missingRight: Uint8Array;
  /** What a leaf adds. */
  readonly value: Float32Array;
}

/** The part of XGBoost's JSON model (doc/model.schema) that prediction needs. */
interface ModelJson {
  readonly learner: {
    readonly learner_model_param: { readonly base_score: string; readonly num_feature: string };
    readonly gradient_booster: {
      readonly name: string;
      readonly model: { readonly trees: readonly TreeJson[] };
    };
  };
}
interface TreeJson {
  readonly left_children: readonly number[];
  readonly right_children: readonly number[];
  readonly split_indices: readonly number[];
  readonly split_conditions: readonly number[];
  /** Booleans in the schema, 0 and 1 in what 1.7 writes. */
  readonly default_left: readonly (number | boolean)[];
  readonly categories?: readonly number[];
}

/** Every walk takes as many steps as the deepest leaf needs, so that a tree that is a list would take for ever. */
const deepest = 256;

/** Reads a model XGBoost saved as JSON. Refuses what it cannot predict the same way: other boosters, categorical splits, damaged trees. */
export function forestFromModel(bytes: Uint8Array): FlatForest | Refusal {
  let model: ModelJson;
  try {
    model = JSON.parse(new TextDecoder().decode(bytes)) as ModelJson;
    const { learner } = model;
    if (learner.gradient_booster.name !== 'gbtree') {
      return unreadable(`it is a ${learner.gradient_booster.name} model and not gbtree`);
    }
    return flatten(
      learner.gradient_booster.model.trees,
      Number(learner.learner_model_param.num_feature),
      // XGBoost 3 writes a list of one.
      Number(learner.learner_model_param.base_score.replace(/[[\]]/g, '')),
    );
  } catch (error) {
    return unreadable((error as Error).message);
  }
}

function unreadable(why: string): Refusal {
  return refuse('model-unreadable', () => `cannot read this model: ${why}`);
}

function flatten(trees: readonly TreeJson[], columns: number, base: number): FlatForest | Refusal {
  if (!Number.isInteger(columns) || columns < 1) return unreadable(`it says it has ${columns} features`);
  if (!Number.isFinite(base)) return unreadable(`its base score is ${base}`);
  const size = trees.reduce((sum, tree) => sum + tree.left_children.length, 0);
  const feature = new Int32Array(size);
  const threshold = new Float32Array(size).fill(Number.NaN);
  const left = Int32Array.from({ length: size }, (_, node) => node);
  const missingRight = new Uint8Array(size);
  const value = new Float32Array(size);
  const roots = new Int32Array(trees.length);
  const depth = new Int32Array(trees.length);
  let used = 0;
  for (const [number, tree] of trees.entries()) {
    if ((tree.categories?.length ?? 0) > 0) return unreadable(`tree ${number} has categorical splits`);
    if (used >= size) return unreadable(`tree ${number} has no nodes`);
    roots[number] = used++;
    // Breadth first, so that siblings are neighbours: [node in the file, node here, its depth].
    const open: [number, number, number][] = [[0, roots[number] as number, 0]];
    for (const [from, to, level] of open) {
      const condition = tree.split_conditions[from];
      const child = tree.left_children[from];
      const other = tree.right_children[from];
      if (condition === undefined || child === undefined || other === undefined) {
        return unreadable(`tree ${number} has no node ${from}`);
      }
      if (level > deepest) return unreadable(`tree ${number} is more than ${deepest} levels deep`);
      depth[number] = level;
      if (child === -1) {
        value[to] = condition;
        continue;
      }
      // A node reached twice (a cycle) would run past the end of the arrays.
      if (used + 2 > size) return unreadable(`tree ${number} is not a tree`);
      const index = tree.split_indices[from] ?? -1;
      if (index < 0 || index >= columns) return unreadable(`tree ${number} splits on feature ${index} of ${columns}`);
      feature[to] = index;
      threshold[to] = condition;
      left[to] = used;
      missingRight[to] = tree.default_left[from] ? 0 : 1;
      open.push([child, used, level + 1], [other, used + 1, level + 1]);
      used += 2;
    }
  }
  return { columns, base, roots, depth, feature, threshold, left, missingRight, value };
}

/**
 * Margins of `count` rows of `columns` numbers, NaN missing, of which the forest's features are the first. Sums in float32, tree after tree, as the library does: the
 * results equal its own bit for bit.
 *
 * Which child comes next is arithmetic and not a branch, since no processor guesses such branches well, and four rows walk
 * abreast, since one walk alone waits for memory at every step. Measured on one thread with distinct rows of 164 features, depth
 * 6: 940,000 rows/s for 50 trees and 480,000 for 100, against 420,000 and 175,000 of a plain loop and 300,000 to 450,000 and
 * 240,000 to 285,000 of the library (batches of 64 to 1,024). It is written out four times because a helper closure halved it.
 */
export function predictForest(
  forest: FlatForest,
  rows: Float32Array,
  count: number,
  columns: number,
  into: Float32Array,
): void {
  const { base, roots, depth, feature, threshold, left, missingRight, value } = forest;
  const last = (count - 1) * columns;
  for (let begin = 0; begin < count; begin += 4) {
    // Past the end the last row walks again: its result is the same.
    const a = begin * columns;
    const b = Math.min(a + columns, last);
    const c = Math.min(b + columns, last);
    const d = Math.min(c + columns, last);
    let sumA = base;
    let sumB = base;
    let sumC = base;
    let sumD = base;
    for (let tree = 0; tree < roots.length; tree++) {
      const root = roots[tree] as number;
      let nodeA = root;
      let nodeB = root;
      let nodeC = root;
      let nodeD = root;
      for (let step = depth[tree] as number; step > 0; step--) {
        const xA = rows[a + (feature[nodeA] as number)] as number;
        const xB = rows[b + (feature[nodeB] as number)] as number;
        const xC = rows[c + (feature[nodeC] as number)] as number;
        const xD = rows[d + (feature[nodeD] as number)] as number;
        const rightA = Number(xA >= (threshold[nodeA] as number));
        const missingA = Number(Number.isNaN(xA)) & (missingRight[nodeA] as number);
        const rightB = Number(xB >= (threshold[nodeB] as number));
        const missingB = Number(Number.isNaN(xB)) & (missingRight[nodeB] as number);
        const rightC = Number(xC >= (threshold[nodeC] as number));
        const missingC = Number(Number.isNaN(xC)) & (missingRight[nodeC] as number);
        const rightD = Number(xD >= (threshold[nodeD] as number));
        const missingD = Number(Number.isNaN(xD)) & (missingRight[nodeD] as number);
        nodeA = (left[nodeA] as number) + (rightA | missingA);
        nodeB = (left[nodeB] as number) + (rightB | missingB);
        nodeC = (left[nodeC] as number) + (rightC | missingC);
        nodeD = (left[nodeD] as number) + (rightD | missingD);
      }
      sumA = Math.fround(sumA + (value[nodeA] as number));
      sumB = Math.fround(sumB + (value[nodeB] as number));
      sumC = Math.fround(sumC + (value[nodeC] as number));
      sumD = Math.fround(sumD + (value[nodeD] as number));
    }
    into[begin] = sumA;
    if (begin + 1 < count) into[begin + 1] = sumB;
    if (begin + 2 < count) into[begin + 2] = sumC;
    if (begin + 3 < count) into[begin + 3] = sumD;
  }
}
