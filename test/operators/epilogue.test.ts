import { describe, expect, it } from 'vitest';
import { printProgram } from '../../src/ir/printer.ts';
import { checkSpec } from '../../src/ir/spec.ts';
import { findOperator, listOperators } from '../../src/operators/catalog.ts';
import { checkedProgram } from '../../src/operators/checked-program.ts';
import { exact } from '../../src/operators/fill.ts';
import { expectedAt, generateInputs } from '../../src/operators/inputs.ts';
import { makeWorkload, type WorkloadWish } from '../../src/operators/parse-workload.ts';
import { type Workload, workloadKey } from '../../src/operators/workload.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { smallShape } from './small-shapes.ts';

const operators = listOperators().map(({ name }) => name);

function check(operator: string, wish: WorkloadWish): void {
  const workload = makeWorkload(operator, wish);
  const program = findOperator(operator).build(workload);
  expect(checkSpec(program)).toBeNull();
  const inputs = generateInputs(workload, 11);
  const values = interpret(program, inputs, { rounding: true });
  const { absolute, relative } = findOperator(operator).tolerance(workload);
  const output = program.outputs[0] ?? '';
  const expected = expectedAt(workload, inputs, output, null);
  expected.forEach((want, at) => {
    const miss = Math.abs((values[output]?.[at] ?? Number.NaN) - want);
    expect(miss, `${operator} at ${at}: want ${want}`).toBeLessThanOrEqual(absolute + relative * Math.abs(want));
  });
}

const print = (operator: string, shape: string, epilogue: string, dtype = 'f32'): string =>
  printProgram(findOperator(operator).build(makeWorkload(operator, { shape, dtype, attributes: { epilogue } })));

