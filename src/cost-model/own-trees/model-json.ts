import type { BoosterTraining } from '../booster.ts';
import type { Grove } from './grove.ts';

/** What XGBoost writes for the parent of a root. */
const noParent = 2147483647;

/** XGBoost's JSON model (doc/model.schema) of version 1.7, which every later one reads. */
export function modelOf(grove: Grove, objective: BoosterTraining['objective'], pairs: number): Uint8Array {
  const { roots, columns } = grove;
  const trees = [...roots].map((root, tree) => treeText(grove, tree, root, roots[tree + 1] ?? grove.left.length));
  const objectiveParameters =
    objective === 'rank:pairwise'
      ? `"lambda_rank_param":{"fix_list_weight":"0","num_pairsample":"${pairs}"}`
      : '"reg_loss_param":{"scale_pos_weight":"1"}';
  return new TextEncoder().encode(
    `{"learner":{"attributes":{},"feature_names":[],"feature_types":[],"gradient_booster":{"model":{"gbtree_model_param":{"num_parallel_tree":"1","num_trees":"${roots.length}","size_leaf_vector":"0"},"tree_info":[${zeros(roots.length)}],"trees":[${trees.join(',')}]},"name":"gbtree"},"learner_model_param":{"base_score":"0E0","boost_from_average":"0","num_class":"0","num_feature":"${columns}","num_target":"1"},"objective":{"name":"${objective}",${objectiveParameters}}},"version":[1,7,5]}`,
  );
}

function treeText(grove: Grove, number: number, begin: number, end: number): string {
  const nodes = end - begin;
  const parents = new Array<number>(nodes).fill(noParent);
  const isLeaf = (node: number): boolean => grove.left[node] === node;
  for (let node = begin; node < end; node++) {
    if (isLeaf(node)) continue;
    const left = (grove.left[node] as number) - begin;
    parents[left] = node - begin;
    parents[left + 1] = node - begin;
  }
  const each = (of: (node: number) => number | string): string =>
    Array.from({ length: nodes }, (_, at) => of(begin + at)).join(',');
  const child = (which: number) => (node: number) => (isLeaf(node) ? -1 : (grove.left[node] as number) - begin + which);
  const fields: Readonly<Record<string, string>> = {
    base_weights: each((node) => floatText(grove.weight[node] as number)),
    categories: '',
    categories_nodes: '',
    categories_segments: '',
    categories_sizes: '',
    default_left: each((node) => (isLeaf(node) || grove.missingRight[node] === 1 ? 0 : 1)),
    left_children: each(child(0)),
    loss_changes: each((node) => floatText(grove.gain[node] as number)),
    parents: parents.join(','),
    right_children: each(child(1)),
    split_conditions: each((node) => floatText((isLeaf(node) ? grove.value[node] : grove.threshold[node]) as number)),
    split_indices: each((node) => grove.feature[node] as number),
    split_type: zeros(nodes),
    sum_hessian: each((node) => floatText(grove.hessian[node] as number)),
  };
  const lists = Object.entries(fields).map(([name, list]) => `"${name}":[${list}]`);
  return `{${lists.join(',')},"id":${number},"tree_param":{"num_deleted":"0","num_feature":"${grove.columns}","num_nodes":"${nodes}","size_leaf_vector":"0"}}`;
}

function zeros(count: number): string {
  return new Array<number>(count).fill(0).join(',');
}

/** The shortest text that reads as this 32-bit number. XGBoost reads nine digits at most, and takes a number without exponent for an integer. */
function floatText(value: number): string {
  for (let digits = 0; digits < 8; digits++) {
    const text = value.toExponential(digits);
    if (Math.fround(Number(text)) === value) return text.replace('e+', 'E').replace('e', 'E');
  }
  return value.toExponential(8).replace('e+', 'E').replace('e', 'E');
}
