import { expect, it } from 'vitest';
import { defaultLimits } from '../../src/ir/limits.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate } from '../../src/space/sketch.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { plain } from '../support/schedule.ts';

it('an operand that lies along another axis is loaded in vectors of its rows and stored in vectors of the result’s', () => {
  const sketch = sketchesOf(plain('transpose', 'c=64,h=1,w=64', { order: 'n,w,h,c' })).find(
    ({ name }) => name === 'turned',
  );
  if (sketch === undefined) throw new Error('no turned sketch');
  const chosen: Readonly<Record<string, number>> = {
    'transpose.column-invocations': 8,
    'transpose.row-invocations': 8,
    'transpose.columns': 4,
    'transpose.rows': 4,
    'transpose.vector': 4,
    'transpose.row-padding': 1,
  };
  const made = instantiate(
    sketch,
    sketch.decisions.map(({ name }) => chosen[name] as number),
  );
  if (isRefusal(made)) throw new Error(explainRefusal(made));
  const lowered = lowerProgram(made.program, defaultLimits);
  if (isRefusal(lowered)) throw new Error(explainRefusal(lowered));
  const { wgsl } = emit(lowered).kernels[0] as { wgsl: string };
  expect(wgsl).toContain('X: array<vec4<f32>, 1024>');
  expect(wgsl).toContain('Y: array<vec4<f32>, 1024>');
  // 32 rows of 32, each one longer so that a column lies in 32 banks.
  expect(wgsl).toContain('var<workgroup> X_workgroup: array<f32, 1056>');
  expect(wgsl.match(/workgroupBarrier/g)).toHaveLength(1);
});
