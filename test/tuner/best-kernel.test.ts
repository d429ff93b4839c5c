import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { UserError } from '../../src/support/errors.ts';
import { bestKernelFor } from '../../src/tuner/best-kernel.ts';
import { exportBundle } from '../../src/tuner/export.ts';
import { makeDevice } from '../records/fixtures.ts';
import { fakeRunner, matmul, scratchFolder, tuneWith } from './synthetic.ts';

const device = makeDevice();
/** The same hardware with a newer driver, and an entirely different device. */
const kin = makeDevice({ name: 'lavapipe', driver: 'Mesa 26.1.0' });
const stranger = makeDevice({ name: 'nvidia-h200', vendor: 'nvidia', architecture: 'hopper', type: 'gpu' });

async function tuned(workload = matmul): Promise<{ logFolder: string; timeNs: number }> {
  const logFolder = scratchFolder();
  const { result } = await tuneWith({ logFolder, workload, trials: 6 });
  return { logFolder, timeNs: result.best?.timeNs as number };
}

async function failureOf(promise: Promise<unknown>): Promise<UserError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof UserError)) throw new Error(`expected a UserError, got ${error}`);
  return error;
}

describe('the best known kernel', () => {
  it('is that of this device, and built', async () => {
    const { logFolder, timeNs } = await tuned();
    const best = await bestKernelFor(device, { workload: matmul, logFolder });
    expect(best).toMatchObject({ timeNs, whose: 'same-device', workload: matmul, device });
    expect(best.artifact.kernels[0]?.wgsl).toContain('@compute');
  });

  it('of the same architecture says so', async () => {
    const { logFolder } = await tuned();
    const best = await bestKernelFor(kin, { workload: matmul, logFolder });
    expect(best).toMatchObject({ whose: 'same-architecture', device });
  });

  it('prefers an own record to a faster one of another device', async () => {
    const { logFolder } = await tuned();
    await tuneWith({ logFolder, trials: 3 }, fakeRunner(undefined, kin), kin);
    expect((await bestKernelFor(kin, { workload: matmul, logFolder })).whose).toBe('same-device');
  });

  it('of another device is taken only when that is allowed', async () => {
    const { logFolder, timeNs } = await tuned();
    const error = await failureOf(bestKernelFor(stranger, { workload: matmul, logFolder }));
    expect(error.exitCode).toBe(4);
    expect(error.message).toMatch(/of another device \(lavapipe\).*nvidia-h200.*--allow-other/);
    const best = await bestKernelFor(stranger, { workload: matmul, logFolder, allowOther: true });
    expect(best).toMatchObject({ timeNs, whose: 'other-device', device });
  });

  it('is missing where nothing was tuned', async () => {
    const { logFolder } = await tuned();
    const other = makeWorkload('matmul', { shape: 'm=5,n=5,k=5' });
    for (const folder of [logFolder, join(logFolder, 'not-there')]) {
      const error = await failureOf(bestKernelFor(device, { workload: other, logFolder: folder }));
      expect(error.exitCode).toBe(4);
      expect(error.message).toMatch(/no record of matmul b=1 m=5 n=5 k=5 .*tune it first/);
    }
  });

  it('whose trace no longer fits is refused, not repaired', async () => {
    const { logFolder } = await tuned();
    const [file] = readdirSync(logFolder) as [string];
    const path = join(logFolder, file);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('"primitive":"bind"', '"primitive":"bindd"'));
    await expect(bestKernelFor(device, { workload: matmul, logFolder })).rejects.toThrow(UserError);
  });
});

