import { loadDawn, openDevice } from '../../device/dawn.ts';
import { dieWithParent } from '../../device/watchdog.ts';
import type { Artifact } from '../../ir/artifact.ts';
import { byteSizeOf } from '../../ir/requirements.ts';
import { assert, InternalError } from '../../support/errors.ts';
import { artifactProblem, buildKernels } from '../build/build-kernels.ts';
import { compileByEmptyDispatch } from '../sampling/passes.ts';
import { answerParent } from './answering.ts';
import { withErrorScopes } from './error-scopes.ts';
import type { FromChild, ToChild } from './protocol.ts';
import { type BufferPool, createBufferPool } from './session.ts';

/** A building process: compiles candidates one at a time as the measuring process will, and runs none. The parent may kill it at any moment. */
dieWithParent();

let opened: { readonly gpu: GPUDevice; readonly pool: BufferPool } | null = null;

answerParent(answer);

async function answer(message: ToChild): Promise<FromChild> {
  switch (message.kind) {
    case 'open': {
      const { driver, adapter, description: wanted } = message.device;
      const create = await loadDawn(driver);
      const { gpu, description } = await openDevice(create, driver, adapter, wanted.profile);
      opened = { gpu, pool: createBufferPool(gpu) };
      return { kind: 'opened', description, hasReferences: false };
    }
    case 'build':
      assert(opened !== null, 'build before open');
      await build(opened.gpu, opened.pool, message.artifact);
      return { kind: 'built' };
    default:
      throw new InternalError(`a building process cannot ${message.kind}`);
  }
}

/** Errors are not reported: the measuring process will meet them again. */
async function build(gpu: GPUDevice, pool: BufferPool, artifact: Artifact): Promise<void> {
  if (artifactProblem(artifact) !== null) return;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const taken: GPUBuffer[] = [];
  await withErrorScopes(gpu, async () => {
    const buffers = new Map<string, GPUBuffer>();
    for (const spec of artifact.buffers) {
      const buffer = pool.take(byteSizeOf(spec), usage);
      taken.push(buffer);
      buffers.set(spec.name, buffer);
    }
    await compileByEmptyDispatch(gpu, await buildKernels(gpu, artifact, buffers));
  });
  for (const buffer of taken) pool.giveBack(buffer);
}
