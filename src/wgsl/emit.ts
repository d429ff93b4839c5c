import type { Artifact, KernelArtifact } from '../ir/artifact.ts';
import { type Kernel, type LoweredProgram, sharedBytes } from '../ir/kernel.ts';
import type { MatrixOrderSyntax } from '../ir/limits.ts';
import { matrixConfigsOf, subgroupNeedsOf } from '../ir/subgroup-needs.ts';
import { newestSyntax, printKernel } from './kernel-text.ts';

/** WGSL extensions and the WebGPU features they need. */
const directives: readonly (readonly [directive: string, feature: string])[] = [
  ['chromium_experimental_subgroup_matrix', 'chromium-experimental-subgroup-matrix'],
  ['f16', 'shader-f16'],
  ['subgroups', 'subgroups'],
];

/** A lowered program as WGSL with everything needed to dispatch it. The entry point of every kernel is `main`. For `orderAs` see printKernel. */
export function emit(lowered: LoweredProgram, orderAs: MatrixOrderSyntax = newestSyntax): Artifact {
  return { buffers: lowered.buffers, kernels: lowered.kernels.map((kernel) => emitKernelArtifact(kernel, orderAs)) };
}

function emitKernelArtifact(kernel: Kernel, orderAs: MatrixOrderSyntax): KernelArtifact {
  const wgsl = printKernel(kernel, orderAs);
  const configs = matrixConfigsOf(kernel);
  return {
    name: kernel.name,
    ...(kernel.runsOnce ? { runsOnce: true } : {}),
    entryPoint: 'main',
    wgsl,
    workgroupSize: kernel.workgroupSize,
    dispatch: kernel.dispatch,
    bindings: kernel.bindings.map(({ buffer, access }, binding) => ({ group: 0, binding, buffer, access })),
    workgroupBytes: sharedBytes(kernel.shared),
    features: directives
      .filter(([directive]) => wgsl.includes(`\nenable ${directive};\n`))
      .map(([, feature]) => feature),
    subgroups: subgroupNeedsOf(kernel),
    subgroupMatrix: configs.length === 0 ? null : { orderAs, configs },
  };
}
