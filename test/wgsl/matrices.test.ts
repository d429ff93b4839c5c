import { beforeAll, describe, expect, it } from 'vitest';
import type { MatrixOrderSyntax } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { compileOnNull } from '../device/compile-on-null.ts';
import type { NullAnswer } from '../device/null-backend.ts';
import { eight, f16MatrixProgram, f32MatrixProgram, limitsWith, sixteen } from '../lowering/matrix-programs.ts';

const programs: readonly (readonly [name: string, program: Program, size: number])[] = [
  ['matrices-16x16x16-f16', f16MatrixProgram('m=128,n=128,k=128'), 32],
  ['matrices-8x8x8-f32', f32MatrixProgram('m=32,n=32,k=16,transpose_b=1', [2, 2]), 32],
];
const cases = programs.flatMap(([name, program, size]) =>
  (['template', 'argument'] as const).map((orderAs) => ({
    name: `${name}-${orderAs}`,
    text: textOf(program, size, orderAs),
    orderAs,
  })),
);

function textOf(program: Program, size: number, orderAs: MatrixOrderSyntax): string {
  const lowered = lowerProgram(program, limitsWith([eight, sixteen], size), { matrices: 'native' });
  if (isRefusal(lowered)) throw new Error(explainRefusal(lowered));
  const { kernels } = emit(lowered, orderAs);
  expect(kernels.every(({ features }) => features.includes('chromium-experimental-subgroup-matrix'))).toBe(true);
  return kernels.map(({ wgsl }) => wgsl).join('\n');
}

/** No device here computes with subgroup matrices, so the text is kept, and read by Dawn's compiler. */
describe('WGSL with subgroup matrices', () => {
  let answer: NullAnswer;
  beforeAll(async () => {
    const broken = (cases[0] as (typeof cases)[number]).text.replace('row_major', 'rows_major');
    answer = await compileOnNull([...cases.map(({ text }) => text), broken]);
  }, 30_000);

  it.each(cases)('$name', async ({ name, text, orderAs }) => {
    await expect(text).toMatchFileSnapshot(`../golden/wgsl/${name}.wgsl`);
    expect(/_major/.test(text)).toBe(orderAs === 'template');
  });

  it.each(cases.map(({ name }, i) => [name, i] as const))('%s is read by Dawn', (_, i) => {
    expect(answer.errors[i]).toEqual([]);
  });

  it('Dawn reads what it is given: a misspelt order is refused', () => {
    expect(answer.errors.at(-1)?.join()).toContain('rows_major');
  });

  it('Dawn accepts two syntaxes, and the newer one is found', () => {
    expect(answer.syntax).toBe('template');
  });
});
