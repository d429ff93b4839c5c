import { describe, expect, it } from 'vitest';
import { printProgram } from '../../src/ir/printer.ts';
import { findOperator } from '../../src/operators/catalog.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';

const text = (operator: string, shape: string, attributes: Readonly<Record<string, string>> = {}): string =>
  printProgram(findOperator(operator).build(makeWorkload(operator, { shape, attributes })));

describe('programs read as people would write them', () => {
  it('matmul, with a transpose as a permutation of indices', () => {
    expect(text('matmul', 'm=7,n=5,k=3,transpose_b=1')).toBe(`input A: f32[1, 7, 3]
input B: f32[1, 5, 3]
output C: f32[1, 7, 5]
for b in 1
  for i in 7
    for j in 5
      for k in 3
        block matmul(vb = b, vi = i, vj = j, vk~ = k)
          C[vb, vi, vj] sum= A[vb, vi, vk] * B[vb, vj, vk]`);
  });

  it('conv2d, whose padding is a stage of its own', () => {
    expect(text('conv2d', 'c=3,h=7,w=7,oc=2,stride=2')).toBe(`input X: f32[1, 3, 7, 7]
input W: f32[2, 3, 3, 3]
output Y: f32[1, 2, 4, 4]
storage padded: f32[1, 3, 9, 9]
for padded_n in 1
  for c in 3
    for y in 9
      for x in 9
        block pad(vn = padded_n, vc = c, vy = y, vx = x)
          padded[vn, vc, vy, vx] = select(vy >= 1 && vy < 8 && vx >= 1 && vx < 8, X[vn, vc, vy - 1, vx - 1], 0.0)
for n in 1
  for oc in 2
    for oh in 4
      for ow in 4
        for ic in 3
          for kh in 3
            for kw in 3
              block conv2d(vn = n, voc = oc, voh = oh, vow = ow, vic~ = ic, vkh~ = kh, vkw~ = kw)
                Y[vn, voc, voh, vow] sum= padded[vn, vic, voh * 2 + vkh, vow * 2 + vkw] * W[voc, vic, vkh, vkw]`);
  });

  it('conv2d without padding, which has one stage; groups add an axis and no division', () => {
    const program = text('conv2d', 'c=4,h=7,w=7,oc=6,pad=0,groups=2');
    expect(program).toContain('output Y: f32[1, 2, 3, 5, 5]');
    expect(program).toContain(
      'Y[vn, vg, voc, voh, vow] sum= X[vn, vg, vic, voh + vkh, vow + vkw] * W[vg, voc, vic, vkh, vkw]',
    );
    expect(program).not.toContain('padded');
  });

  it('softmax, whose three stages have loops with names of their own', () => {
    expect(text('softmax', 'rows=4,cols=6')).toBe(`input X: f32[4, 6]
output Y: f32[4, 6]
storage rowMax: f32[4]
storage rowSum: f32[4]
for rowMax_i in 4
  for rowMax_k in 6
    block find_row_max(vi = rowMax_i, vk~ = rowMax_k)
      rowMax[vi] maxNumber= X[vi, vk]
for rowSum_i in 4
  for k in 6
    block sum_row(vi = rowSum_i, vk~ = k)
      rowSum[vi] sum= expNumber(X[vi, vk] - rowMax[vi])
for i in 4
  for j in 6
    block normalise(vi = i, vj = j)
      Y[vi, vj] = expNumber(X[vi, vj] - rowMax[vi]) / select(rowSum[vi] > 0.0 && rowSum[vi] < Infinity, rowSum[vi], NaN)`);
  });

  it('elementwise, where a repeated operand is indexed with 0 and an unused one is no input', () => {
    const program = text('elementwise', 'n=2,c=3,h=4,w=5', { expression: 'relu(x + y)' });
    expect(program).toContain('input y: f32[1, 3, 1, 1]');
    expect(program).toContain('result[vn, vc, vh, vw] = max(x[vn, vc, vh, vw] + y[0, vc, 0, 0], 0.0)');
    expect(program).not.toContain('input z');
  });
});