describe('an epilogue', () => {
  it.each(operators)('of %s equals the composed reference, in f32 and f16', (operator) => {
    const shape = smallShape(operator);
    for (const dtype of ['f32', 'f16']) {
      check(operator, { shape, dtype, attributes: { epilogue: 'relu(x + bias)' } });
      check(operator, { shape, dtype, attributes: { epilogue: 'sigmoid(shift - x * scale) * 2' } });
      check(operator, { shape, dtype, attributes: { epilogue: 'relu(x * scale + r)' } });
    }
  });

  it('is a stage after the operator; its inputs follow the last dimension', () => {
    expect(print('matmul', 'm=7,n=5,k=3', 'relu(x + bias)')).toBe(`input A: f32[1, 7, 3]
input B: f32[1, 3, 5]
input bias: f32[5]
output C: f32[1, 7, 5]
storage C_plain: f32[1, 7, 5]
for b in 1
  for i in 7
    for j in 5
      for k in 3
        block matmul(vb = b, vi = i, vj = j, vk~ = k)
          C_plain[vb, vi, vj] sum= A[vb, vi, vk] * B[vb, vk, vj]
for epilogue_b in 1
  for epilogue_i in 7
    for epilogue_j in 5
      block epilogue(vb = epilogue_b, vi = epilogue_i, vj = epilogue_j)
        C[vb, vi, vj] = max(C_plain[vb, vi, vj] + bias[vj], 0.0)`);
  });

  it('follows the channels of an image, both dimensions of them with groups', () => {
    expect(print('conv2d', 'c=3,h=7,w=7,oc=4', 'x + bias')).toContain('Y_plain[vn, voc, voh, vow] + bias[voc]');
    const grouped = print('conv2d', 'c=4,h=7,w=7,oc=6,groups=2', 'x + bias');
    expect(grouped).toContain('input bias: f32[2, 3]');
    expect(grouped).toContain('Y_plain[vn, vg, voc, voh, vow] + bias[vg, voc]');
    expect(print('conv2d_nhwc', 'c=3,h=7,w=7,oc=4', 'x + bias')).toContain('bias[voc]');
    expect(print('depthwise_conv2d', 'c=3,h=7,w=7', 'x + bias')).toContain('bias[vc]');
  });

  it('reads a tensor of the whole shape where an input is declared as one, or is called r or residual', () => {
    const declared = print('conv2d', 'c=3,h=7,w=7,oc=4', 'relu(x + skip + bias); skip: tensor');
    expect(declared).toContain('input skip: f32[1, 4, 7, 7]');
    expect(declared).toContain('input bias: f32[4]');
    expect(declared).toContain('Y_plain[vn, voc, voh, vow] + skip[vn, voc, voh, vow] + bias[voc]');
    expect(print('matmul', 'm=7,n=5,k=3', 'relu(x + r)')).toContain('C_plain[vb, vi, vj] + r[vb, vi, vj]');
    expect(print('matmul', 'm=7,n=5,k=3', 'x + residual')).toContain('input residual: f32[1, 7, 5]');
    expect(print('matmul', 'm=7,n=5,k=3', 'x + r; r: channel')).toContain('input r: f32[5]');
  });

  it('with tensors is held by workloads with every tensor declared, and nothing else', () => {
    const held = (epilogue: string) => makeWorkload('matmul', { attributes: { epilogue } }).attributes.epilogue;
    expect(held('relu(x + r)')).toBe('relu(x + r); r: tensor');
    expect(held('relu(x + r) ;r:tensor')).toBe('relu(x + r); r: tensor');
    expect(held('x * s + t + r; t: tensor, s: channel')).toBe('x * s + t + r; t: tensor, r: tensor');
    expect(held('relu(x+bias)')).toBe('relu(x+bias)');
    expect(held('x + bias; bias: channel')).toBe('x + bias');
    expect(held('relu(x + r); r: tensor')).toBe('relu(x + r); r: tensor');
  });

  it('of a record made before tensors existed keeps its key and its meaning, whatever its inputs are called', () => {
    const { params } = makeWorkload('matmul', { shape: 'm=7,n=5,k=3' });
    const before: Workload = { operator: 'matmul', params, attributes: { epilogue: 'relu(x + r)' }, dtype: 'f32' };
    const program = checkedProgram(before);
    expect(isRefusal(program) ? program : printProgram(program)).toContain('input r: f32[5]');
    const asked = makeWorkload('matmul', { shape: 'm=7,n=5,k=3', attributes: before.attributes });
    expect(workloadKey(asked)).not.toBe(workloadKey(before));
    expect(isRefusal(checkedProgram(asked))).toBe(false);
    const channel = { epilogue: 'relu(x + r); r: channel' };
    expect(makeWorkload('matmul', { shape: 'm=7,n=5,k=3', attributes: channel })).toEqual(before);
  });

  it('may have inputs with names that its own stage would take', () => {
    const text = print('matmul', 'm=7,n=5,k=3', 'x + C_plain * epilogue + epilogue_i');
    expect(text).toContain('block epilogue_1(');
    expect(text).toContain('C_plain_1[');
  });

  it('with a tensor is judged element by element', () => {
    const workload = makeWorkload('matmul', { shape: 'm=7,n=5,k=3', attributes: { epilogue: 'x + r' } });
    const inputs = generateInputs(workload, 11);
    const [plain, added] = [{ ...inputs, r: new Float64Array(35) }, Float64Array.from({ length: 35 }, (_, at) => at)];
    const without = expectedAt(workload, plain, 'C', null);
    expect(expectedAt(workload, { ...inputs, r: added }, 'C', null)).toEqual(without.map((value, at) => value + at));
  });

  it('of sums kept in f32 comes before their rounding to f16, and the stage that only rounds is left out', () => {
    const text = print('matmul', 'm=7,n=5,k=3', 'x * 2 + bias', 'f16');
    expect(text).toContain('storage C_sum: f32[1, 7, 5]');
    expect(text).toContain('C[vb, vi, vj] = f16(C_sum[vb, vi, vj] * 2.0 + f32(bias[vj]))');
    expect(text).not.toContain('finish');
    // The stage that adds the operator's own bias stays, in f32.
    const biased = print('matmul', 'm=7,n=5,k=3,bias=1', 'relu(x)', 'f16');
    expect(biased).toContain('storage C_plain: f32[1, 7, 5]');
    expect(biased).toContain('C_plain[vb, vi, vj] = C_sum[vb, vi, vj] + f32(bias[vj])');
  });

  it('of a softmax reads f32 too', () => {
    const text = print('softmax', 'rows=7,cols=5', 'x * scale', 'f16');
    expect(text).toContain('storage Y_plain: f32[7, 5]');
    expect(text).toContain('Y[vi, vj] = f16(Y_plain[vi, vj] * f32(scale[vj]))');
  });

  it('must be met exactly where operator and formula are exact on integers, within a tolerance elsewhere', () => {
    const toleranceOf = (operator: string, epilogue: string, dtype = 'f32') =>
      findOperator(operator).tolerance(makeWorkload(operator, { dtype, attributes: { epilogue } }));
    expect(toleranceOf('matmul', 'relu(x + bias)')).toEqual(exact);
    expect(toleranceOf('matmul', 'relu(x + bias)', 'f16')).toEqual(exact);
    expect(toleranceOf('matmul', 'x * x').relative).toBeGreaterThan(0);
    expect(toleranceOf('matmul', 'gelu(x)').relative).toBeGreaterThan(0);
    const plain = findOperator('softmax').tolerance(makeWorkload('softmax'));
    expect(toleranceOf('softmax', 'x + bias').absolute).toBeGreaterThan(plain.absolute);
  });

  it('keeps the argument of tanh in a range where no device overflows', () => {
    expect(print('matmul', 'm=1,n=1,k=1', 'tanh(x)')).toContain('tanh(max(min(C_plain[vb, vi, vj], 10.0), -10.0))');
    expect(Math.fround(Math.tanh(10))).toBe(1);
  });

  it('changes the key of a workload; an empty one, or none, leaves the key as it was before epilogues existed', () => {
    const plain = makeWorkload('matmul');
    expect(plain.attributes).toEqual({});
    expect(makeWorkload('matmul', { attributes: { epilogue: '' } })).toEqual(plain);
    expect(workloadKey(makeWorkload('matmul', { attributes: { epilogue: 'relu(x)' } }))).not.toBe(workloadKey(plain));
  });

  it('that is computed wrongly is noticed', () => {
    const workload = makeWorkload('matmul', { shape: 'm=7,n=5,k=3', attributes: { epilogue: 'relu(x + bias)' } });
    const program = findOperator('matmul').build(workload);
    const inputs = generateInputs(workload, 11);
    const shifted = {
      ...inputs,
      bias: (inputs.bias ?? new Float64Array()).map((_, at, all) => all[(at + 1) % 5] ?? 0),
    };
    expect(interpret(program, shifted).C).not.toEqual(expectedAt(workload, inputs, 'C', null));
  });
});

