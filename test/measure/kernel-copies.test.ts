import { expect, it } from 'vitest';
import type { Artifact } from '../../src/ir/artifact.ts';
import type { BuiltKernel } from '../../src/measure/build/build-kernels.ts';
import { createInputCopies } from '../../src/measure/child/input-copies.ts';
import { createCopies } from '../../src/measure/child/kernel-copies.ts';
import type { Session } from '../../src/measure/child/session.ts';
import { vectorAdd } from './kernels.ts';

Object.assign(globalThis, { GPUBufferUsage: { STORAGE: 128, COPY_SRC: 4, COPY_DST: 8 } });

/** Just enough of a device to count buffers. */
function fakeSession() {
  const copied: unknown[] = [];
  const gpu = {
    createBuffer: ({ size }: { size: number }) => ({ size }),
    createCommandEncoder: () => ({ copyBufferToBuffer: (from: unknown) => copied.push(from), finish: () => null }),
    queue: { submit: () => {} },
  } as unknown as GPUDevice;
  const inputs = new Map(['A', 'B'].map((name) => [name, { size: 4096, name } as unknown as GPUBuffer]));
  const session = {
    gpu,
    inputs,
    inputCopies: createInputCopies(gpu, inputs),
    pool: { take: (size: number) => ({ size }) as GPUBuffer, giveBack: () => {}, destroy: () => {} },
  } as unknown as Session;
  return { session, copied };
}

const bound: ReadonlyMap<string, GPUBuffer>[] = [];
const kernel = {
  rebind: (buffers: ReadonlyMap<string, GPUBuffer>) => {
    bound.push(buffers);
    return { ...kernel };
  },
} as unknown as BuiltKernel;

it('gives every run of a sample buffers that no other run has', () => {
  const { session, copied } = fakeSession();
  const taken: GPUBuffer[] = [];
  const copies = createCopies(session, vectorAdd(), [kernel], taken);
  expect(copies.take(8)).toHaveLength(8);
  const buffers = bound.splice(0).flatMap((map) => [...map.values()]);
  expect(buffers).toHaveLength(7 * 3);
  expect(new Set(buffers).size).toBe(7 * 3);
  expect(taken).toHaveLength(7);
  expect(new Set(copied)).toEqual(new Set(session.inputs.values()));
  // The next sample has the same copies: rewriting the large buffer has meanwhile driven them out of the caches.
  expect(copies.take(8)).toHaveLength(8);
  expect(bound).toEqual([]);
});

it('keeps copies of inputs for the next candidate', () => {
  const { session, copied } = fakeSession();
  createCopies(session, vectorAdd(), [kernel], []).take(5);
  const before = copied.length;
  createCopies(session, vectorAdd(), [kernel], []).take(5);
  expect(copied).toHaveLength(before);
});

it('bounds the memory that copies take, and never has less than the buffers themselves', () => {
  const { session } = fakeSession();
  const sized = (elements: number): Artifact => ({
    ...vectorAdd(),
    buffers: vectorAdd().buffers.map((spec) => ({ ...spec, shape: [elements] })),
  });
  const mostOf = (elements: number): number => createCopies(session, sized(elements), [kernel], []).most;
  expect(mostOf(1024)).toBe(256);
  expect(mostOf(2 ** 20)).toBe(21);
  expect(mostOf(2 ** 28)).toBe(1);
  expect(createCopies(session, sized(2 ** 28), [kernel], []).take(5)).toHaveLength(1);
});
