import type { Artifact } from '../ir/artifact.ts';

/** Kernels in order, each after comments that say how to dispatch it and what to bind; the whole is still WGSL of each kernel. */
export function formatWgsl({ buffers, kernels }: Artifact): string {
  return kernels
    .map(({ name, runsOnce, entryPoint, wgsl, workgroupSize, dispatch, bindings, workgroupBytes }, index) => {
      const bound = bindings.map(({ group, binding, buffer }) => {
        const spec = buffers.find((candidate) => candidate.name === buffer);
        const shape = spec === undefined ? '' : `: ${spec.role} ${spec.dtype}[${spec.shape.join(', ')}]`;
        return `//   @group(${group}) @binding(${binding}) ${buffer}${shape}`;
      });
      return [
        `// kernel ${index + 1} of ${kernels.length}: ${name}, entry point ${entryPoint}${runsOnce ? ', runs once' : ''}`,
        `//   workgroup ${workgroupSize.join(' x ')}, dispatch ${dispatch.join(' x ')} workgroups, ${workgroupBytes} bytes of workgroup memory`,
        ...bound,
        wgsl.trimEnd(),
      ].join('\n');
    })
    .join('\n\n');
}
