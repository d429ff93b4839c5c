import type { Program } from '../ir/nodes.ts';
import { type Refusal, refuse } from '../support/refusal.ts';
import { longestSum, withSumsInF16, withSumsInF32 } from './keep-sums.ts';
import type { AttributeSpec } from './operator.ts';
import type { Workload } from './workload.ts';

/**
 * How workloads say in which dtype sums of f16 elements are kept: f32, with one rounding when the result is stored, unless f16 is asked for.
 * In f16 each of K additions rounds to 11 bits: an error of at most K * 2^-11 of the terms' magnitudes, some sqrt(K) * 2^-12 where
 * their signs are random, and a sum 2,048 times as large as its terms does not grow any more.
 */
export const accumulateAttribute: AttributeSpec = {
  kind: 'attribute',
  default: 'f32',
  optional: true,
  doc:
    'dtype f16: what sums are kept in. f32 rounds once, at the end; f16 rounds after each of K terms, an error of up to K/2048 of the ' +
    'sum of magnitudes (4,096 ones give 2048)',
};

/** The dtype that the sums of a workload are kept in. */
export function sumsOf({ attributes, dtype }: Workload): Workload['dtype'] {
  return dtype === 'f16' && attributes.accumulate === 'f16' ? 'f16' : 'f32';
}

/** The program with sums in the dtype that the workload asks for. */
export function withAccumulation(workload: Workload, program: Program): Program {
  if (workload.dtype === 'f32') return program;
  return sumsOf(workload) === 'f32' ? withSumsInF32(program) : withSumsInF16(program);
}

/** Why a workload cannot have its sums kept as it says, or null. `plain` is the program as its operator wrote it. */
export function checkAccumulation(
  { operator, attributes, dtype }: Workload,
  plain: () => Program,
  f32SumsOnly: string | undefined,
): Refusal | null {
  const { accumulate = 'f32' } = attributes;
  const leaveOut = 'leave accumulate out';
  if (accumulate === 'f32') return null;
  if (accumulate !== 'f16')
    return refuse('bad-accumulate', () => `accumulate="${accumulate}" must be f32 (the default) or f16`);
  if (dtype !== 'f16')
    return refuse(
      'bad-accumulate',
      () => `accumulate=f16 needs elements of f16, and these are ${dtype}`,
      () => `${leaveOut}, or take dtype f16`,
    );
  if (f32SumsOnly !== undefined)
    return refuse(
      'bad-accumulate',
      () => `sums of ${operator} are kept in f32: ${f32SumsOnly}`,
      () => leaveOut,
    );
  if (longestSum(plain()) > 0) return null;
  return refuse(
    'bad-accumulate',
    () => `accumulate=f16 says what sums are kept in, and here ${operator} has none`,
    () => leaveOut,
  );
}
