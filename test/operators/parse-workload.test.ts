import { describe, expect, it } from 'vitest';
import { listOperators } from '../../src/operators/catalog.ts';
import { makeWorkload, type WorkloadWish } from '../../src/operators/parse-workload.ts';
import { describeWorkload, workloadKey } from '../../src/operators/workload.ts';
import { UserError } from '../../src/support/errors.ts';

function complaint(operator: string, wish: WorkloadWish = {}): string {
  try {
    makeWorkload(operator, wish);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message;
  }
  return 'accepted';
}
const names = 'b, m, n, k, transpose_a, transpose_b, bias';

describe('makeWorkload', () => {
  it('fills in what is not named, in declaration order', () => {
    const workload = makeWorkload('matmul', { shape: ' k=3 , transpose_b=true,m=7' });
    expect(describeWorkload(workload)).toBe('matmul b=1 m=7 n=128 k=3 transpose_a=0 transpose_b=1 f32');
    expect(makeWorkload('matmul', { shape: { m: 7, k: 3, transpose_b: true } })).toEqual(workload);
    expect(workloadKey(makeWorkload('matmul', { shape: '' }))).toBe(workloadKey(makeWorkload('matmul')));
  });

  it('takes numbers as people write them', () => {
    expect(makeWorkload('matmul', { shape: 'm=1e3,n=+5,k=2.0' }).params).toMatchObject({ m: 1000, n: 5, k: 2 });
  });

  it.each([
    ['m=0', 'm=0 of matmul is too small; it must be an integer of at least 1'],
    ['m=-3', 'm=-3 of matmul is too small; it must be an integer of at least 1'],
    ['m=1e12', 'm=1e12 of matmul is too large; it may be at most 2147483647 (indices are 32-bit integers)'],
    ['m=1.5', 'm=1.5 of matmul must be an integer'],
    ['m=many', 'm=many of matmul must be an integer'],
    ['m=0x10', 'm=0x10 of matmul must be an integer'],
    ['m=Infinity', 'm=Infinity of matmul must be an integer'],
    ['transpose_a=2', 'transpose_a=2 of matmul must be 0 or 1'],
    ['=5', `"=5" in the shape has no dimension name; write one of ${names} in front of it`],
    ['128', `"128" in the shape has no dimension name; write name=128 with one of ${names}`],
    ['m', '"m" in the shape has no value; write m=number, e.g. m=128'],
    ['m=', '"m=" in the shape has no value; write a number, e.g. m=128'],
    ['m=1,,n=2', `the shape has an empty entry; write name=number separated by commas, with names of ${names}`],
    ['m=1,m=2', 'the shape gives m twice: m=1 and m=2'],
    ['q=5', `matmul has no dimension "q"; it has ${names}`],
    ['transposea=1', `matmul has no dimension "transposea" (did you mean transpose_a?); it has ${names}`],
    ['M=5', `matmul has no dimension "M" (did you mean m?); it has ${names}`],
  ])('matmul %s', (shape, message) => {
    expect(complaint('matmul', { shape })).toBe(message);
  });

  it('says the limit where a buffer would be too large', () => {
    expect(complaint('matmul', { shape: 'm=100000,n=100000,k=1' })).toBe(
      'matmul: buffer C of shape [1, 100000, 100000] would take 37.3 GiB; the limit is 2 GiB a buffer',
    );
    expect(complaint('reduce_sum', { shape: 'rows=536870912,cols=1' })).toBe('accepted');
    expect(complaint('reduce_sum', { shape: 'rows=536870913,cols=1' })).toContain('the limit is 2 GiB');
  });

  it('refuses parameters that do not go together', () => {
    expect(complaint('conv2d', { shape: 'c=6,oc=8,groups=4' })).toBe('conv2d: groups=4 must divide c=6 and oc=8');
    expect(complaint('conv2d', { shape: 'h=3,kh=5,pad=0' })).toBe(
      'conv2d: the output is empty: kh=5 with dilation=1 spans 5, and h=3 with pad=0 has only 3',
    );
    expect(complaint('conv2d', { shape: 'w=3,dilation=3' })).toContain(
      'kw=3 with dilation=3 spans 7, and w=3 with pad=1',
    );
    expect(complaint('conv2d', { shape: 'stride=0' })).toBe(
      'stride=0 of conv2d is too small; it must be an integer of at least 1',
    );
    expect(complaint('reduce_sum', { shape: 'axis=2' })).toBe('axis=2 of reduce_sum is too large; it may be at most 1');
  });

  it('refuses wrong operators, attributes and dtypes', () => {
    expect(complaint('matmlu')).toBe('there is no operator "matmlu"; did you mean matmul?');
    expect(complaint('reduce_su')).toBe(
      'there is no operator "reduce_su"; did you mean reduce_sum or reduce_max or reduce?',
    );
    expect(complaint('fft')).toBe(
      `there is no operator "fft"; the operators are ${listOperators()
        .map(({ name }) => name)
        .join(', ')}`,
    );
    expect(complaint('matmul', { dtype: 'f64' })).toBe('dtype "f64" must be f32 or f16');
    expect(complaint('matmul', { attributes: { expression: 'x' } })).toBe(
      'matmul has no attribute "expression"; it has batch_a, batch_b, accumulate, epilogue, constant',
    );
    expect(complaint('elementwise', { attributes: { expr: 'x' } })).toBe(
      'elementwise has no attribute "expr"; it has expression, x, y, z, u, v, p, q, accumulate, epilogue, constant',
    );
  });
});

describe('elementwise expressions', () => {
  it.each([
    ['', 'it is empty'],
    ['relu(x +', 'expected a value where the expression ends'],
    ['x + * y', 'expected a value where "*" stands at character 5'],
    ['x y', 'expected an operator where "y" stands at character 3'],
    ['(x', 'expected ")" where the expression ends'],
    ['x)', 'expected an operator where ")" stands at character 2'],
    ['relu x', 'expected "(" where "x" stands at character 6'],
    ['min(x)', 'min takes 2 arguments, got 1'],
    ['relu(x, y)', 'relu takes 1 argument, got 2'],
    ['foo(x)', 'there is no function "foo"; the functions are relu, gelu, gelu_tanh, gelu_erf, sigmoid, tanh, '],
    ['constructor(x)', 'there is no function "constructor"'],
    ['x + k', 'there is no operand "k"; the operands are x, y, z, u, v, p, q'],
    ['x < y < z', 'expected an operator where "<" stands at character 7'],
    ['select(x > 0, y)', 'select takes 3 arguments, got 2'],
    ['x $ y', '"$" at character 3 has no meaning here'],
    ['x * 1e99', '1e99 is too large'],
    ['1 + 2', 'uses none of the operands x, y, z'],
    ['x + '.repeat(200), 'it is longer than 500 characters'],
    ['log(-abs(x))', 'gives no finite number on any input tried'],
  ])('%s', (expression, message) => {
    const text = complaint('elementwise', { attributes: { expression } });
    expect(text).toContain(`elementwise: expression "${expression}"`);
    expect(text).toContain(message);
  });

  it('operand shapes', () => {
    expect(complaint('elementwise', { attributes: { y: 'c' } })).toBe(
      `elementwise: y="c" must be four entries, each the dimension's own name or 1, e.g. y="1,c,1,1"`,
    );
    expect(complaint('elementwise', { attributes: { x: 'c,n,h,w' } })).toContain('x="c,n,h,w" must be four entries');
  });
});
