import { describe, expect, test } from 'vitest';
import type { DeviceLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { type LoweringOptions, lowerProgram } from '../../src/lowering/lower.ts';
import { cacheRead, cacheWrite, computeAt, split, storageAlign, subgroupMatrix } from '../../src/schedule/steps.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { plain, type Step, scheduled } from '../support/schedule.ts';
import { smallInputs } from './equality.ts';
import { eight, f16MatrixProgram, f32MatrixProgram, limitsWith, sixteen } from './matrix-programs.ts';
import { runLowered } from './simt.ts';

/** Kinds of the matrix statements anywhere in a kernel, in order. */
function matrixStatements(program: Program, limits: DeviceLimits, options: LoweringOptions = {}): string[] {
  const lowered = lowerProgram(program, limits, options);
  if (isRefusal(lowered)) throw new Error(explainRefusal(lowered));
  const kinds = JSON.stringify(lowered.kernels).match(/"kind":"matrix[a-z-]*"/g) ?? [];
  return kinds.map((text) => text.slice(8, -1));
}

function expectSameResult(program: Program, limits: DeviceLimits, matrices: 'native' | 'emulated'): void {
  const lowered = lowerProgram(program, limits, { matrices });
  if (isRefusal(lowered)) throw new Error(`${lowered.reason}: ${explainRefusal(lowered)}`);
  const inputs = smallInputs(program);
  const want = interpret(program, inputs, { rounding: true });
  const got = runLowered(lowered, inputs, { subgroupSize: limits.subgroupMaxSize });
  for (const name of program.outputs) expect(got[name], name).toEqual(want[name]);
}

describe('a product of tiles', () => {
  test.each([
    ['b=1,m=16,n=16,k=24', [1, 1]],
    ['b=2,m=16,n=32,k=8', [2, 2]],
    ['b=1,m=16,n=16,k=16,transpose_a=1', [1, 2]],
    ['b=1,m=16,n=16,k=16,transpose_b=1', [2, 1]],
    ['b=1,m=8,n=8,k=8,transpose_a=1,transpose_b=1', [1, 1]],
  ] as const)('%s, subgroups %j', (shape, factors) => {
    const program = f32MatrixProgram(shape, factors);
    expectSameResult(program, limitsWith([eight]), 'native');
    expectSameResult(program, limitsWith([]), 'emulated');
    expect(matrixStatements(program, limitsWith([eight]))).toContain('matrix-multiply');
  });

  test('is computed by one subgroup of the largest size per tile, though no loop names its lanes', () => {
    const lowered = lowerProgram(f32MatrixProgram('m=16,n=16,k=16'), limitsWith([eight], 32), { matrices: 'native' });
    if (isRefusal(lowered)) throw new Error(explainRefusal(lowered));
    expect(lowered.kernels[0]?.workgroupSize).toEqual([32, 1, 1]);
    expect(lowered.kernels[0]?.shared).toEqual([]);
  });

  test('loads a matrix once for all products of which it is a factor, and holds results from the fill to the store', () => {
    expect(matrixStatements(f16MatrixProgram(), limitsWith([sixteen], 32))).toEqual([
      ...Array(4).fill('matrix'),
      ...Array(2)
        .fill([
          ...['matrix-load', 'matrix-load', 'matrix-multiply'],
          ...['matrix-load', 'matrix-multiply'],
          ...['matrix-load', 'matrix-multiply', 'matrix-multiply'],
        ])
        .flat(),
      ...Array(4).fill('matrix-store'),
    ]);
  });

  test('is right with f16 factors, f32 sums and four subgroups', () => {
    expectSameResult(f16MatrixProgram(), limitsWith([sixteen], 32), 'native');
    expectSameResult(f16MatrixProgram(), limitsWith([], 32), 'emulated');
  });
});

describe('the device decides whether matrix instructions are used', () => {
  const program = f32MatrixProgram('m=16,n=16,k=16');
  test.each([
    ['fitting matrices', limitsWith([eight]), true],
    ['others', limitsWith([sixteen]), false],
    ['none', limitsWith([]), false],
  ])('%s', (_, limits, native) => {
    expect(matrixStatements(program, limits).length > 0).toBe(native);
  });
  test('but not where the form that runs everywhere is asked for', () => {
    expect(matrixStatements(program, limitsWith([eight]), { matrices: 'emulated' })).toEqual([]);
  });
});

describe('native matrices are refused, and the emulated form is right,', () => {
  const small = (steps: readonly Step[], shape = 'm=8,n=8,k=8'): Program => scheduled(plain('matmul', shape), steps);
  const marked = [cacheWrite('matmul', 'workgroup'), computeAt('matmul', 'store_C_vb'), subgroupMatrix('matmul_vi')];
  const cases: readonly (readonly [string, Program, DeviceLimits, string])[] = [
    [
      'no matrices',
      f32MatrixProgram('m=16,n=16,k=16'),
      limitsWith([]),
      'block matmul_init needs subgroup matrices of 8x8, f32; the device has no subgroup matrices; the emulated form runs everywhere',
    ],
    [
      'other matrices',
      f32MatrixProgram('m=16,n=16,k=16'),
      limitsWith([sixteen, { ...eight, k: 4 }]),
      'block matmul needs subgroup matrices of 8x8x8, f32 and f32 into f32; the device has 16x16x16 of f16 into f32; 8x8x4 of f32 into f32',
    ],
    [
      'no subgroups',
      f32MatrixProgram('m=16,n=16,k=16'),
      limitsWith([eight], 0),
      'kernel matmul uses subgroup matrices, and the device has no subgroups whose lanes are known; the emulated form runs everywhere',
    ],
    [
      'sums read one by one',
      small(marked),
      limitsWith([eight]),
      'C_workgroup, which block matmul_init would hold as matrices, is read or written element by element too; give the sums a workgroup buffer of their own (cacheWrite) that only matrix nests touch',
    ],
    [
      'sums in storage',
      small([subgroupMatrix('i')]),
      limitsWith([eight]),
      'block matmul_init would hold C as matrices, which lies in storage memory; give the sums a workgroup buffer of their own (cacheWrite) that only matrix nests touch',
    ],
    [
      'tiles chosen while the kernel runs',
      small(
        [
          cacheWrite('matmul', 'workgroup'),
          computeAt('matmul', 'store_C_vb'),
          split('store_C_vi', null, 8),
          split('matmul_vi', null, 8),
          subgroupMatrix('matmul_vi_1'),
          subgroupMatrix('store_C_vi_1'),
        ],
        'm=16,n=8,k=8',
      ),
      limitsWith([eight]),
      'block matmul_init touches a matrix of C_workgroup that matmul_vi_0 chooses while the kernel runs; unroll the loops around the tile that choose it',
    ],
    [
      'rows that begin anywhere',
      small([
        cacheWrite('matmul', 'workgroup'),
        subgroupMatrix('store_C_vi'),
        computeAt('matmul', 'store_C_vb'),
        subgroupMatrix('matmul_vi'),
        cacheRead('matmul', 'A', 'workgroup'),
        computeAt('load_A_workgroup', 'store_C_vb'),
        storageAlign('A_workgroup', 1),
      ]),
      limitsWith([eight]),
      'block matmul: tiles of A_workgroup do not all start at a multiple of 16 bytes; pad rows by multiples of 4 elements',
    ],
  ];
  test.each(cases)('for %s', (_, program, limits, message) => {
    const lowered = lowerProgram(program, limits, { matrices: 'native' });
    expect(isRefusal(lowered) ? explainRefusal(lowered) : lowered).toBe(message);
    expectSameResult(program, { ...limits, subgroupMaxSize: 8 }, 'emulated');
  });

  test('for tiles of one column, whose loop is gone', () => {
    const program = small([cacheWrite('matmul', 'workgroup'), subgroupMatrix('i')], 'm=8,n=1,k=8');
    const lowered = lowerProgram(program, limitsWith([eight]), { matrices: 'native' });
    expect(isRefusal(lowered) && lowered.reason).toBe('no-matrix-operation');
    const gone = small([subgroupMatrix('i')], 'm=1,n=8,k=1');
    const nothing = lowerProgram(gone, limitsWith([eight]), { matrices: 'native' });
    expect(isRefusal(nothing) && nothing.reason).toBe('no-matrix-operation');
    expectSameResult(gone, limitsWith([]), 'emulated');
  });

  test('for an operand in private memory, which neither form allows', () => {
    const program = small([
      cacheWrite('matmul', 'workgroup'),
      subgroupMatrix('store_C_vi'),
      computeAt('matmul', 'store_C_vb'),
      subgroupMatrix('matmul_vi'),
      cacheRead('matmul', 'A', 'private'),
      computeAt('load_A_private', 'store_C_vb'),
    ]);
    const lowered = lowerProgram(program, limitsWith([eight]), { matrices: 'native' });
    expect(isRefusal(lowered) && explainRefusal(lowered)).toBe(
      'block matmul takes A_private from private memory; matrices are loaded from storage or workgroup memory, at indices that are in range',
    );
  });
});
