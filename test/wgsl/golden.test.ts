import { describe, expect, it } from 'vitest';
import { emit } from '../../src/wgsl/emit.ts';
import { expectSameMeaning } from '../lowering/equality.ts';
import { goldenCases } from './golden-cases.ts';

// The package's entry for Node is CommonJS under the name of a module, so its module build is imported by path, its types by name.
const entry: string = 'wgsl_reflect/wgsl_reflect.module.js';
const { WgslReflect } = (await import(entry)) as typeof import('wgsl_reflect');

describe('WGSL of hand-scheduled programs', () => {
  it.each(goldenCases)('%s', async (name, program) => {
    const artifact = emit(expectSameMeaning(program));
    for (const { wgsl, workgroupSize, bindings } of artifact.kernels) {
      const [main] = new WgslReflect(wgsl).entry.compute;
      expect(main?.name).toBe('main');
      expect(wgsl).toContain(`@workgroup_size(${workgroupSize.join(', ')})`);
      expect(wgsl.match(/@binding/g)).toHaveLength(bindings.length);
    }
    const text = artifact.kernels.map(({ wgsl }) => wgsl).join('\n');
    await expect(text).toMatchFileSnapshot(`../golden/wgsl/${name}.wgsl`);
  });

  it('the inner loop of a tiled matmul that divides has no branch, clamp, select, division or remainder', () => {
    const [, program] = goldenCases.find(([name]) => name === 'tiled-matmul') as (typeof goldenCases)[number];
    const wgsl = emit(expectSameMeaning(program)).kernels[0]?.wgsl ?? '';
    const loop = wgsl.slice(wgsl.indexOf('for ('));
    expect(loop).toMatch(/C_local_0 \+= A_shared_value\.x \* B_shared_value;/);
    expect(loop).not.toMatch(/\bif\b|\bmin\(|\bselect\(|[^/]\/[^/]|%/);
    expect(loop.match(/workgroupBarrier/g)).toHaveLength(2);
  });

  it('the multiply-adds of one that does not divide have no branch, clamp or select: tiles are filled with zeros', () => {
    const [, program] = goldenCases.find(([name]) => name === 'tiled-matmul-37x41x19') as (typeof goldenCases)[number];
    const wgsl = emit(expectSameMeaning(program)).kernels[0]?.wgsl ?? '';
    const [, inner = '', rest = ''] = wgsl.split('workgroupBarrier();');
    expect(inner.match(/\+=/g)).toHaveLength(4 * 2 * 4);
    expect(inner).not.toMatch(/\bif\b|\bmin\(|\bselect\(/);
    expect(rest).toMatch(/if \(/);
  });
});
