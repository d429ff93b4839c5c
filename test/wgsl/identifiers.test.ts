import { describe, expect, it } from 'vitest';
import { forLoop, load, variable as v } from '../../src/ir/builders.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { createIdentifiers } from '../../src/wgsl/identifiers.ts';
import { lowered } from '../lowering/equality.ts';
import { block, buffer, spatial } from '../lowering/programs.ts';

describe('names', () => {
  it('stay where they are legal, and else get a legal spelling of their own', () => {
    const spell = createIdentifiers();
    expect(spell('A_shared')).toBe('A_shared');
    expect(spell('filter')).toBe('filter_');
    expect(spell('filter_')).toBe('filter__');
    expect(spell('2x')).toBe('v2x');
    expect(spell('a.b')).toBe('a_b');
    expect(spell('a_b')).toBe('a_b_');
    expect(spell('filter')).toBe('filter_');
    expect(spell('__x')).toBe('v__x');
  });

  it('of buffers that are reserved words or builtins bind and compile', () => {
    const program: Program = {
      inputs: ['target'],
      outputs: ['lid'],
      buffers: [buffer('target', [8]), buffer('lid', [8])],
      body: [
        forLoop(
          'loop',
          8,
          block('copy', [spatial('i', 8, v('loop'))], { to: 'lid', at: [v('i')], value: load('target', [v('i')]) }),
          'invocation.x',
        ),
      ],
    };
    const [kernel] = emit(lowered(program)).kernels;
    expect(kernel?.bindings.map((binding) => binding.buffer)).toEqual(['target', 'lid']);
    expect(kernel?.wgsl).toContain('lid_[lid.x] = target_[lid.x];');
  });
});
