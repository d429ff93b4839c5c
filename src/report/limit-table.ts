import type { Artifact, KernelArtifact } from '../ir/artifact.ts';
import type { DeviceLimits } from '../ir/limits.ts';
import { axes } from '../ir/nodes.ts';
import { byteSizeOf } from '../ir/requirements.ts';
import { formatCount } from './quantities.ts';
import { formatTable } from './table.ts';
import type { Colours } from './terminal.ts';

/** One number of a kernel that a device bounds. */
export interface LimitUse {
  readonly kernel: string;
  /** With its unit, e.g. `workgroup memory, bytes`. */
  readonly what: string;
  readonly used: number;
  readonly limit: number;
}

/** How much every kernel uses of what the device allows. */
export function limitUses({ kernels, buffers }: Artifact, limits: DeviceLimits): readonly LimitUse[] {
  const bytesOf = (name: string): number => {
    const buffer = buffers.find((candidate) => candidate.name === name);
    return buffer === undefined ? 0 : byteSizeOf(buffer);
  };
  return kernels.flatMap((kernel) =>
    numbersOf(kernel, limits, bytesOf).map(([what, used, limit]) => ({ kernel: kernel.name, what, used, limit })),
  );
}

function numbersOf(
  { workgroupSize, dispatch, workgroupBytes, bindings }: KernelArtifact,
  limits: DeviceLimits,
  bytesOf: (buffer: string) => number,
): readonly (readonly [what: string, used: number, limit: number])[] {
  const widest = [limits.maxComputeWorkgroupSizeX, limits.maxComputeWorkgroupSizeY, limits.maxComputeWorkgroupSizeZ];
  const invocations = workgroupSize.reduce((product, size) => product * size, 1);
  return [
    ['invocations a workgroup', invocations, limits.maxComputeInvocationsPerWorkgroup],
    ...axes.map((axis, i) => [`invocations in ${axis}`, workgroupSize[i] as number, widest[i] as number] as const),
    ...axes.map(
      (axis, i) => [`workgroups in ${axis}`, dispatch[i] as number, limits.maxComputeWorkgroupsPerDimension] as const,
    ),
    ['workgroup memory, bytes', workgroupBytes, limits.maxComputeWorkgroupStorageSize],
    ['storage buffers', bindings.length, limits.maxStorageBuffersPerShaderStage],
    [
      'largest storage buffer, bytes',
      Math.max(0, ...bindings.map(({ buffer }) => bytesOf(buffer))),
      Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize),
    ],
  ];
}

/** The table of these uses; a limit that is used up wholly stands out, as no more of it can be had. */
export function formatLimits(uses: readonly LimitUse[], colours: Colours): string {
  const columns = [
    { title: 'KERNEL' },
    { title: 'WHAT' },
    { title: 'USED', align: 'right' as const },
    { title: 'LIMIT', align: 'right' as const },
    { title: 'SHARE', align: 'right' as const },
  ];
  const rows = uses.map(({ kernel, what, used, limit }, index) => [
    uses[index - 1]?.kernel === kernel ? '' : kernel,
    what,
    formatCount(used),
    formatCount(limit),
    shareText(used / limit),
  ]);
  return formatTable(columns, rows, (cell, row) => {
    if (row < 0) return colours.dim(cell);
    const { used = 0, limit = 1 } = uses[row] ?? {};
    return used >= limit ? colours.yellow(cell) : cell;
  });
}

function shareText(share: number): string {
  if (share > 0 && share < 0.001) return '<0.1%';
  return `${(share * 100).toFixed(1)}%`;
}
