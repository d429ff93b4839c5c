import type { Program } from '../../src/ir/nodes.ts';
import * as te from '../../src/operators/expression.ts';
import { compute, input, program } from '../../src/operators/tensor.ts';

/** Programs of a structure that no built-in operator has, but that a user may define. */
export const structures: Readonly<Record<string, () => Program>> = {
  'a product, then bias and relu': () => {
    const A = input('A', [17, 12], 'f32');
    const B = input('B', [12, 20], 'f32');
    const bias = input('bias', [20], 'f32');
    const k = te.reductionAxis('k', 12);
    const C = compute('C', { i: 17, j: 20 }, ({ i, j }) => te.sumOver(te.mul(A.at(i, k), B.at(k, j)), [k]), {
      stage: 'product',
    });
    const D = compute('D', { i: 17, j: 20 }, ({ i, j }) => te.max(te.add(C.at(i, j), bias.at(j)), 0), {
      stage: 'epilogue',
    });
    return program([A, B, bias], [D]);
  },
  'two products in a row': () => {
    const A = input('A', [9, 8], 'f32');
    const B = input('B', [8, 12], 'f32');
    const C = input('C', [12, 4], 'f32');
    const k = te.reductionAxis('k', 8);
    const AB = compute('AB', { i: 9, j: 12 }, ({ i, j }) => te.sumOver(te.mul(A.at(i, k), B.at(k, j)), [k]), {
      stage: 'first',
    });
    const l = te.reductionAxis('l', 12);
    const ABC = compute('ABC', { i: 9, j: 4 }, ({ i, j }) => te.sumOver(te.mul(AB.at(i, l), C.at(l, j)), [l]), {
      stage: 'second',
    });
    return program([A, B, C], [ABC]);
  },
  'rows of a cube less their mean': () => {
    const X = input('X', [2, 5, 24], 'f32');
    const k = te.reductionAxis('k', 24);
    const total = compute('total', { b: 2, i: 5 }, ({ b, i }) => te.sumOver(X.at(b, i, k), [k]), { stage: 'sum' });
    const Y = compute('Y', { b: 2, i: 5, j: 24 }, ({ b, i, j }) => te.sub(te.mul(X.at(b, i, j), 24), total.at(b, i)), {
      stage: 'centre',
    });
    return program([X], [Y]);
  },
  'a column subtracted from rows': () => {
    const X = input('X', [7, 24], 'f32');
    const k = te.reductionAxis('k', 7);
    const total = compute('total', { j: 24 }, ({ j }) => te.sumOver(X.at(k, j), [k]), { stage: 'sum' });
    const Y = compute('Y', { i: 7, j: 24 }, ({ i, j }) => te.sub(X.at(i, j), total.at(j)), { stage: 'subtract' });
    return program([X], [Y]);
  },
  'two outputs from one input': () => {
    const X = input('X', [6, 10], 'f32');
    const k = te.reductionAxis('k', 10);
    const Y = compute('Y', { i: 6 }, ({ i }) => te.sumOver(X.at(i, k), [k]), { stage: 'sum' });
    const Z = compute('Z', { i: 6, j: 10 }, ({ i, j }) => te.mul(X.at(i, j), 2), { stage: 'twice' });
    return program([X], [Y, Z]);
  },
  'a chain of elementwise stages': () => {
    const X = input('X', [5, 8], 'f32');
    const Y = compute('Y', { i: 5, j: 8 }, ({ i, j }) => te.add(X.at(i, j), 1), { stage: 'more' });
    const Z = compute('Z', { i: 8, j: 5 }, ({ i, j }) => te.mul(Y.at(j, i), 3), { stage: 'turned' });
    return program([X], [Z]);
  },
  'a matrix turned, less a row and with half of another turned': () => {
    const X = input('X', [9, 14], 'f32');
    const Z = input('Z', [9, 28], 'f32');
    const row = input('row', [9], 'f32');
    const Y = compute(
      'Y',
      { i: 14, j: 9 },
      ({ i, j }) => te.add(te.sub(X.at(j, i), row.at(j)), Z.at(j, te.add(i, 7))),
      { stage: 'turned' },
    );
    return program([X, Z, row], [Y]);
  },
  'rows made equal, then multiplied': () => {
    const X = input('X', [6, 8], 'f32');
    const W = input('W', [8, 5], 'f32');
    const k = te.reductionAxis('k', 8);
    const total = compute('total', { i: 6 }, ({ i }) => te.sumOver(X.at(i, k), [k]), { stage: 'sum' });
    const less = compute('less', { i: 6, j: 8 }, ({ i, j }) => te.sub(X.at(i, j), total.at(i)), { stage: 'centre' });
    const l = te.reductionAxis('l', 8);
    const Y = compute('Y', { i: 6, j: 5 }, ({ i, j }) => te.sumOver(te.mul(less.at(i, l), W.at(l, j)), [l]), {
      stage: 'product',
    });
    return program([X, W], [Y]);
  },
  'a product that vectors do not divide, with a bias': () => {
    const A = input('A', [36, 33], 'f32');
    const B = input('B', [33, 37], 'f32');
    const bias = input('bias', [37], 'f32');
    const k = te.reductionAxis('k', 33);
    const C = compute('C', { i: 36, j: 37 }, ({ i, j }) => te.sumOver(te.mul(A.at(i, k), B.at(k, j)), [k]), {
      stage: 'product',
    });
    const D = compute('D', { i: 36, j: 37 }, ({ i, j }) => te.sub(C.at(i, j), bias.at(j)), { stage: 'less' });
    return program([A, B, bias], [D]);
  },
  'a reduction over several axes': () => {
    const X = input('X', [3, 4, 6], 'f32');
    const a = te.reductionAxis('a', 4);
    const b = te.reductionAxis('b', 6);
    const Y = compute('Y', { i: 3 }, ({ i }) => te.maxOver(X.at(i, a, b), [a, b]), { stage: 'largest' });
    return program([X], [Y]);
  },
  'the square of a matrix, read twice': () => {
    const A = input('A', [10, 10], 'f32');
    const k = te.reductionAxis('k', 10);
    const C = compute('C', { i: 10, j: 10 }, ({ i, j }) => te.sumOver(te.mul(A.at(i, k), A.at(k, j)), [k]), {
      stage: 'square',
    });
    return program([A], [C]);
  },
  'a vector of one sum of everything': () => {
    const X = input('X', [40], 'f32');
    const k = te.reductionAxis('k', 40);
    const Y = compute('Y', { i: 1 }, () => te.sumOver(X.at(k), [k]), { stage: 'all' });
    return program([X], [Y]);
  },
  'a gather by floor division': () => {
    const X = input('X', [7], 'f32');
    const Y = compute('Y', { i: 21 }, ({ i }) => X.at(te.floorDiv(i, 3)), { stage: 'repeat' });
    return program([X], [Y]);
  },
};