describe('an exported bundle', () => {
  const softmax = makeWorkload('softmax', { shape: 'rows=6,cols=40' });

  it('has the shape that was promised', async () => {
    for (const workload of [matmul, softmax]) {
      const { logFolder, timeNs } = await tuned(workload);
      const kernel = await bestKernelFor(device, { workload, logFolder });
      const folder = join(scratchFolder(), 'a', 'bundle');
      const written = await exportBundle({ kernel, folder });
      expect(readdirSync(folder).sort()).toEqual(written.map((path) => path.slice(folder.length + 1)).sort());
      const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
      expect(manifest).toMatchObject({ workload, device, timeNs });
      expect(manifest.buffers.length).toBeGreaterThan(1);
      for (const buffer of manifest.buffers) {
        expect(Object.keys(buffer).sort()).toEqual(['bytes', 'dtype', 'name', 'role', 'shape']);
        expect(['input', 'output', 'scratch']).toContain(buffer.role);
        expect(buffer.shape.every(Number.isInteger)).toBe(true);
      }
      const names = manifest.buffers.map((buffer: { name: string }) => buffer.name);
      expect(manifest.kernels.length).toBe(kernel.artifact.kernels.length);
      for (const [i, part] of manifest.kernels.entries()) {
        const text = readFileSync(join(folder, part.file), 'utf8');
        expect(text).toBe(kernel.artifact.kernels[i]?.wgsl);
        expect(text).toContain(`fn ${part.entryPoint}(`);
        expect(text).toContain(`@workgroup_size(${part.workgroupSize.join(', ')})`);
        expect(part.dispatch.length).toBe(3);
        expect(part.bindings.length).toBeGreaterThan(1);
        for (const { group, binding, buffer, access } of part.bindings) {
          expect(names).toContain(buffer);
          expect(text).toMatch(new RegExp(`@group\\(${group}\\) @binding\\(${binding}\\) var<storage, ${access}>`));
        }
      }
    }
  });

  it('replaces an older one, and refuses a folder of something else unless it is forced', async () => {
    const { logFolder } = await tuned();
    const kernel = await bestKernelFor(device, { workload: matmul, logFolder });
    const folder = scratchFolder();
    await exportBundle({ kernel, folder });
    await exportBundle({ kernel, folder });
    const foreign = scratchFolder();
    writeFileSync(join(foreign, 'thesis.txt'), 'years of work');
    const error = await failureOf(exportBundle({ kernel, folder: foreign }));
    expect(error.message).toMatch(/is not empty and holds no bundle; .*--force/);
    expect(readdirSync(foreign)).toEqual(['thesis.txt']);
    await exportBundle({ kernel, folder: foreign, force: true });
    expect(readdirSync(foreign)).toContain('manifest.json');
  });

  it('removes the kernels that only an older one had, and nothing else', async () => {
    const { logFolder } = await tuned();
    const kernel = await bestKernelFor(device, { workload: matmul, logFolder });
    const folder = scratchFolder();
    const outside = join(scratchFolder(), 'outside.wgsl');
    for (const path of [join(folder, 'old_stage.wgsl'), join(folder, 'mine.wgsl'), outside])
      writeFileSync(path, '// text');
    const named = ['old_stage.wgsl', '../../outside.wgsl', outside, 'gone.wgsl', 7];
    const older = { kernels: [...named.map((file) => ({ file })), null, 'text'] };
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(older));
    const written = await exportBundle({ kernel, folder });
    expect(readdirSync(folder).sort()).toEqual(
      [...written.map((path) => path.slice(folder.length + 1)), 'mine.wgsl'].sort(),
    );
    expect(readFileSync(outside, 'utf8')).toBe('// text');
    for (const text of ['not JSON', 'null', '{"kernels":{}}']) {
      writeFileSync(join(folder, 'manifest.json'), text);
      await exportBundle({ kernel, folder });
      expect(readdirSync(folder)).toContain('mine.wgsl');
    }
  });

  it('says so where it cannot be written', async () => {
    const { logFolder } = await tuned();
    const kernel = await bestKernelFor(device, { workload: matmul, logFolder });
    const file = join(scratchFolder(), 'file');
    writeFileSync(file, '');
    for (const folder of [file, join(file, 'below'), '/proc/bundle']) {
      const error = await failureOf(exportBundle({ kernel, folder }));
      expect(error.message).toMatch(/cannot write the bundle to .*; name a folder that can be written/);
    }
    const taken = scratchFolder();
    mkdirSync(join(taken, 'manifest.json'));
    await failureOf(exportBundle({ kernel, folder: taken }));
  });
});
