/** Copies of a workload's inputs for timing with cold caches (see flush.ts), made on demand and kept for the next candidate. */
export interface InputCopies {
  copy(name: string, index: number): GPUBuffer;
  destroy(): void;
}

export function createInputCopies(gpu: GPUDevice, inputs: ReadonlyMap<string, GPUBuffer>): InputCopies {
  const copies = new Map<string, GPUBuffer[]>();
  return {
    copy: (name, index) => {
      const held = copies.get(name) ?? [];
      copies.set(name, held);
      const source = inputs.get(name) as GPUBuffer;
      while (held.length <= index) {
        const copy = gpu.createBuffer({
          size: source.size,
          usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
        });
        const encoder = gpu.createCommandEncoder();
        encoder.copyBufferToBuffer(source, 0, copy, 0, source.size);
        gpu.queue.submit([encoder.finish()]);
        held.push(copy);
      }
      return held[index] as GPUBuffer;
    },
    destroy: () => {
      for (const buffer of [...copies.values()].flat()) buffer.destroy();
      copies.clear();
    },
  };
}
