import type { Gradients } from '../gradients.ts';
import type { Bins } from './bins.ts';
import type { Grove } from './grove.ts';
import type { TreeParameters } from './parameters.ts';
import { createSplitFinder } from './split.ts';

/** Grows one tree after the other on the same rows. */
interface Grower {
  /** The next tree: on the columns given (the first `used` of them), fitted to the gradients; adds what its leaves say to `margins`. */
  grow(tree: number, columns: Int32Array, used: number, gradients: Gradients, margins: Float32Array): void;
}

/**
 * Trees that grow by histograms (LightGBM: Ke et al., 2017; XGBoost's `hist`): derivatives are summed up by bin, of two children only for the smaller one, since the
 * larger one's sums are what remains of the parent's. A tree is grown depth first, so that there is one histogram for each depth. What is
 * allocated here serves all trees.
 */
export function createGrower(bins: Bins, grove: Grove, parameters: TreeParameters): Grower {
  const { count, starts, of, edges, missing } = bins;
  const { eta, lambda, maxDepth, minChildWeight } = parameters;
  const size = 2 * (starts[bins.columns] as number);
  const histogram = new Float64Array(size * maxDepth);
  const rows = new Int32Array(count);
  const kept = new Int32Array(count);
  const first = new Float64Array(count);
  const second = new Float64Array(count);
  const finder = createSplitFinder(bins, parameters);
  const { place, sums } = finder.split;

  /** Sums the derivatives of the rows from `begin` to `end` up by bin, at one depth. */
  const sumUp = (
    begin: number,
    end: number,
    depth: number,
    columns: Int32Array,
    used: number,
    gradients: Gradients,
  ): void => {
    for (let at = begin; at < end; at++) {
      const row = rows[at] as number;
      first[at] = gradients.first[row] as number;
      second[at] = gradients.second[row] as number;
    }
    for (let which = 0; which < used; which++) {
      const column = columns[which] as number;
      const from = depth * size;
      histogram.fill(0, from + 2 * (starts[column] as number), from + 2 * (starts[column + 1] as number));
    }
    let which = 0;
    for (; which + 4 <= used; which += 4) addFour(begin, end, depth * size, columns, which);
    for (; which < used; which++) addOne(begin, end, depth * size, columns[which] as number);
  };

  const addOne = (begin: number, end: number, base: number, column: number): void => {
    const from = base + 2 * (starts[column] as number);
    const offset = column * count;
    for (let at = begin; at < end; at++) {
      const bin = from + 2 * (of[offset + (rows[at] as number)] as number);
      histogram[bin] = (histogram[bin] as number) + (first[at] as number);
      histogram[bin + 1] = (histogram[bin + 1] as number) + (second[at] as number);
    }
  };

  /**
   * The same for four columns at once. Neighbouring rows are often in the same bin, and then a sum waits for the one before it; four columns have
   * others to make meanwhile.
   */
  const addFour = (begin: number, end: number, base: number, columns: Int32Array, which: number): void => {
    const a = columns[which] as number;
    const b = columns[which + 1] as number;
    const c = columns[which + 2] as number;
    const d = columns[which + 3] as number;
    const fromA = base + 2 * (starts[a] as number);
    const fromB = base + 2 * (starts[b] as number);
    const fromC = base + 2 * (starts[c] as number);
    const fromD = base + 2 * (starts[d] as number);
    for (let at = begin; at < end; at++) {
      const row = rows[at] as number;
      const one = first[at] as number;
      const two = second[at] as number;
      const binA = fromA + 2 * (of[a * count + row] as number);
      const binB = fromB + 2 * (of[b * count + row] as number);
      const binC = fromC + 2 * (of[c * count + row] as number);
      const binD = fromD + 2 * (of[d * count + row] as number);
      histogram[binA] = (histogram[binA] as number) + one;
      histogram[binA + 1] = (histogram[binA + 1] as number) + two;
      histogram[binB] = (histogram[binB] as number) + one;
      histogram[binB + 1] = (histogram[binB + 1] as number) + two;
      histogram[binC] = (histogram[binC] as number) + one;
      histogram[binC + 1] = (histogram[binC + 1] as number) + two;
      histogram[binD] = (histogram[binD] as number) + one;
      histogram[binD + 1] = (histogram[binD + 1] as number) + two;
    }
  };

  /** Leaves of a depth's histogram what the next depth's, of the smaller child, does not hold. */
  const subtract = (depth: number, columns: Int32Array, used: number): void => {
    for (let which = 0; which < used; which++) {
      const column = columns[which] as number;
      const end = depth * size + 2 * (starts[column + 1] as number);
      for (let at = depth * size + 2 * (starts[column] as number); at < end; at++)
        histogram[at] = (histogram[at] as number) - (histogram[at + size] as number);
    }
  };

  /** Puts the rows that go left first, in their order, and returns where the others begin. */
  const part = (begin: number, end: number, column: number, bin: number, missingRight: number): number => {
    const offset = column * count;
    const threshold = bin - (starts[column] as number);
    const none = missing[column] === 1 ? (starts[column + 1] as number) - (starts[column] as number) - 1 : -1;
    let left = begin;
    let right = 0;
    for (let at = begin; at < end; at++) {
      const row = rows[at] as number;
      const own = of[offset + row] as number;
      if (own === none ? missingRight === 0 : own < threshold) rows[left++] = row;
      else kept[right++] = row;
    }
    for (let at = 0; at < right; at++) rows[left + at] = kept[at] as number;
    return left;
  };

  const leaf = (node: number, begin: number, end: number, margins: Float32Array): void => {
    const value = Math.fround(eta * (grove.weight[node] as number));
    grove.value[node] = value;
    for (let at = begin; at < end; at++) {
      const row = rows[at] as number;
      margins[row] = (margins[row] as number) + value;
    }
  };

  const describe = (node: number, sumFirst: number, sumSecond: number): void => {
    grove.hessian[node] = sumSecond;
    grove.weight[node] = sumSecond <= 0 || sumSecond < minChildWeight ? 0 : -sumFirst / (sumSecond + lambda);
  };

  return {
    grow: (tree, columns, used, gradients, margins) => {
      let deepest = 0;
      /** Splits a node of which the histogram of its depth tells the sums, or makes it a leaf. */
      const split = (
        node: number,
        begin: number,
        end: number,
        depth: number,
        level: number,
        sumFirst: number,
        sumSecond: number,
      ): void => {
        if (!finder.find(histogram, level * size, columns, used, sumFirst, sumSecond)) {
          leaf(node, begin, end, margins);
          return;
        }
        const column = place[0] as number;
        const bin = place[1] as number;
        const missingRight = place[2] as number;
        const gain = sums[0] as number;
        const leftFirst = sums[1] as number;
        const leftSecond = sums[2] as number;
        const middle = part(begin, end, column, bin, missingRight);
        // Rounding in subtracted sums can promise rows where there are none.
        if (middle === begin || middle === end) {
          leaf(node, begin, end, margins);
          return;
        }
        const left = grove.used[0] as number;
        grove.used[0] = left + 2;
        grove.feature[node] = column;
        grove.threshold[node] = edges[bin] as number;
        grove.left[node] = left;
        grove.missingRight[node] = missingRight;
        grove.gain[node] = gain;
        const rightFirst = sumFirst - leftFirst;
        const rightSecond = sumSecond - leftSecond;
        describe(left, leftFirst, leftSecond);
        describe(left + 1, rightFirst, rightSecond);
        deepest = Math.max(deepest, depth + 1);
        const leftIsSmall = middle - begin <= end - middle;
        const deep = depth + 1 === maxDepth;
        // Both sides of a split need their least weight.
        const leftSplits = !deep && leftSecond >= 2 * minChildWeight && middle - begin > 1;
        const rightSplits = !deep && rightSecond >= 2 * minChildWeight && end - middle > 1;
        const smallSplits = leftIsSmall ? leftSplits : rightSplits;
        const largeSplits = leftIsSmall ? rightSplits : leftSplits;
        if (smallSplits || largeSplits) {
          sumUp(leftIsSmall ? begin : middle, leftIsSmall ? middle : end, level + 1, columns, used, gradients);
          if (largeSplits) subtract(level, columns, used);
        }
        if (!leftSplits) leaf(left, begin, middle, margins);
        else if (leftIsSmall) split(left, begin, middle, depth + 1, level + 1, leftFirst, leftSecond);
        if (!rightSplits) leaf(left + 1, middle, end, margins);
        else if (!leftIsSmall) split(left + 1, middle, end, depth + 1, level + 1, rightFirst, rightSecond);
        // The larger child comes last: its histogram lies where the parent's was, and the smaller one's is no longer needed.
        if (leftIsSmall && rightSplits) split(left + 1, middle, end, depth + 1, level, rightFirst, rightSecond);
        if (!leftIsSmall && leftSplits) split(left, begin, middle, depth + 1, level, leftFirst, leftSecond);
      };

      let sumFirst = 0;
      let sumSecond = 0;
      for (let row = 0; row < count; row++) {
        rows[row] = row;
        sumFirst += gradients.first[row] as number;
        sumSecond += gradients.second[row] as number;
      }
      const root = grove.used[0] as number;
      grove.used[0] = root + 1;
      grove.roots[tree] = root;
      describe(root, sumFirst, sumSecond);
      if (count > 1 && sumSecond >= 2 * minChildWeight) {
        sumUp(0, count, 0, columns, used, gradients);
        split(root, 0, count, 0, 0, sumFirst, sumSecond);
      } else leaf(root, 0, count, margins);
      grove.depth[tree] = deepest;
    },
  };
}