describe('refused epilogues', () => {
  it.each([
    ['relu(x', 'matmul: epilogue "relu(x": expected ")" where the expression ends'],
    ['relu(bias)', 'matmul: epilogue "relu(bias)": it does not use x, the operator\'s result'],
    ['x + A', 'matmul: epilogue "x + A": the operator has a tensor A already; give the input another name'],
    [
      'x + my__bias',
      'matmul: epilogue "x + my__bias": the input name "my__bias" must be letters, digits and single underscores, starting with a letter',
    ],
    [
      'x + r; r: row',
      'matmul: epilogue "x + r; r: row": "r: row" must be r: tensor (the output\'s shape) or r: channel (one value a channel)',
    ],
    [
      'x + r; s: tensor',
      'matmul: epilogue "x + r; s: tensor": it declares s, which the formula does not use; its inputs are r',
    ],
    ['x + r; x: tensor', 'matmul: epilogue "x + r; x: tensor": x is the operator\'s result and needs no declaration'],
    [
      'x + r; r',
      'matmul: epilogue "x + r; r": "r" behind the semicolon must be an input and what it is, e.g. r: tensor',
    ],
    ['x + r; r: tensor, r: tensor', 'it declares r twice'],
    ['x + r; r: tensor; s: tensor', 'it has two semicolons; declare inputs behind one, separated by commas'],
    ['x * k', 'matmul: epilogue "x * k": the operator has a loop or stage k already; give the input another name'],
    ['sqrt(-1 - x * x)', 'matmul: epilogue "sqrt(-1 - x * x)": it gives no finite number on any input tried'],
  ])('%s', (epilogue, message) => {
    expect(() => makeWorkload('matmul', { attributes: { epilogue } })).toThrow(message);
  });

  it('an input that the operator has under some parameter', () => {
    expect(() => makeWorkload('matmul', { shape: 'bias=1', attributes: { epilogue: 'x + bias' } })).toThrow(
      'the operator has a tensor bias already; give the input another name',
    );
  });
});
