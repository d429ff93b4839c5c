import { describe, expect, it } from 'vitest';
import { makeWorkload, type WorkloadWish } from '../../src/operators/parse-workload.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { spaceSizes } from '../../src/space/sizes.ts';
import { buildArtifact, naiveOf, programOf } from '../../src/tuner/build.ts';
import { fittingSketches } from '../../src/tuner/fits.ts';
import { device } from '../report/fixtures.ts';

const anvil = device('anvil');
const fittingOf = (operator: string, wish: WorkloadWish) => {
  const workload = makeWorkload(operator, wish);
  return fittingSketches(workload, programOf(workload), anvil);
};

describe('what no candidate can meet', () => {
  it('is an intermediate result larger than a binding: refused before the first trial, with the limit and the tensor', () => {
    expect(() => fittingOf('attention', { shape: 'h=16,m=2048,n=2048,d=8,dv=8' })).toThrow(
      /products of 1 x 16 x 2048 x 2048 elements takes 268435456 bytes; .* at most 134217728 .*maxStorageBufferBindingSize/,
    );
    const naive = naiveOf(makeWorkload('attention', { shape: 'h=16,m=2048,n=2048,d=8,dv=8' }));
    expect(buildArtifact(naive.program, anvil)).toMatchObject({ reason: 'scratch-bytes' });
  });

  it('is more storage buffers than a kernel may bind', () => {
    const epilogue = `x + ${Array.from({ length: 20 }, (_, i) => `p${i}`).join(' + ')}`;
    expect(() => fittingOf('matmul', { shape: 'm=8,n=8,k=8', attributes: { epilogue } })).toThrow(
      /binds \d+ storage buffers; .*maxStorageBuffersPerShaderStage/,
    );
  });

  it('leaves every sketch of what fits', () => {
    const wish = { shape: 'h=2,m=32,n=32,d=8,dv=8' };
    const program = programOf(makeWorkload('attention', wish));
    const { limits, type } = anvil;
    const all = sketchesOf(program, limits, spaceSizes[type]);
    expect(fittingOf('attention', wish).map(({ name }) => name)).toEqual(all.map(({ name }) => name));
  });
});
